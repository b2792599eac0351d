"""The small local encoder: ONNX Runtime sessions, tokenizer, cross-attention, literal agreement.  No torch."""

from redline.encoder.agreement import FEATURES, WordWeights, agreement
from redline.encoder.card import SHIPPED, EncoderCard, bundled_encoder, read_card
from redline.encoder.closeness import CLOSENESS, UnitVectors, closeness
from redline.encoder.head import NAMES, ContentHead
from redline.encoder.model import Asked, EditEncoder
from redline.encoder.themes import themes_set

__all__ = [
    "CLOSENESS", "FEATURES", "NAMES", "SHIPPED", "Asked", "ContentHead", "EditEncoder", "EncoderCard", "UnitVectors", "WordWeights",
    "agreement", "bundled_encoder", "closeness", "read_card", "themes_set",
]  # fmt: skip
