"""From settings to an adapter: policy, material, references, training, saving."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from redline.errors import UsageError
from redline.files import check_target, only_one, write_json
from redline.training.adapt.loop import Examples, Training
from redline.training.adapt.made import Adapted, find_finished, keep_result, made_from, make_card, portable
from redline.training.adapt.material import held_out, some_cases
from redline.training.adapt.policy import OWN, Ground, Policy, open_ground, open_policy
from redline.training.adapt.settings import AdaptSettings, Method
from redline.training.adapters import Lora, lora_of, read_lora, save_adapter, stacked
from redline.training.objective import Objective
from redline.training.preference import PreferenceSet
from redline.training.references import ReferenceStore, reference_logps
from redline.training.tokenise import LeftOut, tokenise
from redline.training.trees import TokenSet, scorer_for

__all__ = ["Adapted", "NothingToLearnError", "Tell", "adapt", "check_themes", "processes"]

Tell = Callable[[str, int, int, str], None]
"""(what is done, how much, of how much, in words)."""


class NothingToLearnError(UsageError):
    """No set is left to train on; the message gives the reasons."""


def adapt(
    settings: AdaptSettings, method: Method, sets: Sequence[PreferenceSet], out: Path, *, clinician: str | None = None,
    held: Sequence[PreferenceSet] | None = None, ground: Ground | None = None, tell: Tell = lambda what, done, total, words: None,
) -> Adapted:  # fmt: skip
    """Train an adapter on `sets` and save it as `out/NAME@digest`.

    The state is in `out/NAME.run` (checkpoint, metrics, references); the same call goes on after an interruption and gives
    the same weights.  `held` are the sets of the validation (None: a share of the cases of `sets`).  `ground` is what
    `open_ground` found before, where several runs stand on the same.
    """
    folder = out / f"{settings.name}.run"
    check_target(folder / "metrics.jsonl")
    accelerator = processes(settings)
    ground = ground or open_ground(settings, str(accelerator.device))
    if method == "tadpole":
        check_themes(settings.loss.themes, sets)
    left_out = LeftOut()
    trained, validated = _examples(settings, method, sets, held, ground, left_out)
    made = made_from(settings, method, ground, trained, validated)
    busy = f"another run is at work in {folder}; wait for it, or name another --out or --name"
    with only_one(folder, "run.lock", busy) if accelerator.is_main_process else nullcontext():
        finished = find_finished(out, folder, made)
        accelerator.wait_for_everyone()
        if finished is not None:
            tell(f"made before: {finished.info.id}", 0, 0, "")
            return finished
        policy = open_policy(ground, settings, method)
        card = _train(policy, settings, method, (trained, validated), left_out, made, folder, accelerator, tell)
        if accelerator.is_main_process:
            _save(policy, settings, method, card, out, folder, clinician)
        accelerator.wait_for_everyone()
    done = find_finished(out, folder, made)
    assert done is not None
    return done


def processes(settings: AdaptSettings) -> Any:
    """The one or several processes that a launcher started; `UsageError` where a GPU is asked for by name and there is none."""
    from accelerate import Accelerator

    if settings.model.device == "cuda" and not torch.cuda.is_available():
        raise UsageError(
            "the device cuda is asked for, but no GPU can be used here; write cpu, or auto for what there is"
        )
    return Accelerator(cpu=settings.model.device == "cpu" or not torch.cuda.is_available())


def _train(
    policy: Policy, settings: AdaptSettings, method: Method, material: tuple[list[TokenSet], list[TokenSet]],
    left_out: LeftOut, made: str, folder: Path, accelerator: Any, tell: Tell,
) -> dict[str, Any]:  # fmt: skip
    """References, then the loop; returns the card."""
    trained, held = material
    if settings.train.checkpointing:
        policy.model.gradient_checkpointing_enable({"use_reentrant": False})
    scorer, why = scorer_for(policy.model, torch.bfloat16 if policy.ground.dtype == "bfloat16" else None)
    if why:
        tell(f"plain rows: {why}", 0, 0, "")
    objective = _objective(settings, method, any(s.pairs for s in trained))
    try:
        examples, validation = _with_references(
            policy, scorer, objective, trained, held, settings, folder, accelerator, tell
        )
        training = Training(
            policy, scorer, examples, validation, objective, settings, accelerator, folder, made,
            lambda done, total, words: tell("steps", done, total, words),
        )  # fmt: skip
        state = training.run()
    except torch.OutOfMemoryError:
        raise UsageError(
            f"a row of up to {settings.train.row_tokens} tokens does not fit into the memory of {policy.ground.device}: lower "
            "[train] row_tokens, or set [train] checkpointing = true; the same command then goes on where it can"
        ) from None
    return make_card(settings, method, policy.ground, state, left_out, trained, held, made, why)


def _save(
    policy: Policy, settings: AdaptSettings, method: Method, card: dict[str, Any], out: Path, folder: Path, clinician: str | None
) -> None:  # fmt: skip
    """The adapter under its id, then the result, then no checkpoint: killed in between, the same call ends the same."""
    write_json(folder / "settings.json", settings.model_dump(mode="json"))
    files: dict[str, str | bytes] = {
        "settings.json": json.dumps(portable(settings), indent=1) + "\n",
        "metrics.jsonl": (folder / "metrics.jsonl").read_bytes(),
    }
    info = save_adapter(
        _saved(policy, settings, method), out, settings.name, base=policy.ground.base, card=card, files=files,
        clinician=clinician, parent=policy.ground.began,
    )  # fmt: skip
    keep_result(folder, Adapted(info, card), card["made_from"])
    (folder / "checkpoint.pt").unlink(missing_ok=True)


def _examples(
    settings: AdaptSettings,
    method: Method,
    sets: Sequence[PreferenceSet],
    held: Sequence[PreferenceSet] | None,
    ground: Ground,
    left_out: LeftOut,
) -> tuple[list[TokenSet], list[TokenSet]]:
    pairs = method in ("tadpole", "personal")
    found = []
    chosen = some_cases(sets, settings.data.cases, settings.seed)
    data = settings.data
    parts = (
        (chosen, held) if held is not None else held_out(chosen, data.validation, settings.seed, data.validation_cases)
    )
    for part in parts:
        tokens = tokenise(part, ground.template, ground.window, left_out, pairs=pairs, need_pair=method == "tadpole")
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
        found = reference_logps(
            store, policy.ground.reference, mine, score, budget, lambda done, total: tell("references", done, total, "")
        )
        accelerator.wait_for_everyone()
        if len(mine) < len(everything):  # the others' are in the store now
            found = reference_logps(store, policy.ground.reference, everything, score, budget)
    return Examples(trained, found[: len(trained)]), Examples(held, found[len(trained) :])


def _saved(policy: Policy, settings: AdaptSettings, method: Method) -> Lora:
    """The trained adapter; together with the shared one below it where it is a clinician's own."""
    own = lora_of(policy.model, OWN)
    if method == "personal" and settings.model.adapter:
        return stacked(read_lora(Path(settings.model.adapter)), own)
    return own
