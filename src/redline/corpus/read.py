"""From a source named by a person (`bundled`, a folder, a table, a data set's name) to a checked corpus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import TypeVar

from redline.corpus.bundled import PROVENANCE, bundled_path
from redline.corpus.corpus import Corpus
from redline.corpus.forms import CaseForm, DraftForm, ReplyForm, parse
from redline.corpus.hub import hub_rows
from redline.corpus.relations import check_relations
from redline.corpus.rows import SUFFIXES, Row, read_rows
from redline.corpus.table import table_rows
from redline.corpus.text_rules import TextRules
from redline.errors import InputError, Problem, UsageError
from redline.records import Case, Draft, Reply
from redline.taxonomy import Taxonomy, default_taxonomy

__all__ = ["CorpusSource", "load_corpus", "read_corpus"]

Form = TypeVar("Form", CaseForm, ReplyForm, DraftForm)


@dataclass(frozen=True)
class CorpusSource:
    """What to read and how: a name or path, a column mapping for tables, limits on texts."""

    name: str
    mapping: Mapping[str, str] = field(default_factory=dict)
    rules: TextRules = TextRules()
    taxonomy: Taxonomy = field(default_factory=default_taxonomy)


@dataclass(frozen=True)
class _Located:
    """Records with the row each came from, so that relations can be reported where they break."""

    cases: list[tuple[Case, Row]]
    replies: list[tuple[Reply, Row]]
    drafts: list[tuple[Draft, Row]]
    table: bool = False


def read_corpus(source: CorpusSource, *, need_replies: bool = True) -> tuple[Corpus, list[Problem]]:
    """Everything readable of the source, and every problem found in one pass.

    The corpus holds only records without a problem; a reply or draft whose case is missing is dropped.
    """
    problems: list[Problem] = []
    located, name, provenance = _located(source, problems)
    cases, replies, drafts = check_relations(
        located.cases,
        located.replies,
        located.drafts,
        problems,
        where=source.name,
        table=located.table,
        need_replies=need_replies,
    )
    return Corpus(name, cases, replies, drafts, provenance), problems


def load_corpus(source: CorpusSource | str, *, skip_bad: bool = False, need_replies: bool = True) -> Corpus:
    """A corpus without problems, or `InputError` with all of them.

    With `skip_bad` the rows with problems are left out; the error is raised only when nothing usable is
    left.

    >>> corpus = load_corpus("bundled")
    >>> len(corpus.cases), len(corpus.replies), len(corpus.drafts)
    (240, 880, 280)
    """
    if isinstance(source, str):
        source = CorpusSource(source)
    corpus, problems = read_corpus(source, need_replies=need_replies)
    unusable = not corpus.cases or (need_replies and not corpus.replies)
    if problems and (unusable or not skip_bad):
        raise InputError(
            problems,
            hint=f"{len(problems)} problem(s). `redline corpus check` lists them all"
            + ("." if unusable else "; --skip-bad leaves these rows out."),
        )
    return corpus


def _located(source: CorpusSource, problems: list[Problem]) -> tuple[_Located, str, str]:
    name = source.name
    if name == "bundled":
        return _folder(bundled_path(), source, problems), "bundled synthetic corpus", PROVENANCE
    if name.startswith("hf:"):
        return _table(hub_rows(name.removeprefix("hf:")), source, problems), name, ""
    scheme, colon, rest = name.partition(":")
    if colon and len(scheme) > 1 and not Path(name).exists():
        return _table(_plugin_rows(scheme, rest), source, problems), name, ""
    path = Path(name)
    if path.is_dir():
        return _folder(path, source, problems), path.name, ""
    if not path.exists():
        raise InputError.single(
            name,
            "does not exist",
            hint="Name a folder, a table file, 'bundled', or hf:NAME for a Hugging Face dataset.",
        )
    return _table(read_rows(path, problems), source, problems), path.name, ""


def _plugin_rows(scheme: str, rest: str) -> Iterator[Row]:
    found = [e for e in entry_points(group="redline.corpora") if e.name == scheme]
    if not found:
        raise UsageError(f"no corpus reader for '{scheme}:'; known: hf:, a path, 'bundled'")
    rows: Iterator[Row] = found[0].load()(rest)
    return rows


def _folder(path: Path, source: CorpusSource, problems: list[Problem]) -> _Located:
    return _Located(
        [(f.record(), r) for f, r in _parsed(CaseForm, _one_file(path, "cases"), source, problems)],
        [(f.record(), r) for f, r in _parsed(ReplyForm, _one_file(path, "replies"), source, problems)],
        [(f.record(), r) for f, r in _parsed(DraftForm, _one_file(path, "drafts"), source, problems)],
    )


def _parsed(
    form: type[Form], path: Path | None, source: CorpusSource, problems: list[Problem]
) -> Iterator[tuple[Form, Row]]:
    for row in read_rows(path, problems) if path else ():
        value = parse(form, row, source.rules, source.taxonomy, problems)
        if value is not None:
            yield value, row


def _one_file(folder: Path, stem: str) -> Path | None:
    found = [folder / f"{stem}{suffix}" for suffix in SUFFIXES if (folder / f"{stem}{suffix}").exists()]
    if len(found) > 1:
        raise InputError.single(str(folder), f"holds {found[0].name} and {found[1].name}; keep one of them")
    if not found and stem == "cases":
        raise InputError.single(
            str(folder),
            "holds no cases file",
            hint=f"A corpus folder has cases{SUFFIXES[0]} (or {', '.join(SUFFIXES[1:])}), replies and drafts.",
        )
    return found[0] if found else None


def _table(rows: Iterator[Row], source: CorpusSource, problems: list[Problem]) -> _Located:
    located = _Located([], [], [], table=True)
    for row in rows:
        parts = table_rows(row, source.mapping)
        case = parse(CaseForm, parts.case, source.rules, source.taxonomy, problems)
        if case is None:
            continue
        located.cases.append((case.record(), row))
        if parts.reply:
            reply = parse(ReplyForm, parts.reply, source.rules, source.taxonomy, problems)
            if reply:
                located.replies.append((reply.record(), row))
        if parts.draft:
            draft = parse(DraftForm, parts.draft, source.rules, source.taxonomy, problems)
            if draft:
                located.drafts.append((draft.record(), row))
    return located
