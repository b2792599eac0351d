"""Training of `tiny:`, the demonstration language model."""
