"""`redline train sft|tadpole|personal`: adapters for a language model (extra `train`)."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from redline.cli.options import corpus_source, progress_bars
from redline.corpus import load_corpus
from redline.errors import InputError, UsageError
from redline.training.adapt.ranks import is_first_process

if TYPE_CHECKING:
    from redline.training.adapt.run import Adapted, Tell
    from redline.training.adapt.settings import AdaptSettings, Method
    from redline.training.preference import PreferenceSet

__all__ = ["make_settings", "personal", "say_adapted", "sft", "tadpole", "training"]

Out = Annotated[Path, typer.Option("--out", help="Folder of adapters; the new one is OUT/NAME@DIGEST.")]
Config = Annotated[Path | None, typer.Option("--config", help="TOML file of settings (docs/training.md).")]
Base = Annotated[
    str | None, typer.Option("--base", help="Folder of the model to adapt, or its name in the local cache.")
]
Start = Annotated[str | None, typer.Option("--adapter", help="Adapter folder to start from.")]
Shared = Annotated[str | None, typer.Option("--adapter", help="The shared adapter below the personal ones.")]
Sets = Annotated[str | None, typer.Option("--sets", help="Preference sets from `redline prefer build`.")]
CorpusName = Annotated[str | None, typer.Option("--corpus", help="`bundled`, or a corpus file.")]
Name = Annotated[str | None, typer.Option("--name", help="First part of the adapter's id.")]
Clinicians = Annotated[list[str] | None, typer.Option("--clinician", help="Repeat for several; else all.")]
Epochs = Annotated[int | None, typer.Option("--epochs", min=1)]
RateOption = Annotated[float | None, typer.Option("--rate", help="Peak learning rate.")]
Seed = Annotated[int | None, typer.Option("--seed", min=0)]
Device = Annotated[str | None, typer.Option("--device", help="cpu or cuda; else cuda where there is one.")]
Threads = Annotated[int | None, typer.Option("--threads", min=1, help="CPU threads; else all.")]


def sft(
    out: Out = Path("adapters"), config: Config = None, base: Base = None, corpus: CorpusName = None, sets: Sets = None,
    adapter: Start = None, name: Name = None, epochs: Epochs = None, rate: RateOption = None, seed: Seed = None,
    device: Device = None, threads: Threads = None,
) -> None:  # fmt: skip
    """Supervised fine-tuning (LoRA) on clinicians' own replies; goes on after an interruption."""
    settings = make_settings("sft", config, base, adapter, corpus, sets, name, epochs, rate, seed, device, threads)
    with training() as tell:
        say_adapted(_adapt(settings, "sft", _supervised(settings), out, tell), settings)


def tadpole(
    out: Out = Path("adapters"), config: Config = None, base: Base = None, sets: Sets = None, adapter: Start = None,
    name: Name = None, epochs: Epochs = None, rate: RateOption = None, seed: Seed = None, device: Device = None,
    threads: Threads = None,
) -> None:  # fmt: skip
    """Thematic preference optimisation on preference sets, best from the adapter that `redline train sft` made."""
    settings = make_settings("tadpole", config, base, adapter, None, sets, name, epochs, rate, seed, device, threads)
    if settings.data.sets is None:
        raise UsageError("say what is preferred to what: --sets FILE, made by `redline prefer build`")
    with training() as tell:
        say_adapted(_adapt(settings, "tadpole", _read_sets(settings), out, tell), settings)


def personal(
    out: Out = Path("adapters/personal"), config: Config = None, base: Base = None, corpus: CorpusName = None, sets: Sets = None,
    adapter: Shared = None, clinician: Clinicians = None,
    epochs: Epochs = None, rate: RateOption = None, seed: Seed = None, device: Device = None, threads: Threads = None,
) -> None:  # fmt: skip
    """A small adapter for each clinician with enough replies or edits, on top of the shared one; use it as hf:BASE+OUT."""
    settings = make_settings("personal", config, base, adapter, corpus, sets, None, epochs, rate, seed, device, threads)
    from redline.training.adapt.personal import adapt_clinicians

    everything = _supervised(settings)
    if settings.data.corpus and settings.data.sets:
        everything = _joined(everything, _read_sets(settings))
    with training() as tell:
        found = adapt_clinicians(settings, everything, out, clinician or settings.data.clinicians, tell=tell)
    if not is_first_process():
        return
    for who, adapted in found.made.items():
        print(f"{who}: {adapted.info.folder}; {_validated(adapted)}")
    for who, why in found.left_out.items():
        print(f"{who}: no adapter, {why}; the shared one answers")
    print(f"use them as --model hf:{settings.model.base}+{out}")


def make_settings(
    method: Method, config: Path | None, base: str | None, adapter: str | None, corpus: str | None, sets: str | None,
    name: str | None, epochs: int | None, rate: float | None, seed: int | None, device: str | None, threads: int | None,
) -> AdaptSettings:  # fmt: skip
    """Defaults, file and options put together; torch is asked for first."""
    try:
        import accelerate  # noqa: F401
        import peft  # noqa: F401
        import torch
        import transformers  # noqa: F401
    except ModuleNotFoundError:
        raise UsageError("training needs the extra 'train': pip install 'redline[train]'") from None
    from redline.training.adapt.settings import settings_for

    if threads:
        torch.set_num_threads(threads)
    given: Mapping[str, Any] = {
        "name": name, "seed": seed, "model": {"base": base, "adapter": adapter, "device": device},
        "data": {"corpus": corpus, "sets": sets}, "train": {"epochs": epochs, "rate": rate},
    }  # fmt: skip
    return settings_for(method, config, given)


def _supervised(settings: AdaptSettings) -> list[Any]:
    """Sets to learn replies from: of the corpus, else of the sets file."""
    from redline.training.adapt.material import sets_of_corpus
    from redline.training.preference import train_part

    if settings.data.corpus is None:
        if settings.data.sets is None:
            raise UsageError("say what is learned: --corpus FILE (or bundled), or --sets FILE")
        return _read_sets(settings)
    part = train_part(load_corpus(corpus_source(settings.data.corpus, None, None, None)), settings.data.split)
    found = sets_of_corpus(part, settings.data.strategy, settings.data.clinicians)
    if not found:
        raise InputError.single(settings.data.corpus, f"holds no reply to learn in split {settings.data.split!r}")
    return found


def _read_sets(settings: AdaptSettings) -> list[Any]:
    from redline.training.preference import read_sets

    assert settings.data.sets is not None
    found = read_sets(Path(settings.data.sets))
    wanted = settings.data.clinicians
    return [s for s in found if not wanted or s.clinician in wanted]


def _joined(replies: Sequence[PreferenceSet], sets: Sequence[PreferenceSet]) -> list[PreferenceSet]:
    """Replies of a corpus and sets with pairs; a reply that a set holds as the clinician's own is not learned twice."""
    paired = [s for s in sets if s.pairs]
    held = {(s.case, s.clinician, s.replies[s.own]) for s in paired if s.own is not None}
    return [*(s for s in replies if (s.case, s.clinician, s.replies[0]) not in held), *paired]


def _adapt(settings: AdaptSettings, method: Method, sets: list[Any], out: Path, tell: Tell) -> Adapted:
    from redline.training.adapt.run import adapt

    return adapt(settings, method, sets, out, tell=tell)


@contextmanager
def training(stopped: str = "the same command goes on from the last checkpoint") -> Iterator[Tell]:
    """Progress bars, and in a log a line now and then; Ctrl-C says how to go on.  Of several processes one speaks."""
    with progress_bars(40) as bar:

        def tell(what: str, done: int, total: int, words: str) -> None:
            if not is_first_process():
                return
            if total:
                bar(what, done, total)
            else:  # something to know once, not how far it is
                print(what, file=sys.stderr, flush=True)
            if total and not sys.stderr.isatty() and (done == total or done % 10 == 0):
                print(f"{what} {done}/{total} {words}".strip(), file=sys.stderr, flush=True)

        try:
            yield tell
        except KeyboardInterrupt:
            print(f"redline: stopped; {stopped}", file=sys.stderr)
            raise typer.Exit(130) from None


def say_adapted(adapted: Adapted, settings: AdaptSettings, use: str = "--model hf:") -> None:
    """Where the adapter is, what the held-out cases say of it, what was left out."""
    if not is_first_process():
        return
    card = adapted.card
    left = card["left_out"]
    dropped = [f"{n} {kind} ({why})" for kind in ("sets", "pairs", "replies") for why, n in left[kind].items()]
    if left["prompts cut"]:
        dropped.append(f"chart text of {left['prompts cut']} prompts shortened")
    print(
        f"adapter: {adapted.info.folder}; {card['sets']} sets, {card['pairs']} pairs, {card['steps']} steps; {_validated(adapted)}"
    )
    if dropped:
        print("left out: " + ", ".join(dropped))
    print(f"use it as {use}{settings.model.base}+{adapted.info.folder}")


def _validated(adapted: Adapted) -> str:
    """What the held-out sets say, in words."""
    history, best = adapted.card["validation"], adapted.card["best_step"]
    if not history:
        return "nothing was held out"
    first, last = history[0], next(row for row in history if row["step"] == best)
    if best == 0:
        return "no step was better on the held-out cases than where it started"
    right = f", {last['accuracy']:.0%} of held-out pairs right" if "accuracy" in last else ""
    return f"held-out loss {first['loss']:.4f} to {last['loss']:.4f} at step {best}{right}"
