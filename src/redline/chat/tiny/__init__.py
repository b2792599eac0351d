"""`tiny:`, the demonstration language model that ships with the package; it runs on numpy alone."""

from redline.chat.tiny.card import bundled_tiny
from redline.chat.tiny.model import TinyModel

__all__ = ["TinyModel", "bundled_tiny"]
