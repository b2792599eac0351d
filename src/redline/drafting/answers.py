"""What became of a model's answer: a draft, or a status that says why there is none."""

from __future__ import annotations

import re
from dataclasses import dataclass

from redline.chat import ChatResult
from redline.drafting.flags import CUT_OFF, INVISIBLE
from redline.drafting.language import other_language
from redline.records import DraftStatus, Status

__all__ = ["Answer", "read_answer"]

_REFUSAL = re.compile(
    r"^\W*(?:(?:i(?:'m| am) (?:very |so |really )?(?:sorry|afraid)|sorry|my apologies|i apologi[sz]e|unfortunately)[,.]?\s+"
    r"(?:but\s+)?(?:that\s+)?)?"
    r"(?:i(?:'m| am) (?:unable|not able) to|i (?:can't|cannot|can not|won't|will not|must decline to))\s+"
    r"(?:help|assist|comply|engage|fulfil+|continue|(?:help|assist)(?: you)? with (?:this|that|your request|the request)"
    r"|(?:provide|give|offer) (?:you )?(?:with )?(?:any |specific )?(?:medical|clinical|health) (?:advice|information|guidance)"
    r"|(?:draft|write|create|generate|provide|respond to) "
    r"(?:this|that|such|a (?:reply|response|message)|the (?:reply|response)))"
    r"(?:\s+(?:reply|response|message|request|content))?"
    r"(?:\s+(?:with|to)\s+(?:this|that|your|such|the request)\b[^.!?]*)?\s*(?:[.!?,;]|$)"
    r"|^\W*as an? (?:ai|artificial intelligence|language model|large language model)\b",
    re.I,
)
_MOST_WORDS = 60
"""A refusal is short; whoever goes on for longer wrote a reply."""
_THINKING = re.compile(r"^.*</think>", re.S)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


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
        return Answer(DraftStatus(result.status.value), detail=result.detail)
    text = _THINKING.sub("", result.text).strip()
    text, found_flags = _clean(text)
    if not text or text.startswith("<think>"):
        return Answer(DraftStatus.EMPTY, detail="the model wrote no reply")
    if len(text.split()) <= _MOST_WORDS and _REFUSAL.match(text.replace("\u2019", "'")):
        return Answer(DraftStatus.REFUSED, detail="the model declined to write a reply")
    found = other_language(text, language)
    if found is not None and found != (other_language(message, language) or language):
        return Answer(
            DraftStatus.WRONG_LANGUAGE, detail=f"the reply is in another language ({found}) than asked ({language})"
        )
    cut = (CUT_OFF,) if result.finish == "length" else ()
    return Answer(DraftStatus.OK, text, flags=(*cut, *found_flags))


def _clean(text: str) -> tuple[str, tuple[str, ...]]:
    """Without halves of characters (an emoji cut at the token limit), control characters, and invisible marks, which can show
    a dose in another order than it is stored; the latter are flagged.
    """
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    shown = _INVISIBLE.sub("", _CONTROL.sub("", whole.replace("\r\n", "\n").replace("\r", "\n")))
    return shown.strip(), (INVISIBLE,) if _INVISIBLE.search(whole) else ()
