"""Which adapter answers: one for everybody, or one for each clinician."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from redline.chat.adapters.clinicians import CLINICIANS, read_clinicians
from redline.chat.adapters.identity import CONFIG
from redline.chat.adapters.info import AdapterInfo, read_adapter
from redline.chat.adapters.lookup import find_adapter
from redline.chat.contract import AdapterChoice, ChatRequest
from redline.chat.weights import find_folder
from redline.errors import UsageError
from redline.records import digest

__all__ = ["AdapterSet", "adapter_set"]


@dataclass(frozen=True)
class AdapterSet:
    """The adapters of a model: `folders` by id, the id that is `current` for a clinician, and the id `otherwise` (empty:
    the base model).  `personal` where clinicians have their own; `single` where there is one for everybody.
    """

    folders: Mapping[str, Path] = field(default_factory=dict)
    current: Mapping[str, str] = field(default_factory=dict)
    otherwise: str = ""
    personal: bool = False
    single: AdapterInfo | None = None

    @property
    def digest(self) -> str:
        """Of the ids, which hold the digests of the content, and of whose they are."""
        return digest([dict(self.current), self.otherwise, self.personal])

    def choose(self, clinician: str | None) -> AdapterChoice:
        """The adapter of `clinician`; with a remark where it is not their own."""
        if clinician is not None and clinician in self.current:
            return AdapterChoice(self.current[clinician])
        if not self.personal:
            return AdapterChoice(self.otherwise)
        instead = "the shared adapter" if self.otherwise else "the base model"
        whose = "for nobody in particular" if clinician is None else "no adapter of this clinician"
        return AdapterChoice(self.otherwise, f"{whose}: {instead} answered")

    def named(self, request: ChatRequest) -> str:
        """The adapter that a request names, else that of the clinician whom its tag names."""
        if not request.adapter:
            return self.choose(request.tag.clinician if request.tag else None).id
        if request.adapter not in self.folders:
            raise UsageError(f"this model has no adapter {request.adapter!r}")
        return request.adapter


def adapter_set(source: str, *, download: bool = False) -> AdapterSet:
    """The adapter, or the personal adapters, in the folder `source`.

    Of personal adapters only the ids are read here; their content is read, and held against the id, when one is used.
    """
    source = find_adapter(source)
    folder = Path(source).expanduser()
    if (folder / CLINICIANS).is_file():
        found = read_clinicians(folder)
        places = {one: found.place(one) for one in found.ids}
        return AdapterSet(places, found.current, found.shared or "", personal=True)
    if not download and not folder.is_dir() and folder.parent != Path():
        raise UsageError(f"there is no adapter in {source}")
    if folder.is_dir() and not (folder / CONFIG).is_file():
        inside = sorted(p.name for p in folder.iterdir() if (p / CONFIG).is_file())
        if inside:
            raise UsageError(f"{source} is a folder of adapters; name one of them: {', '.join(inside[:8])}")
    folder = find_folder(source, download=download, wanted=CONFIG)
    info = read_adapter(folder)
    return AdapterSet({info.id: folder}, otherwise=info.id, single=info)
