"""A comparison of themes in plain words, and what it cannot tell."""

from __future__ import annotations

from collections.abc import Iterator

from redline.stats import MIN_CLUSTERS
from redline.validation.agree.labellers import WRITER
from redline.validation.figure import Figure
from redline.validation.theme_comparison.result import Answer, Difference, SystemThemes, ThemeComparison, Verdict

__all__ = ["comparison_limits", "headline", "points", "say_comparison"]

HEADLINES = {
    Verdict.REVISE: "The taxonomy needs a look before figures by theme are relied on.",
    Verdict.KEEP: "Nothing here asks for a revision of the taxonomy.",
    Verdict.NO_SIGN: "No sign so far that the taxonomy needs revision, but not every rule could be decided.",
}


def headline(verdict: Verdict) -> str:
    """The verdict in a sentence."""
    return HEADLINES[verdict]


def points(value: Figure) -> str:
    """A difference of shares in percentage points: `+12 [+5, +19]`."""
    if value.estimate is None:
        return "unknown"
    text = f"{_whole(value.estimate)}"
    return text if value.low is None or value.high is None else f"{text} [{_whole(value.low)}, {_whole(value.high)}]"


def _whole(value: float) -> str:
    points_ = round(100 * value)
    return f"{points_:+d}" if points_ else "0"


def say_comparison(found: ThemeComparison) -> Iterator[str]:
    """The verdict, its rules, and where each system's drafts differ from the clinicians."""
    yield headline(found.verdict)
    for result in found.results:
        if result.answer is not Answer.NOT_ASKED:
            yield result.text
    for system in found.systems:
        yield _system(system, found)
    if found.labeller_gap is not None:
        moved = _clear(found.labeller_gap.differences)
        if moved:
            said = ", ".join(f"{found.theme_names[k]} {points(d.difference)}" for k, d in moved.items())
            yield f"On the same replies the classifier finds other shares than the writers (points): {said}."


def _system(system: SystemThemes, found: ThemeComparison) -> str:
    clear = _clear(system.differences)
    more = [(k, d) for k, d in clear.items() if (d.difference.estimate or 0.0) > 0]
    less = [(k, d) for k, d in clear.items() if (d.difference.estimate or 0.0) < 0]
    parts = [
        f"{word} {', '.join(f'{found.theme_names[k]} ({points(d.difference)})' for k, d in group)}"
        for word, group in (("more", more), ("less", less))
        if group
    ]
    tests = sum(d.p_holm is not None for d in system.differences.values())
    where = f"on {system.shared_messages} message{'' if system.shared_messages == 1 else 's'}"
    if parts:
        said = f"{system.system} writes {'; '.join(parts)}, in points against these clinicians {where}, after {_holm(tests)}."
    elif tests:
        said = f"{system.system}: after {_holm(tests)} no theme's share differs for certain from the clinicians' ({where})."
    else:
        said = f"{system.system}: nothing can be tested against the clinicians ({where})."
    alone = {k: d for k, d in system.differences.items() if k not in clear and _apart(d)}
    if alone:
        named = ", ".join(f"{found.theme_names[k]} ({points(d.difference)})" for k, d in alone.items())
        said += f" Without that correction the interval leaves out 0 for {named} as well: a hint, and no more."
    return said if parts else said.replace(" as well:", ":")


def _holm(tests: int) -> str:
    return f"Holm's correction over {tests} theme{'' if tests == 1 else 's'}"


def _apart(found: Difference) -> bool:
    low, high = found.difference.low, found.difference.high
    return low is not None and high is not None and (low > 0 or high < 0)


def _clear(differences: dict[str, Difference], alpha: float = 0.05) -> dict[str, Difference]:
    return {k: d for k, d in differences.items() if d.p_holm is not None and d.p_holm < alpha}


def comparison_limits(found: ThemeComparison, unknown: int, empty: int) -> Iterator[str]:
    """What these data cannot tell."""
    yield from (r.text for r in found.results if r.answer is Answer.NOT_ASKED)
    yield (
        "The paper gives its shares without intervals; they are taken as exact. Its two questions themes share one range (30 to "
        "36 %), and themes for which it states nothing are not compared."
    )
    if found.labels == "classifier":
        yield f"The shares are the classifier's ({found.classifier}), whose error is inside them."
    elif found.systems:
        yield (
            "Drafts are compared with replies by the classifier's themes on both sides, so these rates of replies are not the ones "
            "by the writers' own labels."
        )
    people = len(found.by_clinician)
    if people < 3:
        yield f"{people} clinician{'s' if people > 1 else ''} only: the distribution is theirs, not that of clinicians."
    if found.messages < MIN_CLUSTERS:
        yield f"{found.messages} message{'s' if found.messages > 1 else ''}: fewer than {MIN_CLUSTERS} give no interval."
    if len(found.raters) == 2:
        yield f"Confusions are those of two raters only ({' and '.join(found.raters)})."
    if WRITER in found.raters:
        yield "The writers' own labels stand as one rater, though several people wrote them."
    if unknown:
        texts = "1 text is" if unknown == 1 else f"{unknown} texts are"
        yield f"{texts} in no share: the classifier failed on a sentence there."
    if empty:
        yield f"{'1 text' if empty == 1 else f'{empty} texts'} without a sentence {'is' if empty == 1 else 'are'} in no share."
