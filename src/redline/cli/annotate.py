"""`redline annotate`: draw pairs, label them, hand the labels over."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from redline.annotation import (
    Candidate,
    Design,
    Labelled,
    Made,
    PairToLabel,
    Sample,
    Session,
    TextToLabel,
    annotator_name,
    blank,
    blank_labels,
    demand_kind,
    draw_sample,
    edit_row,
    edits_of,
    file_kind,
    in_order,
    label_rows,
    labels_of,
    main_theme,
    open_log,
    progress,
    read_edits,
    read_log,
    read_pairs_to_label,
    read_sheet,
    read_texts_to_label,
    read_theme_labels,
    read_theme_sheet,
    sessions,
    store_annotations,
    store_theme_labels,
    texts_of,
    uncertainty,
    write_sheet,
    write_theme_sheet,
)
from redline.annotation.keys import open_keys
from redline.annotation.screen import Screen
from redline.annotation.tasks import EditTask, ThemeTask
from redline.annotation.terminal import Labelling
from redline.cli.costs import cost_before
from redline.cli.options import (
    AllowRemote,
    Classifier,
    Judge,
    Map,
    MapFile,
    MaxCalls,
    MaxCost,
    PriceIn,
    PriceOut,
    Store,
    TaxonomyFile,
    bars,
    corpus_source,
    make_judges,
    of_split,
    read_taxonomy,
)
from redline.corpus import TextRules, load_corpus
from redline.errors import UsageError, did_you_mean
from redline.files import check_target, write_json, write_jsonl
from redline.judging import VerdictStore, pair_questions
from redline.records import Case
from redline.scoring import Comparison, Judges, Rows, comparisons, judge_comparisons
from redline.taxonomy import Taxonomy

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Draw pairs for annotation, label them, import and export labels."
)

LABELLED = TextRules(allow_direction_marks=True)
"""For texts of which nothing is shown or handed on."""

Marks = Annotated[bool, typer.Option("--allow-direction-marks", help="Accept invisible direction marks.")]
Pairs = Annotated[Path, typer.Option("--pairs", help="The pairs (or texts) that were labelled.")]
Logs = Annotated[list[Path], typer.Argument(help="Logs of `redline annotate terminal`, one an annotator.")]
Systems = Annotated[list[str] | None, typer.Option("--systems", help="Only this system. Repeat for several.")]


@app.callback()
def _root() -> None:
    """Verbs below."""


@app.command()
def sample(
    corpus: Annotated[str, typer.Argument(help="'bundled', a folder, a table, or hf:NAME[@SPLIT].")],
    out: Annotated[Path, typer.Option("--out", help="Folder for pairs.jsonl and sample.json.")],
    pairs: Annotated[int, typer.Option("--pairs", min=1, help="How many to draw.")] = 50,
    split: Annotated[str | None, typer.Option("--split", help="Only cases of this split.")] = None,
    systems: Systems = None,
    clinicians: Annotated[
        bool, typer.Option("--clinicians", help="Also pairs in which another clinician's reply is the draft.")
    ] = False,
    per_message: Annotated[int | None, typer.Option("--per-message", min=1, help="At most so many pairs of a message.")] = None,
    least: Annotated[int, typer.Option("--at-least", min=0, help="At least so many pairs of each system.")] = 5,
    allocation: Annotated[
        str, typer.Option("--allocation", help="neyman (more where the judge is unsure), proportional, or root.")
    ] = "neyman",
    themes: Annotated[bool, typer.Option("--themes", help="Also theme_texts.jsonl: the texts of the drawn pairs.")] = False,
    seed: Annotated[int, typer.Option("--seed")] = 17,
    judge: Judge = "encoder", classifier: Classifier = "encoder", store: Store = None, map_: Map = None, map_file: MapFile = None,
    taxonomy: TaxonomyFile = None, marks: Marks = False, allow_remote: AllowRemote = None, price_in: PriceIn = 0.0,
    price_out: PriceOut = 0.0, max_cost: MaxCost = None, max_calls: MaxCalls = None,
) -> None:  # fmt: skip
    """Draw pairs by system, main theme, length and judge uncertainty, each with its probability of being drawn."""
    labelled = ("pairs.jsonl", *(("theme_texts.jsonl",) if themes else ()))
    for name in ("sample.json", *labelled):
        check_target(out / name)
        if name in labelled and (out / name).exists():
            raise UsageError(f"{out / name} is there already, and labels may hang on it; name another --out")
    design = Design(pairs, allocation, least, per_message, seed)
    source = corpus_source(corpus, map_, map_file, taxonomy, direction_marks=marks)
    found = load_corpus(source)
    part = of_split(found, split)
    rows = [c for c in comparisons(part, Rows(floors=False, ceiling=clinicians)) if c.reference]
    for name in systems or ():
        if name not in part.systems:
            raise UsageError(f"there is no system {name!r}; {did_you_mean(name, part.systems, 'systems')}")
    if systems:
        rows = [c for c in rows if c.cell in systems or c.drafted_by]
    judges = make_judges(
        judge, store, allow_remote, price_in, price_out, max_cost, max_calls, beside=out / "verdicts.sqlite",
        classifier=classifier, taxonomy=source.taxonomy,
    )  # fmt: skip
    drawn = draw_sample(_candidates(rows, judges, source.taxonomy), design)
    design_row = {
        "corpus": part.digest, "split": split, "judge": judges.content.signature, "classifier": judges.themes.signature,
        "pairs": pairs, "allocation": allocation, "least": least, "per_message": per_message, "seed": seed,
    }  # fmt: skip
    write_json(out / "sample.json", {"design": design_row, **drawn.row()})
    if themes:
        write_jsonl(out / "theme_texts.jsonl", (t.row() for t in texts_of(drawn.pairs)))
    write_jsonl(out / "pairs.jsonl", (p.row() for p in drawn.pairs))  # last: where it is, the sample is whole
    _say_sample(drawn, out)


def _candidates(rows: Sequence[Comparison], judges: Judges, taxonomy: Taxonomy) -> list[Candidate]:
    if tell := cost_before(judges):
        tell([q for c in rows for q in pair_questions(c.pair)])
    with bars(judges) as shown:
        judged, _ = judge_comparisons(rows, shown)
    return [
        Candidate(
            c.case, c.cell, c.drafted_by or c.cell, c.clinician, c.draft, c.reference,
            uncertainty((*j.draft, *j.reference)), main_theme(j.draft_themes or j.reference_themes, taxonomy),
        )
        for c, j in zip(rows, judged, strict=True)
    ]  # fmt: skip


def _say_sample(drawn: Sample, out: Path) -> None:
    console = _console()
    shown = Table("stratum", box=None, pad_edge=False)
    for name in ("population", "drawn"):
        shown.add_column(name, justify="right")
    for name, population, count in drawn.strata:
        shown.add_row(name, f"{population:,}", f"{count:,}")
    console.print(shown)
    for note in drawn.notes:
        console.print(f"- {note}")
    units = sum(len(p.draft) + len(p.reference) for p in drawn.pairs)
    console.print(
        f"{out / 'pairs.jsonl'}: {len(drawn.pairs):,} of {drawn.population:,} pairs, {units:,} sentences to label"
    )


@app.command()
def terminal(
    pairs: Annotated[Path, typer.Argument(help="pairs.jsonl, or with --themes theme_texts.jsonl.")],
    annotator: Annotated[str, typer.Option("--annotator", help="Your name: letters, digits, '_', '-' and '.'.")],
    out: Annotated[Path, typer.Option("--out", help="Your log (NAME.jsonl), or a folder for it.")],
    corpus: Annotated[str | None, typer.Option("--corpus", help="Shows message and chart: 'bundled', a folder, ...")] = None,
    themes: Annotated[bool, typer.Option("--themes", help="Label themes of texts instead of edits of pairs.")] = False,
    taxonomy: TaxonomyFile = None, map_: Map = None, map_file: MapFile = None, marks: Marks = False,
    seed: Annotated[int, typer.Option("--seed", help="Of your order of the pairs.")] = 17,
) -> None:  # fmt: skip
    """Label sentence by sentence; every decision is kept at once, and the same command goes on where you stopped."""
    name = annotator_name(annotator)
    todo = "leave out --themes, or name theme_texts.jsonl" if themes else "add --themes, or name pairs.jsonl"
    demand_kind(pairs, "texts" if themes else "pairs", todo)
    rules = TextRules(allow_direction_marks=marks)
    items: Sequence[PairToLabel | TextToLabel]
    cases: Mapping[str, Case] = {}
    task: EditTask | ThemeTask
    if themes:
        items, task = read_texts_to_label(pairs, rules=rules), ThemeTask(read_taxonomy(taxonomy))
    else:
        source = None if corpus is None else corpus_source(corpus, map_, map_file, taxonomy, direction_marks=marks)
        cases = cases if source is None else load_corpus(source).by_id
        items, task = (
            read_pairs_to_label(pairs, rules=rules),
            EditTask({id_: (case.message, case.chart.as_text()) for id_, case in cases.items()}),
        )
    if corpus is not None and not themes and (unknown := sum(i.case not in cases for i in items)):
        print(f"{unknown:,} of {len(items):,} pairs are about messages that {corpus} does not have", file=sys.stderr)
    file = out if out.suffix == ".jsonl" and not out.is_dir() else out / f"{name}{'.themes' if themes else ''}.jsonl"
    with open_log(file, name, task.kind) as (log, writer), open_keys() as keys:
        known = task.taxonomy.keys if isinstance(task, ThemeTask) else None
        states = sessions([log], in_order(items, name, seed), pairs, themes=known)
        try:
            Labelling(task, states[name], writer, keys, Screen(), _now).run()
        except KeyboardInterrupt:
            print(f"\nredline: stopped; every decision is in {file}; the same command goes on", file=sys.stderr)
            raise typer.Exit(130) from None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@app.command()
def export(
    pairs: Pairs, out: Annotated[Path, typer.Option("--out", help="File to write.")],
    logs: Annotated[list[Path] | None, typer.Argument(help="Logs, one an annotator; none for an empty table.")] = None,
    form: Annotated[str | None, typer.Option("--form", help="jsonl (the corpus' form), or csv for a spreadsheet.")] = None,
    annotator: Annotated[str | None, typer.Option("--annotator", help="Without logs: whose empty table.")] = None,
    marks: Marks = False,
) -> None:  # fmt: skip
    """Decisions of logs as edits.jsonl (or theme_labels.jsonl), or as a table of one row a sentence."""
    check_target(out)
    _keep(out, (pairs, *(logs or ())))
    form = form or ("csv" if out.suffix.lower() == ".csv" else "jsonl")
    if form not in ("jsonl", "csv"):
        raise UsageError(f"there is no form {form!r}; write jsonl or csv")
    rules = TextRules(allow_direction_marks=marks)
    if not logs:
        if annotator is None or form != "csv":
            raise UsageError("name at least one log; or, for an empty table, --annotator and --form csv")
        _write_blank(out, pairs, annotator_name(annotator), rules)
        return
    states, items = _states(logs, pairs, rules)
    texts = [i for i in items if isinstance(i, TextToLabel)]
    if texts:
        _write_labels(out, labels_of(states, texts), form)
    else:
        _write_edits(out, edits_of(states, [i for i in items if isinstance(i, PairToLabel)]), form)


def _write_blank(out: Path, pairs: Path, annotator: str, rules: TextRules) -> None:
    if _about_themes(pairs):
        texts = blank_labels(read_texts_to_label(pairs, rules=rules), annotator)
        print(f"{out}: {write_theme_sheet(out, texts):,} sentences of {len(texts):,} texts to label")
    else:
        made = blank(read_pairs_to_label(pairs, rules=rules), annotator)
        print(f"{out}: {write_sheet(out, made):,} sentences of {len(made):,} pairs to decide")


def _write_labels(out: Path, made: Sequence[Labelled], form: str) -> None:
    if form == "csv":
        write_theme_sheet(out, made)
        print(f"{out}: {len(made):,} labelled texts by {len({m.annotator for m in made})} annotator(s)")
        if open_ := sum(m.undecided for m in made):
            print(f"{open_:,} sentences of them are open, written without themes", file=sys.stderr)
    else:
        rows, open_ = label_rows(made)
        print(f"{out}: {write_jsonl(out, rows):,} labelled texts; {open_:,} begun ones with open sentences left out")


def _write_edits(out: Path, made: Sequence[Made], form: str) -> None:
    if form == "csv":
        write_sheet(out, made)
    else:
        write_jsonl(out, (edit_row(m) for m in made))
    open_ = sum(m.undecided for m in made)
    names = {m.annotation.annotator for m in made}
    print(f"{out}: {len(made):,} annotated pairs by {len(names)} annotator(s)")
    if open_:
        how = "null" if form == "jsonl" else "an empty decision"
        print(f"{open_:,} sentences of them are undecided, written as {how}", file=sys.stderr)


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(help="A table that `redline annotate export` made, an edits.jsonl or a theme_labels.jsonl.")
    ],
    pairs: Pairs, out: Annotated[Path, typer.Option("--out", help="edits.jsonl (or theme_labels.jsonl) to write.")],
    store: Annotated[
        Path | None, typer.Option("--store", help="Verdict store: keep them as verdicts of human and human:NAME.")
    ] = None,
    annotator: Annotated[str | None, typer.Option("--annotator", help="Who decided, in a table without that column.")] = None,
    taxonomy: TaxonomyFile = None, marks: Marks = False,
) -> None:  # fmt: skip
    """Decisions or theme labels, checked against the texts, as a JSONL file and as verdicts in a store."""
    check_target(out)
    _keep(out, (pairs, file))
    rules, themes, known = TextRules(allow_direction_marks=marks), _about_themes(pairs), read_taxonomy(taxonomy)
    if not _is_table(file):
        demand_kind(file, "labels" if themes else "edits", f"--pairs {pairs} holds {'texts' if themes else 'pairs'}")
    labels = _labels_in(file, pairs, known, annotator, rules) if themes else []
    made = [] if themes else _edits_in(file, pairs, annotator, rules)
    verdicts = None if store is None else VerdictStore(store)  # before anything is written: it may be unusable
    if themes:
        _write_labels(out, labels, "jsonl")
    else:
        _write_edits(out, made, "jsonl")
    if verdicts is not None:
        with verdicts:
            kept = store_theme_labels(labels, verdicts, known) if themes else store_annotations(made, verdicts)
        for signature, count in kept.items():
            print(f"{store}: {count:,} verdicts of {signature}")
        found = ["--classifier" if themes else "--judge", f"human:{out}+{pairs}", "--store", str(store)]
        found += ["--taxonomy", str(taxonomy)] if themes and taxonomy else []
        print(f"A run finds them with {shlex.join(found)}")


def _is_table(file: Path) -> bool:
    return file.suffix.lower() in (".csv", ".tsv")


def _labels_in(file: Path, texts: Path, known: Taxonomy, annotator: str | None, rules: TextRules) -> list[Labelled]:
    if _is_table(file):
        return read_theme_sheet(file, read_texts_to_label(texts, rules=rules), known, annotator)
    return read_theme_labels(file, texts, taxonomy=known, rules=rules)


def _edits_in(file: Path, pairs: Path, annotator: str | None, rules: TextRules) -> list[Made]:
    if _is_table(file):
        return read_sheet(file, read_pairs_to_label(pairs, rules=rules), annotator)
    return read_edits(file, pairs, rules=rules)


def _about_themes(pairs: Path) -> bool:
    """Whether the file of `--pairs` holds texts for theme labels; `UsageError` where it is neither these nor pairs."""
    if file_kind(pairs) == "texts":
        return True
    demand_kind(pairs, "pairs", "name the pairs (or texts) that were labelled with --pairs")
    return False


@app.command()
def status(logs: Logs, pairs: Pairs) -> None:
    """How far each annotator is, and what every two have both labelled."""
    states, items = _states(logs, pairs, LABELLED)
    each, shared = progress(states, items)
    console = _console()
    shown = Table("annotator", box=None, pad_edge=False)
    for name in ("complete", "begun", "of", "sentences", "of", "notes"):
        shown.add_column(name, justify="right")
    for p in each:
        shown.add_row(p.annotator, *(f"{n:,}" for n in (p.complete, p.begun, p.items, p.decided, p.units, p.notes)))
    console.print(shown)
    for o in shared:
        console.print(f"{o.first} and {o.second}: {o.items:,} complete by both, {o.units:,} sentences decided by both")


def _keep(out: Path, read: Sequence[Path]) -> None:
    """Refuse to write over what is read: a log and drawn pairs cannot be made again."""
    if any(path.exists() and out.exists() and path.samefile(out) for path in read):
        raise UsageError(f"--out {out} is a file that is read here; name another")


def _states(logs: Sequence[Path], pairs: Path, rules: TextRules) -> tuple[dict[str, Session], Sequence[Any]]:
    """Every annotator's state and what the logs are about."""
    found = [read_log(path) for path in logs]
    themes = found[0].kind == "themes"
    demand_kind(
        pairs, "texts" if themes else "pairs", f"{logs[0]} is a log of {'themes' if themes else 'edit decisions'}"
    )
    items: Sequence[Any] = (read_texts_to_label if themes else read_pairs_to_label)(pairs, rules=rules)
    return sessions(found, items, pairs), items


def _console() -> Console:
    return Console(
        highlight=False, markup=False, emoji=False, soft_wrap=True, width=None if sys.stdout.isatty() else 160
    )
