"""Preference training over reply trees against `trl.DPOTrainer`: time of a step, of the reference pass, and peak memory.

Both train the same random Llama (d=576, 4 layers, V=8192, 32 bits) under LoRA r=16 on all linear layers, on the same tokens,
with AdamW, clipping and no checkpointing.  TRL runs at batch 1 and accumulates the k pairs; ours holds them all at once.
A step is timed from its first forward pass to after the update; TRL's batches are made before, our packing is timed.
Before every third of TRL's pairs our step takes its turn, so both see the same load; figures are CPU seconds of all
threads, the median of ours against the sum of TRL's.  `online` TRL computes the reference in the step, `cached` it has
precomputed it as ours has; the reference passes are compared on their own.

    python benchmarks/tree_dpo.py --quick                            the smallest case alone
    python benchmarks/tree_dpo.py --device cuda --shape 8b           a GPU: pairs a second against TRL's best settings
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import os
import random
import statistics
import subprocess
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch

from benchmarks.common import finish, machine
from benchmarks.tree_case import CASES, SHAPES, Case, Shape, adapted, base_of, lora_of, tokens_of
from benchmarks.tree_own import Own, exactness, store_work

Bar = tuple[str, float, float, bool]
PACKAGES = ("trl", "transformers", "peft", "torch", "accelerate", "datasets")
STEP_BARS = {CASES[0]: (8.0, 6.0), CASES[1]: (6.0, 4.5), CASES[2]: (4.5, None)}
"""(online, cached) by case."""


def seconds(work: Callable[[], object], into: list[float], walls: list[float] | None = None) -> None:
    """Run `work` and note its CPU (and wall) seconds."""
    from benchmarks.tree_peer import clock

    cpu, wall = clock()
    work()
    done_cpu, done_wall = clock()
    into.append(done_cpu - cpu)
    if walls is not None:
        walls.append(done_wall - wall)


def against_trl(case: Case, shape: Shape) -> tuple[dict[str, float], str]:
    """(the ratios of one case, a line with the seconds behind them)."""
    from benchmarks.tree_peer import Watch, trainer_of

    tokens = tokens_of(case, shape.vocabulary)
    own = Own(adapted(base_of(shape), shape), tokens)
    passes: list[float] = []
    seconds(own.reference, [])
    own.step()
    turns = [n * case.k // 3 for n in range(3)]
    peer, ours, walls = {}, {}, []
    for mode in ("online", "cached"):
        times: list[float] = []
        watch = Watch(lambda times=times: seconds(own.step, times), turns)
        seconds(own.reference, passes)
        trainer = trainer_of(
            base_of(shape),
            [tokens],
            shape.vocabulary,
            precompute=mode == "cached",
            steps=1,
            watch=watch,
            lora=lora_of(shape),
        )
        seconds(own.reference, passes)
        trainer.train()
        peer[mode], ours[mode] = sum(watch.cpu), statistics.median(times)
        walls += watch.wall
    given = [v for name in ("ref_chosen_logps", "ref_rejected_logps") for v in trainer.train_dataset[name]]
    mine = [own.references[i] for side in ("chosen", "rejected") for i in (getattr(p, side) for p in tokens.pairs)]
    off = max(abs(a - b) for a, b in zip(given, mine, strict=True))
    if off > 0.05:  # 32 bits over some 1,500 nats; another prompt or another token is worth whole nats
        raise AssertionError(f"TRL and the tree disagree on a reference log-probability by {off:.3g} nats")
    line = (
        f"TRL {peer['online']:.1f} s online, {peer['cached']:.1f} s cached, reference {trainer.reference_cpu:.1f} s; "
        f"tree {ours['online']:.2f} / {ours['cached']:.2f} s, reference {statistics.median(passes):.2f} s "
        f"(CPU; wall of TRL {walls[0]:.1f} / {walls[1]:.1f} s; references differ by {off:.1e} nats)"
    )
    return {
        "ratio_online": peer["online"] / ours["online"],
        "ratio_cached": peer["cached"] / ours["cached"],
        "ratio_reference": trainer.reference_cpu / statistics.median(passes),
    }, line


def exact(case: Case) -> dict[str, float]:
    """Against one row for each reply in 64 bits, with lengths divided by ten."""
    shape = SHAPES["exact"]
    models = [adapted(base_of(shape), shape, b_scale=0.1) for _ in range(2)]
    logps, gradient = exactness(*models, tokens_of(case.smaller(10), shape.vocabulary))
    return {"max_logp_diff": logps, "grad_rel_diff": gradient}


def _resident(field: str) -> float:
    """A field of /proc/self/status in MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise OSError(f"no {field} in /proc/self/status")


def peak(side: str, case: Case, shape: Shape) -> float:
    """Most MiB above the loaded model that one step takes, in this process: TRL at batch 1, or ours with all k pairs.

    A small step of another model goes before, so that lazily loaded code does not count; references are computed before.
    """
    if side == "own":
        work = _own_step(Case(16, 4, 2, True), shape)
        work()
        work = _own_step(case, shape)
    else:
        _peer_step(Case(16, 4, 2, True), shape)()
        # At batch 1 more pairs take no more memory; the second runs beside the gradient of the first.
        work = _peer_step(replace(case, k=2), shape)
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what the reference pass left over is given back
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark starts here
    before = _resident("VmRSS")
    work()
    return _resident("VmHWM") - before


def _own_step(case: Case, shape: Shape) -> Callable[[], object]:
    own = Own(adapted(base_of(shape), shape), tokens_of(case, shape.vocabulary))
    own.reference()
    return own.step


def _peer_step(case: Case, shape: Shape) -> Callable[[], object]:
    from benchmarks.tree_peer import trainer_of

    tokens = tokens_of(case, shape.vocabulary)
    trainer = trainer_of(base_of(shape), [tokens], shape.vocabulary, precompute=True, steps=1, lora=lora_of(shape))
    return trainer.train


@cache
def peak_of(side: str, case: Case, threads: int) -> float:
    """`peak` in a process of its own.

    Both sides run with every tensor in a mapping of its own: the peak is then what the step holds, the same within 1%
    from run to run.  With glibc's growing threshold it is what the heap happens to keep, up to twice as much.
    """
    number = str(CASES.index(case))
    command = [sys.executable, __file__, "--peak", side, "--case", number, "--threads", str(threads)]
    settings = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536"}
    done = subprocess.run(command, capture_output=True, text=True, env=settings)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return float(done.stdout.split()[-1])


def memory_ratio(case: Case, threads: int) -> tuple[float, str]:
    """Peak of ours with all k pairs over TRL's with one, which is the same for all cases of the same lengths."""
    like = next(c for c in CASES if (c.P, c.R) == (case.P, case.R))
    own, trl = peak_of("own", case, threads), peak_of("trl", like, threads)
    return own / trl, f"peak above the model: tree {own:.0f} MiB, TRL {trl:.0f} MiB"


def sft_tokens() -> float:
    """Tokens computed over real tokens, supervised training on the bundled train split with the tiny model's tokenizer."""
    from importlib.resources import as_file, files

    from redline.chat.template import ChatTemplate
    from redline.corpus import load_corpus
    from redline.drafting import DraftContext, Prompted, Task, strategy
    from redline.training.preference import PreferenceSet
    from redline.training.tokenise import LeftOut, tokenise
    from redline.training.trees import pack

    corpus = load_corpus("bundled").only(split="train")
    cases = {c.id: c for c in corpus.cases}
    sets = []
    for i, reply in enumerate(corpus.replies):
        asked = strategy("zero_shot").prepare(Task(cases[reply.case], reply.clinician), DraftContext())
        assert isinstance(asked, Prompted)
        sets.append(PreferenceSet(str(i), tuple(asked.messages), (reply.text,), own=0, case=reply.case))
    with as_file(files("redline") / "resources" / "tiny") as folder:
        tokens = list(tokenise(sets, ChatTemplate(Path(folder)), None, LeftOut(), pairs=False, need_pair=False))
    rows = pack(tokens, 4096)
    real = sum(len(t.prompt) + sum(map(len, t.replies)) for t in tokens)
    return sum(len(row.ids) for row in rows) / real


def changed_reply() -> tuple[int, int]:
    """Replies computed for 1,000 prompts with ten replies each, and again after one of the 10,000 is another."""
    shape = Shape(16, 32, 1, 2, 2, 64, "float32", 2)
    sets = [tokens_of(Case(4, 4, 9, True), shape.vocabulary, seed) for seed in range(1000)]
    place = random.Random(0).randrange(len(sets))
    old = sets[place]
    new = (*old.replies[:3], (*old.replies[3], old.replies[3][-1]), *old.replies[4:])
    after = [*sets[:place], replace(old, replies=new), *sets[place + 1 :]]
    return store_work(sets, after, adapted(base_of(shape), shape, b_scale=0.1))


def processor(options: argparse.Namespace) -> tuple[dict[str, Any], list[Bar]]:
    """Every case on the processor."""
    chosen = [CASES[1]] if options.quick else list(CASES[: options.cases])
    rows, bars = [], []
    from benchmarks.tree_peer import trainer_of

    tiny = SHAPES["exact"]  # the peer's first run loads and compiles what the timed ones need
    trainer_of(
        base_of(replace(tiny, dtype="float32")), [tokens_of(Case(8, 4, 2, True), tiny.vocabulary)], tiny.vocabulary,
        precompute=False, steps=1, lora=lora_of(tiny),
    ).train()  # fmt: skip
    with ThreadPoolExecutor(2) as both:  # memory does not mind the other's load
        peaks_of = dict(zip(chosen, both.map(lambda case: memory_ratio(case, options.threads), chosen), strict=True))
    for case in chosen:
        ratios, line = against_trl(case, SHAPES["small"])
        memory, peaks = peaks_of[case]
        row = {
            "P": case.P,
            "R": case.R,
            "k": case.k,
            "shared": case.shared,
            **ratios,
            "memory_ratio": memory,
            **exact(case),
        }
        rows.append(row)
        print(f"{case.name}: {line}; {peaks}", flush=True)
        online, cached = STEP_BARS[case]
        bars.append((f"{case.name}: step, times as fast as TRL online", row["ratio_online"], online, True))
        if cached is not None:
            bars.append((f"{case.name}: step, times as fast as TRL cached", row["ratio_cached"], cached, True))
        if case == CASES[0]:
            bars.append((f"{case.name}: reference pass, times as fast as TRL", row["ratio_reference"], 7.0, True))
        bars += [
            (f"{case.name}: peak memory over TRL's at batch 1", memory, 1.0, False),
            (f"{case.name}: largest difference of a log-probability, nats", row["max_logp_diff"], 1e-9, False),
            (f"{case.name}: relative difference of the gradient", row["grad_rel_diff"], 1e-6, False),
        ]
    first, again = changed_reply()
    bars.append((f"replies computed again when one of {first:,} changes", again, 1, False))
    bars.append(("SFT tokens computed over real tokens", sft_tokens(), 1.02, False))
    return {"cases": rows}, bars


def main() -> None:
    options = parsed()
    torch.set_num_threads(options.threads)
    os.environ["TQDM_DISABLE"] = "1"
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")
    if options.peak:
        print(peak(options.peak, CASES[options.case], SHAPES["small"]))
        return
    about = machine(*PACKAGES)
    if options.device == "cuda":
        if not torch.cuda.is_available():
            sys.exit("--device cuda: torch finds no GPU here")
        from benchmarks.tree_gpu import graphics

        figures, bars = graphics(replace(SHAPES[options.shape], dtype=options.dtype), list(CASES[: options.cases]))
    else:
        figures, bars = processor(options)
    table(figures["cases"])
    about["load"] = f"{about['load']} at the start, {os.getloadavg()[0]:.2f} at the end"
    print(f"against trl.DPOTrainer; threads {options.threads}; {json.dumps(about)}")
    finish({"versions": about["versions"] | {"python": about["python"]}, **figures}, bars, options.json)


def table(rows: list[dict[str, Any]]) -> None:
    """The figures as a Markdown table."""
    names = list(rows[0]) if rows else []
    print("| " + " | ".join(names) + " |\n|" + " --- |" * len(names))
    for row in rows:
        print("| " + " | ".join(f"{v:.3g}" if isinstance(v, float) else str(v) for v in row.values()) + " |")


def parsed() -> argparse.Namespace:
    """Options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--threads", type=int, default=1, help="threads of both sides")
    parser.add_argument("--cases", type=int, default=len(CASES), help="only the first CASES")
    parser.add_argument("--quick", action="store_true", help="only the smallest case")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--shape", choices=("1b", "8b"), default="1b", help="sizes of the model on a GPU")
    parser.add_argument("--dtype", choices=("bfloat16", "float32"), default="bfloat16", help="numbers on a GPU")
    parser.add_argument("--peak", choices=("own", "trl"), help=argparse.SUPPRESS)
    parser.add_argument("--case", type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
