"""What the paper states about agreement between clinicians (arXiv 2601.11344)."""

from __future__ import annotations

from types import MappingProxyType

__all__ = ["PUBLISHED_CONTENT", "PUBLISHED_CONTENT_THEMES", "PUBLISHED_THEME"]

PUBLISHED_CONTENT = 0.24
"""Content edit-F1 when another clinician's reply plays the draft."""
PUBLISHED_THEME = 0.62
"""The same on sets of themes."""
PUBLISHED_CONTENT_THEMES = MappingProxyType({"treatment_planning": 0.07, "contingency_planning": 0.06})
"""IAP of a theme, where the paper states one.  We read these as content edit-F1 within the theme (our reading: the text
does not say at which level they were taken)."""
