"""Training: the small encoder judge.  The only room that imports torch (extra `train`)."""
