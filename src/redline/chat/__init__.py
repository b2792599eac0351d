"""Language models behind one async call; nothing leaves the machine unless its host is allowed."""

from redline.chat.contract import ChatMessage, ChatModel, ChatRequest, ChatResult, Sampling, Tag, Usage
from redline.chat.endpoint import Completion, Endpoint, Failure
from redline.chat.prices import Prices

__all__ = [
    "ChatMessage", "ChatModel", "ChatRequest", "ChatResult", "Completion", "Endpoint", "Failure", "Prices", "Sampling",
    "Tag", "Usage",
]  # fmt: skip
