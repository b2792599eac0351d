"""Run a study: check, draft what is open, judge and score, write the three files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from redline.chat import Prices, is_loopback
from redline.errors import UsageError, did_you_mean
from redline.files import only_one
from redline.judging import Budget, ContentJudge, JudgeOptions, ThemeJudge, VerdictStore, content_judge, theme_judge
from redline.records import DraftStatus
from redline.scoring import BOILERPLATE, CEILING, EMPTY, Judges, Scored, Validity, check_themes
from redline.study.executors import executor
from redline.study.grid import CellSpec
from redline.study.manifest import check_manifest, manifest, read_manifest, write_manifest
from redline.study.outcome import score_study, study_labels, write_drafts
from redline.study.place import StudyPlace
from redline.study.shards import Bench, Shard
from redline.validation.cards.gate import judge_validity, refuse_unvalidated

__all__ = ["StudyRun", "alone", "check_study", "draft_study", "run_study", "study_judges"]


@dataclass(frozen=True)
class StudyRun:
    """What a run left: the scored corpora by name, and cells that could not be drafted with the reason."""

    scored: dict[str, Scored]
    failures: dict[str, str]


def run_study(
    place: StudyPlace, judges: Judges, *, changed: bool = False, tell: Callable[[str, int, int], None] | None = None
) -> StudyRun:
    """Draft, judge and score every cell into `place.folder`: `drafts.jsonl`, `results.json`, `report.html`.

    `tell(cell, done, total)` in tasks.  Stopping it at any moment loses nothing that was stored; the same call goes on.
    `changed` lets a changed study go on in an old folder.
    """
    with alone(place.folder):
        bench = Bench(place)
        try:
            failures = draft_study(bench, changed=changed, tell=tell)
            write_drafts(bench, place.folder / "drafts.jsonl")
            return StudyRun(score_study(bench, judges, place.folder), failures)
        finally:
            bench.store.close()


def draft_study(
    bench: Bench, *, changed: bool = False, tell: Callable[[str, int, int], None] | None = None
) -> dict[str, str]:
    """Draft what is open; the cells that could not be drafted, with the reason.

    Whoever calls it holds the folder (`alone`).
    """
    place = bench.place
    if not place.asking:
        raise UsageError("this study was opened to be looked at, not to be run")
    check_prices(place)
    _check_inputs(bench)
    run = executor(place.spec.run.executor, place.spec.run.workers)
    counts = {cell.id: bench.count(cell) for cell in place.cells}
    for cell in place.cells:
        bench.check(cell)
    new = manifest(place.spec, _digests(bench))
    if not changed:
        check_manifest(read_manifest(place.folder), new, place.folder)
    write_manifest(place.folder, new)
    shards: list[Shard] = []
    done: dict[str, int] = {}
    for cell in place.cells:
        bench.store.forget_beyond(cell.id, counts[cell.id])
        cut = _shards(bench, cell, counts[cell.id], run.shard_size)
        if cut and run.shard_size is not None:  # the index is made once, before several workers look for it
            bench.setup(cell).context(bench.strategy(cell), None)
        done[cell.id] = counts[cell.id] - sum(s.open for s in cut)
        shards += cut
        if tell:
            tell(cell.id, done[cell.id], counts[cell.id])

    def told(cell: str, count: int) -> None:
        done[cell] += count
        if tell:
            tell(cell, min(done[cell], counts[cell]), counts[cell])

    failures = {shard.shard.cell: shard.why for shard in run.run(bench, shards, told) if shard.why is not None}
    for cell in place.cells:
        if cell.id not in failures and (why := _nothing(bench, cell)):
            failures[cell.id] = why
        bench.store.set_failure(cell.id, failures.get(cell.id))
    return failures


def _nothing(bench: Bench, cell: CellSpec) -> str | None:
    """Why a cell has not one draft to score, if so."""
    counts = bench.store.counts(cell.id)
    if not counts or any(DraftStatus(status).scored for status in counts):
        return None
    return "not one draft came about: " + ", ".join(f"{status} {n}" for status, n in sorted(counts.items()))


def check_prices(place: StudyPlace) -> None:
    """Raise `UsageError` for a limit of money that could never bite."""
    for model in place.spec.models:
        host = getattr(place.models[model.title], "host", None)
        free = host is None or is_loopback(host) or model.price_in + model.price_out > 0
        if place.spec.budget.max_cost is not None and not free:
            raise UsageError(
                f"[budget] max_cost: the model {model.title!r} has no price_in and price_out, so nobody knows what it costs"
            )


def check_labels(bench: Bench) -> None:
    """Raise what is wrong with the files of labels before anything is drafted."""
    spec = bench.place.spec
    names = [c.name for c in spec.corpora]
    named = spec.labels and spec.labels.corpus
    if named and named not in names:
        raise UsageError(f"[labels] corpus: there is no corpus {named!r}; {did_you_mean(named, names, 'corpora')}")
    for corpus in spec.corpora:
        labels, cases = study_labels(bench, corpus), bench.place.corpus(corpus).by_id
        of = set() if labels is None else {p.case for p in labels.pairs} | {t.case for t in labels.texts}
        if labels is not None and not of & cases.keys():
            raise UsageError(f"[labels]: none of the labels is of a case of the corpus {corpus.name!r}")


def check_baseline(place: StudyPlace) -> None:
    """Raise `UsageError` for a baseline that no row of the study will have."""
    baseline = place.spec.score.baseline
    rows = list(dict.fromkeys([*(c.system for c in place.cells), EMPTY, BOILERPLATE, CEILING]))
    if baseline is not None and baseline not in rows:
        raise UsageError(f"[score] baseline: there is no row {baseline!r}; {did_you_mean(baseline, rows, 'rows')}")


def study_judges(place: StudyPlace, progress: Callable[[str, int, int], None] | None = None) -> Judges:
    """The judges that the study file names, over the verdict store of its folder; `UsageError` where it requires a judge card
    that they do not have.
    """
    judge = place.spec.judge
    options = JudgeOptions(place.allow_remote, Prices(judge.price_in, judge.price_out))
    store = VerdictStore(place.folder / "verdicts.sqlite")
    limits = Budget(judge.max_cost, judge.max_calls)
    content, themes = content_judge(judge.name, options), theme_judge()
    return Judges(content, themes, store, limits, progress, validity=_validity(place, content, themes))


def check_study(bench: Bench) -> None:
    """Raise what a run would refuse before it drafts anything: baseline, labels, judge and its card."""
    _check_inputs(bench)
    place, judge = bench.place, bench.place.spec.judge
    options = JudgeOptions(place.allow_remote, Prices(judge.price_in, judge.price_out))
    _validity(place, content_judge(judge.name, options), theme_judge())


def _check_inputs(bench: Bench) -> None:
    """What needs no judge; whoever drafts has had the card checked with the judges (`study_judges`)."""
    check_baseline(bench.place)
    check_labels(bench)
    check_themes(theme_judge(), bench.place.taxonomy)


def _validity(place: StudyPlace, content: ContentJudge, themes: ThemeJudge) -> Validity:
    """What the study's card says of its judges."""
    judge, spec = place.spec.judge, place.spec
    bundled = all(corpus.path == "bundled" for corpus in spec.corpora)
    validity = judge_validity(content, themes, judge.card, bundled=bundled)
    if judge.require_card:
        refuse_unvalidated(validity, labelled=spec.labels is not None)
    return validity


def _digests(bench: Bench) -> dict[str, str]:
    place = bench.place
    found = {f"corpora.{c.name}": place.corpus(c).digest for c in place.spec.corpora}
    for cell in place.cells:
        found[f"strategies.{cell.strategy}"] = bench.strategy(cell).digest
        if bench.strategy(cell).needs:
            found[f"learned.{cell.corpus.name}"] = bench.setup(cell).learned_digest
    found |= {f"models.{model.name}": model.digest for model in place.models.values()}
    found["taxonomy"] = place.taxonomy_digest
    return found


def _shards(bench: Bench, cell: CellSpec, count: int, size: int | None) -> list[Shard]:
    """The cell's places in pieces of `size`, those without an open task left out."""
    places = [t.place for t in bench.open_tasks(cell)]
    step = size or max(1, count)
    held = Counter(p // step * step for p in places)
    return [Shard(cell.id, start, min(start + step, count), open_) for start, open_ in sorted(held.items())]


def alone(folder: Path) -> AbstractContextManager[None]:
    """One run a folder at a time: two would ask, and pay, for the same drafts."""
    return only_one(folder, "study.lock", f"another run is at work in {folder}; wait for it, or name another --out")
