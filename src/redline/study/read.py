"""Study files: TOML in, a checked `StudySpec` or every problem with line and field out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from redline.errors import InputError, Problem
from redline.settings import Place, read_settings
from redline.study.spec import StudySpec

__all__ = ["read_study"]


def read_study(path: str | Path) -> StudySpec:
    """The study in `path`; relative paths in it are taken from the folder that the file stands in."""
    path = Path(path)
    spec, lines = read_settings(path, StudySpec)
    problems = [*_doubled(path, spec, lines), *_lonely(path, spec, lines)]
    if problems:
        raise InputError(problems)
    return _rooted(spec, path.parent)


def _rooted(spec: StudySpec, folder: Path) -> StudySpec:
    """Relative files that lie beside the study file, as paths from here."""

    def rooted(name: str | None) -> str | None:
        if name is None or not name or name == "bundled" or name.startswith("hf:"):
            return name
        beside = folder / name
        if Path(name).is_absolute() or not beside.exists():
            return str(Path(name).resolve()) if Path(name).exists() else name
        return str(beside.resolve())

    corpora = tuple(c.model_copy(update={"path": rooted(c.path), "learn": rooted(c.learn)}) for c in spec.corpora)
    judge = spec.judge.model_copy(update={"card": rooted(spec.judge.card)})
    labels = spec.labels and spec.labels.model_copy(
        update={n: rooted(getattr(spec.labels, n)) for n in ("pairs", "annotations", "theme_texts", "theme_labels")}
    )
    return spec.model_copy(
        update={"corpora": corpora, "taxonomy": rooted(spec.taxonomy), "judge": judge, "labels": labels}
    )


def _lonely(path: Path, spec: StudySpec, lines: dict[Place, int]) -> Iterator[Problem]:
    """Of theme texts and their labels one without the other; pairs and annotations are both required."""
    texts, said = (None, None) if spec.labels is None else (spec.labels.theme_texts, spec.labels.theme_labels)
    if (texts is None) != (said is None):
        named, lacking = ("theme_labels", "theme_texts") if texts is None else ("theme_texts", "theme_labels")
        words = f"needs {lacking}: the texts, and what people said of them, are two files"
        yield Problem(str(path), lines.get(("labels", named)), f"labels.{named}", words)


def _doubled(path: Path, spec: StudySpec, lines: dict[Place, int]) -> Iterator[Problem]:
    for table, names in (
        ("corpora", [c.name for c in spec.corpora]),
        ("models", [m.title for m in spec.models]),
    ):
        for i, name in enumerate(names):
            if name in names[:i]:
                line = lines.get((table, i, "name"), lines.get((table, i)))
                yield Problem(str(path), line, f"{table}[{i}].name", f"is {name!r}, as is an earlier one")
    if len(set(spec.strategies)) < len(spec.strategies):
        yield Problem(str(path), lines.get(("strategies",)), "strategies", "names a strategy twice")
