"""Where a study is and what may be done there; its key is plain text, so that a worker elsewhere can open it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from redline.chat import ChatModel, ModelOptions, Prices, chat_model
from redline.corpus import Corpus, CorpusSource, load_corpus, parse_mapping
from redline.records import digest
from redline.study.grid import CellSpec, cells_of, sampled
from redline.study.leakage import without_asked
from redline.study.spec import CorpusSpec, ModelSpec, StudySpec
from redline.taxonomy import Taxonomy, default_taxonomy

__all__ = ["StudyPlace"]


@dataclass(frozen=True)
class StudyPlace:
    """A study and its folder.  Corpora and models are opened when they are first asked for, once an object.

    `allow_remote` are hosts that a person has allowed; `record` is a file that completions are recorded into.  A place that
    is not `asking` is only looked at: its models are named and counted with, whatever their host, and never asked.
    """

    spec: StudySpec
    folder: Path
    allow_remote: frozenset[str] = frozenset()
    record: Path | None = None
    asking: bool = True
    _open: dict[str, Corpus] = field(default_factory=dict, repr=False, compare=False)

    @property
    def key(self) -> tuple[str, ...]:
        """All of it as texts, for a worker elsewhere."""
        record = "" if self.record is None else str(self.record)
        return (self.spec.model_dump_json(), str(self.folder), record, *sorted(self.allow_remote))

    @classmethod
    def from_key(cls, key: tuple[str, ...]) -> StudyPlace:
        """The same place, nothing opened."""
        spec, folder, record, *allowed = key
        return cls(
            StudySpec.model_validate_json(spec), Path(folder), frozenset(allowed), Path(record) if record else None
        )

    @property
    def store_path(self) -> Path:
        """The study store."""
        return self.folder / "study.sqlite"

    @cached_property
    def taxonomy(self) -> Taxonomy:
        """The themes of this study."""
        return default_taxonomy() if self.spec.taxonomy is None else Taxonomy.from_yaml(self.spec.taxonomy)

    @cached_property
    def taxonomy_digest(self) -> str:
        """Of every theme with its words: they stand in prompts."""
        return digest(repr(self.taxonomy))

    @cached_property
    def models(self) -> dict[str, ChatModel]:
        """Every model of the study by its title; unknown names are said here, weights are loaded later."""
        return {m.title: chat_model(m.use, self._options(m)) for m in self.spec.models}

    @cached_property
    def cells(self) -> list[CellSpec]:
        """The grid."""
        return cells_of(self.spec, {title: model.name for title, model in self.models.items()})

    def corpus(self, spec: CorpusSpec) -> Corpus:
        """The cases to answer, with their replies and without the drafts that the corpus may bring along."""
        key = f"asked:{spec.name}"
        if key not in self._open:
            whole = self._load(spec.path, spec)
            found = sampled(whole, spec, self.spec.seed)
            self._open[key] = Corpus(found.name, found.cases, found.replies, (), found.provenance)
        return self._open[key]

    def learned(self, spec: CorpusSpec) -> Corpus:
        """The cases that strategies may learn from: never one of those that are asked about, nor a near-duplicate."""
        key = f"learned:{spec.name}"
        if key not in self._open:
            whole = self._load(spec.learn or spec.path, spec)
            split = spec.learn_split or ("train" if spec.learn is None else None)
            part = whole.only(split=split) if split is not None else whole
            other = spec.learn not in (None, spec.path)
            left = without_asked(part, self.corpus(spec), same_source=not other)
            self._open[key] = _renamed(left) if other else left  # ids of two sources may be equal by chance
        return self._open[key]

    def _load(self, path: str, spec: CorpusSpec) -> Corpus:
        mapping = parse_mapping([f"{k}={v}" for k, v in spec.map.items()])
        key = f"file:{path}:{digest(mapping)}"
        if key not in self._open:
            self._open[key] = load_corpus(CorpusSource(path, mapping, taxonomy=self.taxonomy), need_replies=False)
        return self._open[key]

    def _options(self, model: ModelSpec) -> ModelOptions:
        allowed = self.allow_remote if self.asking else self.allow_remote | _host(model.use)
        return ModelOptions(
            allow_remote=allowed, prices=Prices(model.price_in, model.price_out), concurrent=model.concurrent or 8,
            timeout=model.timeout, key_variable=model.key_variable, window=model.window, name=model.name or "",
            tokenizer=Path(model.tokenizer) if model.tokenizer else None, device=model.device,
        )  # fmt: skip


def _renamed(corpus: Corpus) -> Corpus:
    """The same cases under ids that no other source has."""
    return replace(
        corpus,
        cases=tuple(replace(c, id=f"learned:{c.id}") for c in corpus.cases),
        replies=tuple(replace(r, case=f"learned:{r.case}") for r in corpus.replies),
        drafts=(),
    )


def _host(use: str) -> frozenset[str]:
    """The host in `openai:MODEL@URL`."""
    host = urlsplit(use.rpartition("@")[2]).hostname if use.startswith("openai:") else None
    return frozenset() if host is None else frozenset({host})
