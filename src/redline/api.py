"""Three lines of Python score a draft: `redline.judge(pairs)` and `redline.themes(texts)`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redline.judging import (
    Budget,
    ContentJudge,
    Pair,
    Runner,
    ThemeJudge,
    ThemeQuestion,
    VerdictStore,
    content_judge,
    theme_judge,
)  # fmt: skip
from redline.records import EditLoad, Status, ThemeVerdict, Verdict
from redline.scoring import Judges, content_load, judge_pairs, theme_load, theme_set, theme_unknown, unjudged
from redline.taxonomy import default_taxonomy
from redline.units import unit_texts

__all__ = ["PairResult", "judge", "judge_rows", "theme_rows", "themes"]

Text = str | Sequence[str]


@dataclass(frozen=True)
class PairResult:
    """One judged pair: unit verdicts, the content load, the theme sets and their load."""

    pair: Pair
    draft: tuple[Verdict, ...]
    reference: tuple[Verdict, ...]
    draft_themes: tuple[ThemeVerdict, ...]
    reference_themes: tuple[ThemeVerdict, ...]

    @property
    def status(self) -> Status:
        """`ok`, or the first failure among the units."""
        verdicts: tuple[Verdict | ThemeVerdict, ...]
        verdicts = (*self.draft, *self.reference, *self.draft_themes, *self.reference_themes)
        failed = [v.status for v in verdicts if v.status is not Status.OK]
        return failed[0] if failed else Status.OK

    @property
    def content(self) -> EditLoad:
        """Expected content load."""
        return content_load(self.draft, self.reference)

    @property
    def themes(self) -> EditLoad:
        """Load on the sets of themes."""
        return theme_load(theme_set(self.draft_themes), theme_set(self.reference_themes))

    def row(self) -> dict[str, Any]:
        """The line of `redline judge`."""
        return {
            "id": self.pair.id,
            "status": self.status.value,
            "draft_units": [
                _unit(t, v, "p_delete", "deleted") for t, v in zip(self.pair.draft, self.draft, strict=True)
            ],
            "reference_units": [
                _unit(t, v, "p_add", "added") for t, v in zip(self.pair.reference, self.reference, strict=True)
            ],
            "content": _scores(self.content, unjudged(self.draft) or unjudged(self.reference)),
            "themes": {
                "draft": in_order(theme_set(self.draft_themes)),
                "reference": in_order(theme_set(self.reference_themes)),
                **_scores(self.themes, theme_unknown(self.draft_themes) or theme_unknown(self.reference_themes)),
            },
        }


def judge_rows(pairs: Sequence[Pair], judges: Judges) -> list[PairResult]:
    """Judge pairs at both levels; each distinct question is asked once."""
    sides, _ = judge_pairs(pairs, judges)
    return [PairResult(pair, *four) for pair, four in zip(pairs, sides, strict=True)]


def judge(
    pairs: Sequence[Mapping[str, Any]] | Sequence[tuple[Text, Text]], *, judge: str | ContentJudge = "encoder",
    store: VerdictStore | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """How much of each draft would be edited: one dictionary a pair, as `redline judge` writes it.

    `pairs` are (draft, reference) tuples, or mappings with `draft`, `reference` and optionally `id`; each
    text is a string or a list of unit strings (a list is kept as it is).

    >>> row = judge([("Rest today. Drink water.", "Rest today.")], judge="exact")[0]
    >>> row["content"]["precision"], row["content"]["recall"]
    (0.5, 1.0)
    """
    content = content_judge(judge) if isinstance(judge, str) else judge
    judges = Judges(content, theme_judge(), VerdictStore() if store is None else store, Budget())
    return [r.row() for r in judge_rows([_pair(p, i) for i, p in enumerate(pairs)], judges)]


def theme_rows(
    texts: Sequence[tuple[str | int, tuple[str, ...]]], classifier: ThemeJudge, store: VerdictStore
) -> list[dict[str, Any]]:
    """(id, units) of each text to the lines of `redline themes`; where the classifier failed, `themes` is null."""
    asked = [ThemeQuestion(units, i) for _, units in texts for i in range(len(units))]
    verdicts = iter(Runner(classifier, store).run(asked))
    rows = []
    for id_, units in texts:
        found = [next(verdicts) for _ in units]
        sentences = [_themed(u, v) for u, v in zip(units, found, strict=True)]
        known = None if theme_unknown(found) else in_order(theme_set(found))
        rows.append({"id": id_, "sentences": sentences, "themes": known})
    return rows


def themes(texts: Sequence[Text], *, store: VerdictStore | None = None) -> list[dict[str, Any]]:
    """Themes of each text and of each of its sentences, as `redline themes` writes them."""
    named = [(str(i), units_of(t)) for i, t in enumerate(texts)]
    return theme_rows(named, theme_judge(), VerdictStore() if store is None else store)


def in_order(themes: Iterable[str]) -> list[str]:
    """Themes in the order of the default taxonomy; keys that it does not have follow by name."""
    keys = default_taxonomy().keys
    return sorted(themes, key=lambda t: (keys.index(t) if t in keys else len(keys), t))


def units_of(text: Text) -> tuple[str, ...]:
    """Units of a string by the splitter; a list is kept as it is."""
    return unit_texts(text) if isinstance(text, str) else tuple(text)


def _pair(value: Any, number: int) -> Pair:
    if isinstance(value, Mapping):
        return Pair(value.get("id", str(number)), units_of(value["draft"]), units_of(value["reference"]))
    draft, reference = value
    return Pair(str(number), units_of(draft), units_of(reference))


def _unit(text: str, verdict: Verdict, probability: str, decision: str) -> dict[str, Any]:
    row: dict[str, Any] = {"text": text, probability: verdict.p_edit, decision: verdict.hard}
    if verdict.status is not Status.OK:
        row["status"] = verdict.status.value
    return row


def _themed(text: str, verdict: ThemeVerdict) -> dict[str, Any]:
    """A sentence with its themes, or with what became of it."""
    if verdict.status is not Status.OK:
        return {"text": text, "themes": None, "status": verdict.status.value}
    return {"text": text, "themes": list(verdict.themes), "p": dict(verdict.p)}


def _scores(load: EditLoad, unknown: bool = False) -> dict[str, float | None]:
    """Of one pair; where a side has no verdict at all, no score is known."""
    if unknown:
        return dict.fromkeys(("precision", "recall", "f1"))
    return {"precision": load.precision, "recall": load.recall, "f1": load.f1}
