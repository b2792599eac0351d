"""The forms of the corpus files, and how a row becomes a record.

A form is checked whole: one row can yield several problems, each with file, line and field.  Values that
are read leniently (a number written as text, a list written as one text with semicolons) are the ones that
CSV cannot write otherwise.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from redline.corpus.rows import Row
from redline.corpus.text_rules import TextRules
from redline.errors import Problem, did_you_mean
from redline.records import Case, ChartSummary, Draft, DraftStatus, Provenance, Reply
from redline.taxonomy import Taxonomy

__all__ = ["CaseForm", "ChartForm", "DraftForm", "ReplyForm", "parse"]


def _id(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _items(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return [part.strip() for part in value.split(";") if part.strip()]


def _number(value: Any) -> Any:
    return "yes/no" if isinstance(value, bool) else value


def _nested(value: Any) -> Any:
    """A list or object that a CSV cell holds as JSON."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _when(value: str | None) -> str | None:
    if value is not None:
        try:
            datetime.fromisoformat(value)
        except ValueError:
            raise ValueError("is no date, expected ISO 8601, for instance 2026-03-14 or 2026-03-14T09:30") from None
    return value


def _filled(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty")
    return value


Id = Annotated[str, BeforeValidator(_id), AfterValidator(_filled)]
Items = Annotated[tuple[str, ...], BeforeValidator(_items)]
Text = Annotated[str, AfterValidator(_filled)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, frozen=True)


F = TypeVar("F", bound=_Form)


class ChartForm(_Form):
    """`ehr` of a case, structured."""

    age: Annotated[float | None, BeforeValidator(_number), Field(ge=0, le=130)] = None
    sex: str | None = None
    problems: Items = ()
    medications: Items = ()
    allergies: Items = ()
    notes: str = ""

    def record(self) -> ChartSummary:
        """The frozen record."""
        return ChartSummary(**self.model_dump())


class CaseForm(_Form):
    """One line of `cases`: the patient message and the chart summary, as an object or as one text."""

    id: Id
    message: Text
    ehr: Annotated[ChartForm | str | None, BeforeValidator(_nested)] = None
    split: str | None = None
    category: str | None = None
    acuity: str | None = None
    received: Annotated[str | None, AfterValidator(_when)] = None

    def record(self) -> Case:
        """The frozen record."""
        chart = self.ehr.record() if isinstance(self.ehr, ChartForm) else ChartSummary(text=self.ehr or "")
        return Case(self.id, self.message, chart, self.split, self.category, self.acuity, self.received)


class SentenceForm(_Form):
    """One sentence of a reply with its themes."""

    text: Text
    themes: Items = ()


class ReplyForm(_Form):
    """One line of `replies`: `text`, or `sentences` with or without themes."""

    case: Id
    clinician: Id
    text: str | None = None
    sentences: Annotated[tuple[SentenceForm, ...] | None, BeforeValidator(_nested)] = None
    started_from: str | None = None

    def record(self) -> Reply:
        """The frozen record."""
        if self.sentences:
            units = tuple(s.text for s in self.sentences)
            themes = tuple(s.themes for s in self.sentences)
            text = self.text if self.text is not None else " ".join(units)
            return Reply(self.case, self.clinician, text, units, themes if any(themes) else None, self.started_from)
        return Reply(self.case, self.clinician, self.text or "", started_from=self.started_from)


class DraftForm(_Form):
    """One line of `drafts`.  An empty text is a draft that says nothing: it is scored as such."""

    case: Id
    model: Text
    strategy: Text
    text: str
    sentences: Annotated[tuple[str, ...] | None, BeforeValidator(_nested)] = None
    clinician: Annotated[str | None, BeforeValidator(_id)] = None
    model_digest: str | None = None
    prompt_digest: str | None = None
    retrieved: Items = ()
    adapter: str | None = None
    sampling: Annotated[dict[str, Any], BeforeValidator(_nested)] = {}
    plan: Annotated[dict[str, str], BeforeValidator(_nested)] = {}
    made_at: str | None = None
    status: DraftStatus = DraftStatus.OK
    detail: str = ""
    flags: Items = ()

    def record(self) -> Draft:
        """The frozen record."""
        provenance = Provenance(
            self.model_digest, self.prompt_digest, self.retrieved, self.adapter, self.sampling, self.plan, self.made_at
        )
        return Draft(
            self.case, self.model, self.strategy, self.text, self.sentences or None, self.clinician, provenance,
            self.status, self.detail, self.flags,
        )  # fmt: skip


def parse(form: type[F], row: Row, rules: TextRules, taxonomy: Taxonomy, problems: list[Problem]) -> F | None:
    """The row as `form`, or None with every problem of the row appended to `problems`."""
    before = len(problems)
    fields = _undotted(row.fields)
    try:
        value = form.model_validate(fields)
    except ValidationError as error:
        for item in error.errors(include_url=False, include_context=True):
            where = _where(item["loc"], fields)
            problems.append(Problem(row.file, row.line, where, _words(item, fields)))
        return None
    for field, text in _texts(value.model_dump(), ""):
        if message := rules.problem(text):
            problems.append(Problem(row.file, row.line, field, message))
    if isinstance(value, ReplyForm):
        _check_reply(value, row, taxonomy, problems)
    return value if len(problems) == before else None


def _check_reply(reply: ReplyForm, row: Row, taxonomy: Taxonomy, problems: list[Problem]) -> None:
    if not (reply.text or "").strip() and not reply.sentences:
        problems.append(
            Problem(row.file, row.line, "text", "is empty; a clinician's reply needs 'text' or 'sentences'")
        )
    for number, sentence in enumerate(reply.sentences or ()):
        for theme in sentence.themes:
            if theme not in taxonomy:
                problems.append(
                    Problem(
                        row.file, row.line, f"sentences[{number}].themes", f"names {_unknown(theme, taxonomy.keys)}"
                    )
                )


def _unknown(name: str, known: tuple[str, ...]) -> str:
    return f"the unknown theme {name!r}; {did_you_mean(name, known, 'known')}"


def _undotted(fields: dict[str, Any]) -> dict[str, Any]:
    """`{"ehr.age": 4}` as `{"ehr": {"age": 4}}`, the way a CSV header names nested fields."""
    result: dict[str, Any] = {}
    for key, value in fields.items():
        head, dot, tail = key.partition(".")
        if dot and isinstance(result.setdefault(head, {}), dict):
            result[head][tail] = value
        else:
            result[key] = value
    return result


def _where(loc: tuple[int | str, ...], fields: dict[str, Any]) -> str:
    """Field path without the names of the union members that pydantic inserts."""
    path = ""
    for part in loc:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part not in ("ChartForm", "str"):
            path += f".{part}" if path else part
    return path


def _words(item: Any, fields: dict[str, Any]) -> str:
    kind, value = item["type"], item.get("input")
    if kind == "missing":
        close = difflib.get_close_matches(str(item["loc"][-1]), [k for k in fields if isinstance(k, str)], n=1)
        return "is missing" + (f"; the row has {close[0]!r}: did you mean that?" if close else "")
    if kind == "value_error":
        return str(item["ctx"]["error"])
    expected = {
        "string_type": "a text",
        "float_type": "a number",
        "float_parsing": "a number",
        "tuple_type": "a list",
        "dict_type": "an object",
        "model_type": "an object",
        "model_attributes_type": "an object",
        "greater_than_equal": "a value of 0 or more",
        "less_than_equal": "at most 130 (years)",
    }.get(kind, item["msg"][:1].lower() + item["msg"][1:])
    return f"is {_shown(value)}, expected {expected}"


def _shown(value: Any) -> str:
    """The kind of a value, and the value itself only where it cannot be patient text."""
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    if isinstance(value, str):
        return repr(value) if len(value) <= 12 else "a text"
    names: dict[type, str] = {list: "a list", tuple: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every text below `value` with its field path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _texts(inner, f"{path}[{number}]")
