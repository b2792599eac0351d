"""A small adapter for each clinician, on top of the shared one."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from redline.chat.adapters import read_adapter, slug_of
from redline.errors import UsageError
from redline.training.adapt.policy import open_ground
from redline.training.adapt.ranks import is_first_process
from redline.training.adapt.run import Adapted, NothingToLearnError, Tell, adapt, check_themes, processes
from redline.training.adapt.settings import AdaptSettings
from redline.training.adapters import bind
from redline.training.preference import PreferenceSet

__all__ = ["Personal", "adapt_clinicians"]


@dataclass
class Personal:
    """Adapters by clinician, and why some clinicians have none."""

    made: dict[str, Adapted] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def adapt_clinicians(
    settings: AdaptSettings, sets: Sequence[PreferenceSet], out: Path, clinicians: Sequence[str] = (), *, tell: Tell
) -> Personal:
    """Train and bind one adapter for every clinician (or those named) with at least `least_replies` prompts among `sets`.

    A clinician with fewer is left out: the shared adapter answers for them.  `clinicians.json` in `out` names the current
    adapter of each; an adapter that is there already and was made from the same things is found again, not made twice.
    """
    own: dict[str, list[PreferenceSet]] = {}
    for one in sets:
        if one.clinician is not None:
            own.setdefault(one.clinician, []).append(one)
    if not own:
        raise UsageError("no set says which clinician it belongs to, so there is nobody to adapt to")
    unknown = sorted(set(clinicians) - set(own))
    if unknown:
        raise UsageError(f"nothing is known of {', '.join(unknown)}; there are {', '.join(sorted(own))}")
    check_themes(settings.loss.themes, sets)
    first = is_first_process()  # of several processes one writes what is bound
    ground = open_ground(settings, str(processes(settings).device))  # once: a base's digest takes as long as reading it
    found, least = Personal(), settings.data.least_replies
    for who in clinicians or sorted(own):
        prompts = len({s.case or s.id for s in own[who]})
        if prompts < least:
            found.left_out[who] = f"{prompts} replies or edits, at least {least} are needed"
            continue
        tell(f"clinician {who}: {len(own[who])} sets", 0, 0, "")
        named = settings.model_copy(update={"name": slug_of(who)})
        try:
            found.made[who] = adapt(named, "personal", own[who], out, clinician=who, ground=ground, tell=tell)
        except NothingToLearnError as error:
            found.left_out[who] = str(error)
            continue
        if first:
            _bind_shared(settings, out)  # only now: a folder without anybody's adapter would still look like one with
            bind(out, found.made[who].info.id, who)
    if not found.made:
        raise UsageError(
            "no clinician has enough to learn from ([data] least_replies in --config changes the limit): "
            + "; ".join(f"{w}: {why}" for w, why in found.left_out.items())
        )
    return found


def _bind_shared(settings: AdaptSettings, out: Path) -> None:
    """The shared adapter answers for clinicians without one of their own; it is copied beside the personal ones."""
    if settings.model.adapter is None:
        return
    info = read_adapter(settings.model.adapter)
    place = out / info.id
    if not place.exists():
        out.mkdir(parents=True, exist_ok=True)
        part = out / f".{info.id}.part"
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(info.folder, part)
        part.rename(place)
    bind(out, info.id, None)
