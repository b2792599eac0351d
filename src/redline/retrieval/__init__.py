"""Similar past messages: by words (BM25) and by vectors distilled from the encoder, fused; never the target's own reply."""

from redline.retrieval.bm25 import Bm25, WordSegment
from redline.retrieval.contract import Embedder, EmbedderRecipe, FittedEmbedder
from redline.retrieval.duplicates import Seen, near_duplicates
from redline.retrieval.embedder import EncoderEmbedder
from redline.retrieval.fusion import Fused, fuse, top
from redline.retrieval.index import MessageIndex
from redline.retrieval.messages import Hit, PastMessage, Query, past_messages
from redline.retrieval.settings import SearchSettings
from redline.retrieval.static import StaticEmbedder, StaticVectors

__all__ = [
    "Bm25",
    "Embedder",
    "EmbedderRecipe",
    "EncoderEmbedder",
    "FittedEmbedder",
    "Fused",
    "Hit",
    "MessageIndex",
    "PastMessage",
    "Query",
    "SearchSettings",
    "Seen",
    "StaticEmbedder",
    "StaticVectors",
    "WordSegment",
    "fuse",
    "near_duplicates",
    "past_messages",
    "top",
]
