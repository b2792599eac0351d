"""The small local encoder: ONNX Runtime sessions, tokenizer, length buckets, literal agreement.  No torch."""

from redline.encoder.agreement import FEATURES, WordWeights, agreement
from redline.encoder.card import EncoderCard, bundled_encoder, read_card
from redline.encoder.model import Asked, EditEncoder

__all__ = [
    "FEATURES",
    "Asked",
    "EditEncoder",
    "EncoderCard",
    "WordWeights",
    "agreement",
    "bundled_encoder",
    "read_card",
]
