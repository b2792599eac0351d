"""From settings to an adapter: policy, material, references, training, saving."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from redline.chat.adapters import CARD, AdapterInfo, is_adapter, read_adapter
from redline.errors import UsageError
from redline.files import check_target, write_json
from redline.records import digest
from redline.training.adapt.checkpoint import State
from redline.training.adapt.loop import Examples, Training
from redline.training.adapt.material import held_out, some_cases
from redline.training.adapt.policy import OWN, Policy, open_policy
from redline.training.adapt.settings import AdaptSettings, Method
from redline.training.adapters import Lora, lora_of, read_lora, save_adapter, stacked
from redline.training.objective import Objective
from redline.training.preference import PreferenceSet
from redline.training.references import ReferenceStore, reference_logps
from redline.training.tokenise import LeftOut, tokenise
from redline.training.trees import TokenSet, scorer_for

__all__ = ["Adapted", "NothingToLearnError", "Tell", "adapt", "check_themes"]

Tell = Callable[[str, int, int, str], None]
"""(what is done, how much, of how much, in words)."""


class NothingToLearnError(UsageError):
    """No set is left to train on; the message gives the reasons."""


@dataclass(frozen=True)
class Adapted:
    """A saved adapter and how it came about."""

    info: AdapterInfo
    card: Mapping[str, Any]


def adapt(
    settings: AdaptSettings, method: Method, sets: Sequence[PreferenceSet], out: Path, *, clinician: str | None = None,
    tell: Tell = lambda what, done, total, words: None,
) -> Adapted:  # fmt: skip
    """Train an adapter on `sets` and save it as `out/NAME@digest`.

    The state is in `out/NAME.run` (checkpoint, metrics, references); the same call goes on after an interruption and gives
    the same weights.
    """
    from accelerate import Accelerator

    check_target(out / f"{settings.name}.run" / "metrics.jsonl")
    wanted_cpu = _runs_on_cpu(settings.model.device)
    accelerator = Accelerator(cpu=wanted_cpu)
    here = "cpu" if wanted_cpu else str(accelerator.device)
    policy = open_policy(settings, method, here)
    if settings.train.checkpointing:
        policy.model.gradient_checkpointing_enable({"use_reentrant": False})
    if method == "tadpole":
        check_themes(settings.loss.themes, sets)
    left_out = LeftOut()
    trained, held = _examples(settings, method, sets, policy, left_out)
    scorer, why = scorer_for(policy.model, torch.bfloat16 if policy.dtype == "bfloat16" else None)
    if why:
        tell(f"plain rows: {why}", 0, 0, "")
    objective = _objective(settings, method, any(s.pairs for s in trained))
    folder = out / f"{settings.name}.run"
    made_from = _made_from(settings, method, policy, trained, held)
    finished = _finished(out, folder, made_from)
    if finished is not None:
        return finished
    examples, validation = _with_references(
        policy, scorer, objective, trained, held, settings, folder, accelerator, tell
    )
    training = Training(
        policy, scorer, examples, validation, objective, settings, accelerator, folder, made_from,
        lambda done, total, words: tell("steps", done, total, words),
    )  # fmt: skip
    state = training.run()
    card = _card(settings, method, policy, state, left_out, trained, held, made_from, why)
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        write_json(folder / "settings.json", settings.model_dump(mode="json"))
        files: dict[str, str | bytes] = {
            "settings.json": json.dumps(_portable(settings), indent=1) + "\n",
            "metrics.jsonl": (folder / "metrics.jsonl").read_bytes(),
        }
        info = save_adapter(
            _saved(policy, settings, method), out, settings.name, base=policy.base, card=card, files=files,
            clinician=clinician, parent=policy.start,
        )  # fmt: skip
        write_json(folder / "result.json", {"id": info.id, "made_from": made_from})
        (folder / "checkpoint.pt").unlink(missing_ok=True)
    accelerator.wait_for_everyone()
    done = _finished(out, folder, made_from)
    assert done is not None
    return done


def _runs_on_cpu(device: str) -> bool:
    """Whether to train on the CPU; `UsageError` where a GPU is asked for by name and there is none."""
    if device == "cuda" and not torch.cuda.is_available():
        raise UsageError(
            "the device cuda is asked for, but no GPU can be used here; write cpu, or auto for what there is"
        )
    return device == "cpu" or not torch.cuda.is_available()


def _examples(
    settings: AdaptSettings, method: Method, sets: Sequence[PreferenceSet], policy: Policy, left_out: LeftOut
) -> tuple[list[TokenSet], list[TokenSet]]:
    pairs = method in ("tadpole", "personal")
    found = []
    chosen = some_cases(sets, settings.data.cases, settings.seed)
    for part in held_out(chosen, settings.data.validation, settings.seed):
        tokens = tokenise(part, policy.template, policy.window, left_out, pairs=pairs, need_pair=method == "tadpole")
        found.append([_weighted(one, settings.loss.themes) for one in tokens])
    if not found[0]:
        reasons = "; ".join(f"{n} x {why}" for why, n in left_out.sets.items()) or "there is no set"
        raise NothingToLearnError(f"nothing to train on: {reasons}")
    return found[0], found[1]


def check_themes(weights: Mapping[str, float], sets: Sequence[PreferenceSet]) -> None:
    """`UsageError` where a weight is given to a theme that no pair has: it would do nothing."""
    there = {p.theme for s in sets for p in s.pairs if p.theme is not None}
    unknown = sorted(set(weights) - there)
    if unknown:
        raise UsageError(
            f"[loss] themes: no pair has the theme {', '.join(unknown)}; the pairs have {', '.join(sorted(there)) or 'none'}"
        )


def _weighted(one: TokenSet, themes: Mapping[str, float]) -> TokenSet:
    if not themes:
        return one
    return replace(one, pairs=tuple(replace(p, weight=p.weight * themes.get(p.theme or "", 1.0)) for p in one.pairs))


def _objective(settings: AdaptSettings, method: Method, pairs: bool) -> Objective:
    loss = settings.loss
    if method == "tadpole" or (method == "personal" and pairs):
        return Objective(loss.kind, loss.beta, loss.smoothing, loss.sft, loss.average)
    return Objective(sft=1.0)


def _with_references(
    policy: Policy, scorer: Any, objective: Objective, trained: list[TokenSet], held: list[TokenSet],
    settings: AdaptSettings, folder: Path, accelerator: Any, tell: Tell,
) -> tuple[Examples, Examples]:  # fmt: skip
    """Reference log-probabilities of the untouched model, under the same scorer as the training; a checkpoint is taken up
    only afterwards.  Several processes share the work through the store.
    """
    if objective.loss is None:
        return Examples(trained), Examples(held)
    everything = [*trained, *held]
    scorer.eval().to(accelerator.device)

    def score(row: Any) -> Any:
        with torch.no_grad():
            return scorer(row).tolist()

    with accelerator.main_process_first():  # several at once may lock each other out while the file is made
        store = ReferenceStore(folder / "references.sqlite")
    with store:
        mine = everything[accelerator.process_index :: accelerator.num_processes]
        budget = settings.train.row_tokens
        reference_logps(
            store, policy.reference, mine, score, budget, lambda done, total: tell("references", done, total, "")
        )
        accelerator.wait_for_everyone()
        found = reference_logps(store, policy.reference, everything, score, budget)
    return Examples(trained, found[: len(trained)]), Examples(held, found[len(trained) :])


def _made_from(
    settings: AdaptSettings, method: Method, policy: Policy, trained: Sequence[TokenSet], held: Sequence[TokenSet]
) -> str:
    """Everything that the weights after a step depend on."""
    said = settings.model_dump(mode="json", include={"seed", "lora", "loss", "train", "stop"})
    said["train"].pop("save_every")
    return digest([said, method, policy.base.digest, policy.start, policy.dtype, _material((trained, held))])


def _material(parts: Sequence[Sequence[TokenSet]]) -> str:
    """Digest of sets in tokens, one after the other: as one JSON text a large corpus would take gigabytes."""
    total = hashlib.sha256()
    for part in parts:
        total.update(f"{len(part)} sets\n".encode())
        for s in part:
            pairs = [[p.chosen, p.rejected, p.weight] for p in s.pairs]
            total.update(json.dumps([len(s.prompt), [len(r) for r in s.replies], pairs, s.learn]).encode())
            for ids in (s.prompt, *s.replies):
                total.update(np.asarray(ids, dtype="<i4").tobytes())
    return total.hexdigest()


def _saved(policy: Policy, settings: AdaptSettings, method: Method) -> Lora:
    """The trained adapter; together with the shared one below it where it is a clinician's own."""
    own = lora_of(policy.model, OWN)
    if method == "personal" and settings.model.adapter:
        return stacked(read_lora(Path(settings.model.adapter)), own)
    return own


def _card(
    settings: AdaptSettings, method: Method, policy: Policy, state: State, left_out: LeftOut,
    trained: Sequence[TokenSet], held: Sequence[TokenSet], made_from: str, plain: str,
) -> dict[str, Any]:  # fmt: skip
    names = ("torch", "transformers", "peft", "accelerate")
    return {
        "method": method,
        "settings": _portable(settings),
        "base": {"name": policy.base.name, "digest": policy.base.digest},
        "start": policy.start,
        "template": policy.template.digest,
        "dtype": policy.dtype,
        "made_from": made_from,
        "sets": len(trained),
        "validation_sets": len(held),
        "pairs": sum(len(s.pairs) for s in trained),
        "replies": sum(len(s.replies) for s in trained),
        "left_out": left_out.as_dict(),
        "plain_rows": plain,
        "steps": state.step,
        "best_step": state.best[1] if state.best else state.step,
        "stopped_early": state.stopped,
        "validation": state.history,
        "versions": {name: version(name) for name in names},
    }


def _portable(settings: AdaptSettings) -> dict[str, Any]:
    """The resolved settings with names for places of this machine; digests say what they held."""
    said: dict[str, Any] = settings.model_dump(mode="json")
    for table, key in (("model", "base"), ("model", "adapter"), ("data", "corpus"), ("data", "sets")):
        if said[table][key]:
            said[table][key] = Path(said[table][key]).name
    return said


def _finished(out: Path, folder: Path, made_from: str) -> Adapted | None:
    """The adapter that a run with the same settings, material and weights has made already."""
    try:
        result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        if result["made_from"] != made_from or not is_adapter(out / result["id"]):
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    info = read_adapter(out / result["id"])
    return Adapted(info, json.loads((info.folder / CARD).read_text(encoding="utf-8"))["card"])
