"""Redline: how much would a clinician edit this draft?"""

__version__ = "0.1.0"
