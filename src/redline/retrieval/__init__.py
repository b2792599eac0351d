"""Similar past messages: by words (BM25) and by encoder vectors, fused; never the target's own reply."""

from redline.retrieval.bm25 import Bm25, WordSegment
from redline.retrieval.duplicates import Seen, near_duplicates
from redline.retrieval.embedder import EncoderEmbedder
from redline.retrieval.fusion import Fused, fuse, top
from redline.retrieval.index import MessageIndex
from redline.retrieval.messages import Hit, PastMessage, Query, past_messages
from redline.retrieval.settings import SearchSettings
from redline.retrieval.vectors import Embedder

__all__ = [
    "Bm25",
    "Embedder",
    "EncoderEmbedder",
    "Fused",
    "Hit",
    "MessageIndex",
    "PastMessage",
    "Query",
    "SearchSettings",
    "Seen",
    "WordSegment",
    "fuse",
    "near_duplicates",
    "past_messages",
    "top",
]
