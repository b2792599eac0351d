"""What became of a model's answer: a draft, or a status that says why there is none."""

from __future__ import annotations

import re
from dataclasses import dataclass

from redline.chat import ChatResult
from redline.drafting.language import other_language
from redline.records import DraftStatus, Status

__all__ = ["Answer", "read_answer"]

_REFUSAL = re.compile(
    r"^\W*(?:i(?:'m| am) (?:very )?(?:sorry|afraid),? (?:but )?(?:i |that i )?"
    r"(?:can(?:'t|not)|am (?:not able|unable)|won't|must decline)"
    r"|(?:sorry,? )?(?:but )?i (?:can(?:'t|not)|am unable to|am not able to|must decline to|won't) "
    r"(?:help|assist|provide|draft|write|fulfil|comply|create|give medical|offer medical|respond)"
    r"|as an? (?:ai|artificial intelligence|language model)\b)",
    re.I,
)
_THINKING = re.compile(r"^\s*<think>.*?</think>", re.S)
CUT_OFF = "cut_off"
_AS_DRAFT = {
    Status.REFUSED: DraftStatus.REFUSED, Status.UNPARSABLE: DraftStatus.UNPARSABLE, Status.TIMEOUT: DraftStatus.TIMEOUT,
    Status.TOO_LONG: DraftStatus.TOO_LONG, Status.MISSING: DraftStatus.MISSING,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """`text` is there exactly when the status is `ok`."""

    status: DraftStatus
    text: str = ""
    detail: str = ""
    flags: tuple[str, ...] = ()


def read_answer(result: ChatResult, message: str, language: str = "en") -> Answer:
    """The draft in a model's answer.

    Empty after the thinking part of a reasoning model is taken off: `empty`.  A refusal: `refused`.  Neither in the
    expected language nor in the patient's own: `wrong_language`.  An answer that ran into its token limit is kept and
    flagged `cut_off`: a clinician sees a sentence without its end.
    """
    if result.status is not Status.OK:
        return Answer(_AS_DRAFT[result.status], detail=result.detail)
    text = _THINKING.sub("", result.text).strip()
    if not text or text.startswith("<think>"):
        return Answer(DraftStatus.EMPTY, detail="the model wrote no reply")
    if _REFUSAL.match(text.replace("\u2019", "'")):
        return Answer(DraftStatus.REFUSED, detail="the model declined to write a reply")
    found = other_language(text, language)
    if found is not None and found != (other_language(message, language) or language):
        return Answer(
            DraftStatus.WRONG_LANGUAGE, detail=f"the reply is in another language ({found}) than asked ({language})"
        )
    return Answer(DraftStatus.OK, text, flags=(CUT_OFF,) if result.finish == "length" else ())
