"""Language models behind one async call; nothing leaves the machine unless its host is allowed."""

from redline.chat.address import is_loopback
from redline.chat.batching import Batcher
from redline.chat.contract import AdapterChoice, ChatMessage, ChatModel, ChatRequest, ChatResult, Sampling, Tag, Usage
from redline.chat.counting import estimate_tokens
from redline.chat.local import HfModel
from redline.chat.loops import BackgroundLoop
from redline.chat.openai_model import OpenAiModel
from redline.chat.pacing import Pacing, Timing
from redline.chat.prices import Prices
from redline.chat.recorded import RecordedModel
from redline.chat.recording import Recording
from redline.chat.registry import ModelOptions, chat_model, model_names

__all__ = [
    "AdapterChoice", "BackgroundLoop", "Batcher", "ChatMessage", "ChatModel", "ChatRequest", "ChatResult", "HfModel",
    "ModelOptions", "OpenAiModel", "Pacing", "Prices", "RecordedModel", "Recording", "Sampling", "Tag", "Timing", "Usage",
    "chat_model", "estimate_tokens", "is_loopback", "model_names",
]  # fmt: skip
