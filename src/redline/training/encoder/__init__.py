"""Training of the edit encoder: `redline train encoder`."""
