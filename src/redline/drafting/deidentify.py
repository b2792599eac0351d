"""A de-identifying step for other patients' texts before they enter a prompt.

Rules, not a certificate: they take out what has a form (addresses, numbers, dates, titles with names, greetings with
names), not every name.  A site puts its own step in its place (`deidentify = "package.module:function"`).
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable

from redline.errors import UsageError

__all__ = ["deidentify", "deidentifier"]

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|"
    r"Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
_NO_DOSE = r"(?! ?(?:%|mg|mcg|g|ml|units?|tab|pill|cap|puff|drop|times|days?|weeks?|hours?|months?)|[.,/:]\d)"
_DAY = rf"\d{{1,2}}(?:st|nd|rd|th)?\b{_NO_DOSE}"
_GREETING = r"(?:Hi|Hello|Hey|Dear|Good (?:morning|afternoon|evening))"
_NAME = r"[A-Z][a-zà-ÿ'’-]+"
_RULES = (
    (re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,190}\b"), "[email]"),
    (re.compile(r"\b(?:https?://|www\.)\S+", re.I), "[link]"),
    (re.compile(r"\b\d{3}-\d{2}-\d{4}\b"), "[number]"),
    (re.compile(r"(?<![\w.])(?:\+?\d{1,2}[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}\b"), "[phone]"),
    (re.compile(r"\b(?:MRN|DOB|SSN|account|member id|record number)\b[:#\s]*[\w/-]*\d[\w/-]*", re.I), "[number]"),
    (re.compile(r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}/\d{1,2}/(?:\d{2}|\d{4})\b"), "[date]"),
    (re.compile(rf"\b{_MONTH} {_DAY}(?:,? \d{{4}})?\b|\b{_DAY} {_MONTH}(?: \d{{4}})?\b"), "[date]"),
    (re.compile(rf"\b(?:Mrs?|Ms|Miss|Dr|Prof|Nurse|Doctor)\b\.? {_NAME}(?: {_NAME})?"), "[name]"),
    (re.compile(rf"(?m)^((?:- )?{_GREETING},? ){_NAME}(?: {_NAME})?(?=[,!.\n-]|$)"), r"\1[name]"),
    (re.compile(rf"\b([Mm]y name is |[Tt]his is |I am |I'm )({_NAME} {_NAME})\b"), r"\1[name]"),
    (re.compile(rf"(?m)^((?:Best|Regards|Sincerely|Thanks|Thank you|Warmly|Take care),?\s*\n+){_NAME}.*$"), r"\1[name]"),
    (re.compile(r"\b\d{1,5} [A-Z]\w+ (?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct)\b\.?"), "[address]"),
    (re.compile(r"\b(?:9\d|1[01]\d)(?=[ -]years?[ -]old\b)"), "90 or more"),
    (re.compile(r"(?<![\d.,])\d{7,}(?![\d.,]*\d)"), "[number]"),
)  # fmt: skip


def deidentify(text: str) -> str:
    """`text` without what the rules find.

    >>> deidentify("Dear Maria, call 555-201-3344 or mail jo@x.org by March 3. Dr. Lee will see you; TSH 7.8.")
    'Dear [name], call [phone] or mail [email] by [date]. [name] will see you; TSH 7.8.'
    """
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text


def deidentifier(name: str) -> Callable[[str], str]:
    """The step that `name` names: `rules`, `none`, or `package.module:function` of a site's own."""
    if name == "rules":
        return deidentify
    if name == "none":
        return lambda text: text
    module, colon, function = name.partition(":")
    if not colon:
        raise UsageError(f"there is no de-identifying step {name!r}; write rules, none, or package.module:function")
    try:
        step = getattr(importlib.import_module(module), function)
        if not isinstance(step("Hello"), str):
            raise TypeError("it does not give a text for a text")
    except (ImportError, AttributeError, TypeError) as error:
        raise UsageError(f"the de-identifying step {name!r} cannot be used: {error}") from None
    found: Callable[[str], str] = step
    return found
