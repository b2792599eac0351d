"""Similar past messages."""

from redline.retrieval.messages import Hit, PastMessage, Query, past_messages

__all__ = ["Hit", "PastMessage", "Query", "past_messages"]
