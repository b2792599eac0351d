"""One self-contained HTML file: no network, no fonts, no trackers; opens from a stick."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jinja2 import Environment

from redline.report.environment import page_environment
from redline.report.figures import fingerprint, forest, heatmap, matrix
from redline.stats.words import say_estimate, say_number, say_p

__all__ = ["render_overview", "render_report"]


CORRECTED = {
    **{f"{level}.{s}": f"{level}.{s}" for level in ("content", "theme") for s in ("precision", "recall", "f1")},
    "content.macro_f1": "content.macro_f1", "deletions": "units deleted", "additions": "units added", "saved": "units saved",
}  # fmt: skip
"""Measures of the table of corrected figures, and what they are called there."""


def render_report(
    results: Mapping[str, Any], messages: Iterable[Mapping[str, Any]], *, most_messages: int = 200
) -> str:
    """The page of `results.json` and `messages.jsonl`.

    With more than `most_messages` messages only the first ones are shown side by side, and the page says so:
    a page of 100,000 messages would open nowhere.
    """
    environment = _environment()
    figures = _figures(results)
    shown: list[Mapping[str, Any]] = []
    total = 0
    for message in messages:
        total += 1
        if len(shown) < most_messages:
            shown.append(message)
    return environment.get_template("report.html.j2").render(
        r=results, figures=figures, shown=len(shown), total=total, data=_embedded(shown),
        theme_names={t["key"]: t["name"] for t in results["themes"]}, words=_by_row(results["findings"]),
        corrected=_corrected(results), better=_better(results), themed=_themed(results),
    )  # fmt: skip


def render_overview(name: str, results: Mapping[str, Mapping[str, Any]]) -> str:
    """The page of a study over several corpora: the grid of systems by corpus, each linked to its own page."""
    systems = dict.fromkeys(
        c["name"] for r in results.values() for c in r["cells"] if c["kind"] in ("system", "ceiling")
    )
    cells = {corpus: {c["name"]: c for c in r["cells"]} for corpus, r in results.items()}
    template = _environment().get_template("overview.html.j2")
    return template.render(name=name, results=results, systems=list(systems), cells=cells)


def _environment() -> Environment:
    return page_environment("redline.report", {"num": say_number, "cell": _cell, "p": say_p})


def _corrected_cells(results: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Corrected figures by row and measure; empty without labels, and in results of older versions."""
    found: Mapping[str, Mapping[str, Any]] = (results.get("corrected") or {}).get("cells", {})
    return found


def _corrected(results: Mapping[str, Any]) -> list[tuple[str, list[tuple[str, Mapping[str, Any]]]]]:
    """The figures of each labelled row, floors left out, with the name of the measure."""
    cells = _corrected_cells(results)
    rows = [c["name"] for c in results["cells"] if c["kind"] != "floor"]
    labelled = {
        row: [(m, cells[row][m]) for m in CORRECTED if cells.get(row, {}).get(m, {}).get("labels")] for row in rows
    }
    return [(row, [(CORRECTED[m], c) for m, c in some]) for row, some in labelled.items() if some]


def _better(results: Mapping[str, Any]) -> dict[tuple[str, str, str], Mapping[str, Any]]:
    """Corrected contrasts by measure and rows."""
    found = (results.get("corrected") or {}).get("contrasts", ())
    return {(c["measure"], c["a"], c["b"]): c for c in found if c["corrected"]["low"] is not None}


def _themed(results: Mapping[str, Any]) -> list[tuple[str, str, str, Mapping[str, Any]]]:
    """(row, theme, measure, figure) of every corrected figure by theme."""
    cells = _corrected_cells(results)
    asked = [(t, level, f"{level}.{t['key']}.f1") for t in results["themes"] for level in ("within", "theme")]
    words = {"within": "content edit-F1 of its units", "theme": "theme F1"}
    return [
        (row, theme["name"], words[level], figures[name])
        for row, figures in cells.items()
        for theme, level, name in asked
        if name in figures and figures[name]["corrected"]["low"] is not None
    ]


def _by_row(findings: Iterable[Mapping[str, str]]) -> dict[str, list[Mapping[str, str]]]:
    """Findings under the row that they are about, rows in the order of their first one."""
    rows: dict[str, list[Mapping[str, str]]] = {}
    for finding in findings:
        rows.setdefault(finding["row"], []).append(finding)
    return rows


def _figures(results: Mapping[str, Any]) -> dict[str, str]:
    """The drawings; without an independent reply the themes are those of the observed edits."""
    cells, themes, rows = results["cells"], results["themes"], results["matrix"]
    drawn = {"matrix": matrix(rows, "Content edit-F1 between clinicians") if rows else ""}
    figures = _corrected_cells(results)
    better = {c["name"]: figures[c["name"]] for c in cells if c["kind"] != "floor" and c["name"] in figures}
    if cells:
        drawn["content"] = forest(cells, "content.f1", "Content edit-F1 of each row with 95 % interval", better)
        drawn["theme"] = forest(cells, "theme.f1", "Theme edit-F1 of each row with 95 % interval", better)
    elif results["observed"]:
        cells = results["observed"]["cells"]
    drawn["fingerprint"] = fingerprint(cells, themes, "Share of drafts and replies with each theme")
    drawn["heat"] = heatmap(cells, themes, "f1", "Content edit-F1 within each theme")
    return drawn


def _embedded(messages: Sequence[Mapping[str, Any]]) -> str:
    """JSON for a script element: nothing in a message can end the element or start another.

    Units of a draft or reply are written once, verdicts as one short list a comparison.
    """
    compact = []
    for message in messages:
        texts: dict[str, list[Any]] = {}
        pairs = []
        place: dict[tuple[Any, ...], str] = {}
        for c in message["comparisons"]:
            draft, reference = (_place(place, texts, c[side]) for side in ("draft", "reference"))
            pairs.append(
                [
                    c["system"],
                    c["clinician"],
                    c["kind"],
                    draft,
                    reference,
                    _verdicts(c["draft"]),
                    _verdicts(c["reference"]),
                ]
            )
        head = {k: message[k] for k in ("case", "message", "chart", "category", "acuity")}
        compact.append({**head, "texts": texts, "pairs": pairs})
    text = json.dumps(compact, ensure_ascii=False, separators=(",", ":"))
    return (
        text.replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )


def _place(place: dict[tuple[Any, ...], str], texts: dict[str, list[Any]], units: Sequence[Mapping[str, Any]]) -> str:
    """Name of a text by its content: two drafts of one system for two clinicians are two texts."""
    content = tuple((u["text"], tuple(u["themes"])) for u in units)
    if content not in place:
        place[content] = str(len(place))
        texts[place[content]] = [[text, list(themes)] for text, themes in content]
    return place[content]


def _verdicts(units: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """[edited 0/1 or the status of a failure, probability, evidence] of each unit."""
    return [
        [int(u["edited"]), round(u["p"], 2), u["evidence"]] if u["status"] == "ok" else [u["status"], None, None]
        for u in units
    ]


def _cell(value: Mapping[str, Any], digits: int = 2) -> str:
    return say_estimate(value["estimate"], value["low"], value["high"], digits)
