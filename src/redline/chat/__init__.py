"""Language models behind OpenAI-compatible endpoints; nothing leaves the machine unless its host is allowed."""

from redline.chat.endpoint import Completion, Endpoint, Failure, Prices

__all__ = ["Completion", "Endpoint", "Failure", "Prices"]
