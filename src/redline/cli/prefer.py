"""`redline prefer`: preference sets made, read, shown and handed to other trainers."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from redline.chat import ModelOptions, Prices, Sampling
from redline.cli.options import (
    AllowRemote,
    Judge,
    Map,
    MapFile,
    Store,
    TaxonomyFile,
    corpus_source,
    make_judges,
    progress_bars,
    read_taxonomy,
)
from redline.corpus import TextRules, load_corpus
from redline.corpus.rows import read_rows
from redline.errors import InputError, Problem, UsageError, did_you_mean
from redline.files import check_target, write_jsonl
from redline.judging import Budget, theme_judge
from redline.training.preference import (
    Build,
    ChatAgent,
    Check,
    ObservedPairs,
    PlanSettings,
    PreferenceSet,
    agent_maker,
    difference,
    from_pairs,
    preference_stats,
    read_card,
    read_sets,
    sets_digest,
    to_trl,
    train_part,
    write_card,
    write_sets,
)

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Preference sets: make them of a corpus, look at them, hand them on.",
)

Sets = Annotated[Path, typer.Argument(help="File that `redline prefer build` wrote.")]
Agents = Annotated[
    str,
    typer.Option("--agents", help="offline, llm:MODEL (as in `redline draft`), or none: observed and zero-shot pairs alone."),
]  # fmt: skip
Strategy = Annotated[
    str, typer.Option("--strategy", help="Whose prompt the replies answer: zero_shot, theme_guided, rag or personal.")
]
Kind = Annotated[
    list[str] | None,
    typer.Option(
        "--kind", help="Corruption to make: drop, blunt, misplace or overdo (default: all). Repeat for several."
    ),
]
EachTheme = Annotated[
    int, typer.Option("--corruptions-a-theme", min=0, help="Most corruptions of one theme of a reply.")
]
EditWeight = Annotated[
    float, typer.Option("--edit-weight", min=0, help="Weight of what was sent over its draft; 0 for none.")
]
ZeroShotWeight = Annotated[
    float, typer.Option("--zero-shot-weight", min=0, help="Weight of a reply over a zero-shot draft; 0 for none.")
]
Themes = Annotated[str, typer.Option("--themes", help="Theme classifier of the check: encoder, or encoder:FOLDER.")]
PriceIn = Annotated[float, typer.Option("--price-in", min=0, help="Money for a million tokens in (agents llm).")]
PriceOut = Annotated[float, typer.Option("--price-out", min=0, help="Money for a million tokens out (agents llm).")]
MaxCost = Annotated[
    float | None, typer.Option("--max-cost", min=0, help="Stop before the agents have cost more than this.")
]
MaxCalls = Annotated[int | None, typer.Option("--max-calls", min=0, help="Stop before the agents made more calls.")]
Concurrent = Annotated[int, typer.Option("--concurrent", min=1, help="Requests in flight at once (agents llm).")]
Answers = Annotated[
    Path | None,
    typer.Option("--answers", help="What the model answered (default: OUT.answers.sqlite); a stopped run goes on."),
]


@app.command()
def build(
    corpus: Annotated[str, typer.Argument(help="'bundled', a folder, a table, or hf:NAME[@SPLIT].")],
    out: Annotated[Path, typer.Option("--out", help="JSONL of sets to write; its card is written beside it.")],
    agents: Agents = "offline", split: Annotated[str, typer.Option("--split", help="Split to learn from; never test.")] = "train",
    strategy: Strategy = "zero_shot", judge: Judge = "encoder", themes: Themes = "encoder", store: Store = None,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 17, kind: Kind = None, corruptions_a_theme: EachTheme = 4,
    edit_weight: EditWeight = 1.0, zero_shot_weight: ZeroShotWeight = 1.0, allow_remote: AllowRemote = None,
    max_tokens: Annotated[int, typer.Option("--max-tokens", min=1, help="Of one answer (agents llm).")] = 600,
    temperature: Annotated[float, typer.Option("--temperature", min=0, max=2, help="Of the agents llm.")] = 0.0,
    concurrent: Concurrent = 8, answers: Answers = None, price_in: PriceIn = 0.0, price_out: PriceOut = 0.0,
    max_cost: MaxCost = None, max_calls: MaxCalls = None, map_: Map = None, map_file: MapFile = None,
    taxonomy: TaxonomyFile = None,
) -> None:  # fmt: skip
    """Better and worse versions of every reply, checked by the judges; with observed and zero-shot pairs."""
    check_target(out)
    prices = Prices(price_in, price_out)
    if max_cost is not None and price_in == price_out == 0:
        raise UsageError("--max-cost needs --price-in and --price-out: without prices no cost is known")
    settings = PlanSettings(most_corrupted=corruptions_a_theme, kinds=tuple(kind) if kind else PlanSettings().kinds)
    kept_in = answers or out.with_name(f"{out.name}.answers.sqlite")
    maker = agent_maker(
        agents, ModelOptions(frozenset(allow_remote or ()), prices, concurrent), kept_in,
        Sampling(temperature, max_tokens=max_tokens), Budget(max_cost, max_calls),
    )  # fmt: skip
    source = corpus_source(corpus, map_, map_file, taxonomy)
    part = train_part(load_corpus(source), split)
    judges = make_judges(
        judge, store or out.with_name(f"{out.name}.verdicts.sqlite"), allow_remote, 0.0, 0.0, None, None
    )
    with progress_bars(8) as tell, _stopped(out):
        check = Check(replace(judges, themes=theme_judge(themes)))
        made = Build.of(
            part, maker, check, strategy=strategy, seed=seed, settings=settings, taxonomy=source.taxonomy, tell=tell,
            observed=ObservedPairs.of(part, edit_weight, zero_shot_weight),
        )  # fmt: skip
        if isinstance(made.agent, ChatAgent):
            cost = made.agent.estimate(made.assignments())
            print(
                f"at most {cost.calls:,} calls, about {cost.tokens_in:,} tokens in and at most {cost.tokens_out:,} out, "
                f"{cost.money:.2f} in money",
                file=sys.stderr,
            )
        written = write_sets(out, made.sets())
    report = made.report()
    about = {
        "corpus": part.name,
        "corpus_digest": part.digest,
        "split": split,
        "seed": seed,
        "provenance": part.provenance,
    }
    card = write_card(out, {"sets": asdict(written), **about, **made.describe(), "report": report.as_dict()})
    print("\n".join(report.lines()), file=sys.stderr)
    if isinstance(made.agent, ChatAgent):
        print(f"agents, all runs together: {made.agent.store.spent()}", file=sys.stderr)
    print(f"{out}: {report.sets:,} sets with {report.pairs:,} pairs; card: {card}")


@contextmanager
def _stopped(out: Path) -> Iterator[None]:
    """Ctrl-C says what is kept."""
    try:
        yield
    except KeyboardInterrupt:
        print(
            f"redline: stopped; no sets were written, but what was answered and judged is stored beside {out}, and the same "
            "command goes on from there",
            file=sys.stderr,
        )
        raise typer.Exit(130) from None


@app.command("import")
def import_(
    rows: Annotated[Path, typer.Argument(help="JSONL, CSV or Parquet of pairs in TRL's or Argilla's form.")],
    out: Annotated[Path, typer.Option("--out", help="JSONL of sets to write.")],
    marks: Annotated[bool, typer.Option("--allow-direction-marks", help="Accept invisible direction marks.")] = False,
) -> None:
    """Make sets of other people's pairs: equal prompts become one set."""
    check_target(out)
    problems: list[Problem] = []
    found = [row.fields for row in read_rows(rows, problems)]
    if problems:
        raise InputError(problems)
    sets = from_pairs(found, name=str(rows))
    rules = TextRules(allow_direction_marks=marks)
    texts = ((s.id, text) for s in sets for text in (*(m.text for m in s.prompt), *s.replies))
    bad = [Problem(str(rows), None, id_, wrong) for id_, text in texts if (wrong := rules.problem(text))]
    if bad:
        raise InputError(bad)
    written = write_sets(out, sets)
    write_card(out, {"sets": asdict(written), "imported_from": rows.name})
    print(f"{out}: {len(sets):,} sets with {sum(len(s.pairs) for s in sets):,} pairs of {len(found):,} rows")


@app.command()
def stats(
    sets: Sets,
    taxonomy: TaxonomyFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Sets, pairs by theme, source and clinician, how much is shared, and what the build dropped."""
    themes = read_taxonomy(taxonomy)
    held = read_sets(sets)
    found = preference_stats(held, [k for k in themes.keys if k != themes.residual])
    card = read_card(sets) or {}
    if card and card.get("sets", {}).get("digest") != sets_digest(held):
        print(f"redline: the card beside {sets} is that of other sets and is left out", file=sys.stderr)
        card = {}
    report = card.get("report", {})
    if as_json:
        print(json.dumps({**asdict(found), "card": card or None}, indent=1))
        return
    print(
        f"{found.sets:,} sets, {found.without_pair:,} without a pair, {found.with_own:,} with the clinician's own reply"
    )
    sharing = "–" if found.sharing is None else f"{found.sharing:.2f}"
    print(
        f"{found.replies:,} distinct replies, {found.pairs:,} pairs; sharing factor {sharing} (texts that a pair-wise trainer "
        "computes for one here)"
    )
    table = Table("theme", box=None, pad_edge=False)
    for name in ("pairs", "chosen longer by (words)"):
        table.add_column(name, justify="right")
    for theme, count in found.by_theme.items():
        table.add_row(theme, f"{count:,}", f"{found.longer[theme]:+.1f}")
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    console.print(table)
    for what, counts in (("source", found.by_source), ("clinician", found.by_clinician)):
        print(f"by {what}: " + ", ".join(f"{k} {n:,}" for k, n in counts.items()))
    for kind, reasons in report.get("dropped", {}).items():
        print(f"dropped {kind}: " + ", ".join(f"{why} {n:,}" for why, n in reasons.items()))
    never = report.get("never_present", [])
    for theme in found.without_themes:
        print(f"no pair for theme {theme}: " + ("never present" if theme in never else "none was made"))


@app.command()
def show(
    sets: Sets, id_: Annotated[str | None, typer.Argument(metavar="[ID]", help="A set; without it the first ones.")] = None,
    number: Annotated[int, typer.Option("--number", "-n", min=1, help="How many sets.")] = 3,
    prompt: Annotated[bool, typer.Option("--prompt", help="The prompt as well.")] = False,
) -> None:  # fmt: skip
    """Sets for the eye: [+what only the chosen reply says+] and [-what only the rejected one says-]."""
    found = read_sets(sets)
    if id_ is not None:
        named = [s for s in found if s.id == id_]
        if not named:
            raise UsageError(
                f"{sets} has no set {id_!r}; {did_you_mean(id_, [s.id for s in found][:2000], 'sets')[:200]}"
            )
        found = tuple(named)
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    for item in found[: 1 if id_ is not None else number]:
        _show(console, item, prompt)


def _show(console: Console, found: PreferenceSet, prompt: bool) -> None:
    console.print(Text(f"{found.id}  ({len(found.replies)} replies, {len(found.pairs)} pairs)", style="bold"))
    if prompt:
        for message in found.prompt:
            console.print(Text(f"{message.role}: {message.text}", style="dim"))
    if found.own is not None:
        console.print(f"own reply: {found.replies[found.own]}")
    styles = {"both": ("{}", ""), "chosen": ("[+{}+]", "green"), "rejected": ("[-{}-]", "red")}
    for number, pair in enumerate(found.pairs):
        line = Text(f"\n{number}. {pair.theme or 'as a whole'}, {pair.source}, weight {pair.weight:g}: ")
        for piece in difference(found.replies[pair.chosen], found.replies[pair.rejected]):
            form, style = styles[piece.where]
            line.append(f"{form.format(piece.text)} ", style=style)
        console.print(line)
    console.print()


@app.command()
def export(
    sets: Sets, out: Annotated[Path, typer.Option("--out", help="JSONL to write, one pair a line.")],
    to: Annotated[str, typer.Option("--to", help="trl: conversational rows of prompt, chosen and rejected.")] = "trl",
) -> None:  # fmt: skip
    """Rows that another trainer reads; `redline prefer import` makes the same sets of them again."""
    if to != "trl":
        raise UsageError(f"there is no form {to!r}; write trl")
    check_target(out)
    print(f"{out}: {write_jsonl(out, to_trl(read_sets(sets))):,} pairs")
