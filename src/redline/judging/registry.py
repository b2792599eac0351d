"""Names of judges, as a person writes them, to judges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points

from redline.chat import ChatModel, ModelOptions, OpenAiModel, Prices, chat_model, model_names
from redline.encoder import bundled_encoder, read_card
from redline.errors import UsageError
from redline.judging.cascade import CascadeJudge
from redline.judging.contract import ContentJudge, ThemeJudge
from redline.judging.encoder import EncoderContentJudge, EncoderThemeJudge
from redline.judging.exact import ExactJudge
from redline.judging.human import HumanJudge, HumanThemeJudge
from redline.judging.llm import LlmJudge
from redline.judging.llm_themes import LlmThemeJudge
from redline.judging.panel import PanelJudge
from redline.taxonomy import Taxonomy, default_taxonomy

__all__ = ["JudgeOptions", "content_judge", "judge_names", "theme_judge"]


@dataclass(frozen=True)
class JudgeOptions:
    """What a judge that is named in one word may still need: allowed hosts, prices for a million tokens."""

    allow_remote: frozenset[str] = frozenset()
    prices: Prices = Prices()
    concurrent: int = 8


FORMS = {
    "encoder": "encoder, or encoder:FOLDER for one that you trained",
    "exact": "exact",
    "human": "human:ANNOTATIONS.jsonl, or human:EDITS.jsonl+PAIRS.jsonl in the forms of the corpus (human:NAME@EDITS+PAIRS for one "
    "annotator)",
    "llm": "llm:MODEL@http://HOST:PORT/v1, or llm: and any model as drafts name it (llm:hf:FOLDER+ADAPTER, llm:tiny)",
    "panel": "panel:JUDGE,JUDGE[,JUDGE]",
    "cascade": "cascade:JUDGE,JUDGE",
}
HUMAN_THEMES = "human:LABELS.jsonl+TEXTS.jsonl (human:NAME@LABELS+TEXTS for one annotator)"


def judge_names() -> tuple[str, ...]:
    """Built-in judges and those of installed packages (entry points `redline.judges`)."""
    return (*FORMS, *sorted(e.name for e in entry_points(group="redline.judges")))


def content_judge(spec: str = "encoder", options: JudgeOptions | None = None) -> ContentJudge:
    """The judge that `spec` names.

    >>> content_judge("exact").signature
    'exact@near92'
    >>> content_judge("panel:exact,exact").name
    'panel'
    """
    name, _, rest = spec.partition(":")
    makers: Mapping[str, Callable[[str, JudgeOptions], ContentJudge]] = {
        "encoder": lambda r, o: EncoderContentJudge(read_card(r) if r else bundled_encoder()),
        "exact": lambda r, o: ExactJudge(),
        "human": lambda r, o: HumanJudge.from_spec(_needed(r, "human")),
        "llm": _llm,
        "panel": lambda r, o: PanelJudge(_members(r, o)),
        "cascade": _cascade,
    }
    if name in makers:
        return makers[name](rest, options or JudgeOptions())
    for entry in entry_points(group="redline.judges"):
        if entry.name == name:
            judge: ContentJudge = entry.load()(rest)
            return judge
    raise UsageError(f"there is no judge {name!r}; write one of: " + "; ".join(FORMS.values()))


def theme_judge(
    spec: str = "encoder", options: JudgeOptions | None = None, taxonomy: Taxonomy | None = None
) -> ThemeJudge:
    """The theme classifier that `spec` names: `encoder`, `encoder:FOLDER`, `llm:` as for content judges, or
    `human:[NAME@]LABELS+TEXTS` for what people said.

    A language model is told the themes of `taxonomy`; an encoder knows those that it was trained on.

    >>> theme_judge("llm:m@http://localhost:8000/v1").name
    'llm'
    """
    name, _, rest = spec.partition(":")
    if name == "llm":
        return LlmThemeJudge(_chat_model(rest, options or JudgeOptions()), taxonomy or default_taxonomy())
    if name == "human":
        if "+" not in rest:
            raise UsageError(f"the classifier 'human' needs two files: write {HUMAN_THEMES}")
        return HumanThemeJudge.from_spec(rest, taxonomy or default_taxonomy())
    if name != "encoder":
        known = f"encoder, encoder:FOLDER, {HUMAN_THEMES}, or {FORMS['llm']}"
        raise UsageError(f"there is no theme classifier {name!r}; write {known}")
    return EncoderThemeJudge(read_card(rest) if rest else bundled_encoder())


def _needed(rest: str, name: str) -> str:
    if not rest:
        raise UsageError(f"the judge {name!r} needs more: write {FORMS[name]}")
    return rest


def _members(rest: str, options: JudgeOptions) -> tuple[ContentJudge, ...]:
    return tuple(content_judge(part.strip(), options) for part in rest.split(",") if part.strip())


def _cascade(rest: str, options: JudgeOptions) -> ContentJudge:
    members = _members(rest, options)
    if len(members) != 2:
        raise UsageError(f"a cascade has two judges, not {len(members)}: write {FORMS['cascade']}")
    return CascadeJudge(*members)


def _llm(rest: str, options: JudgeOptions) -> ContentJudge:
    return LlmJudge(_chat_model(rest, options))


def _chat_model(rest: str, options: JudgeOptions) -> ChatModel:
    """MODEL@URL, where MODEL may hold colons, or else what `redline.chat.chat_model` takes."""
    kind, _, _ = rest.partition(":")
    model, at, url = rest.rpartition("@")
    if kind != "openai" and model and at and "://" in url:
        return OpenAiModel(url, model, options.allow_remote, prices=options.prices, concurrent=options.concurrent)
    if kind not in model_names():
        raise UsageError(f"write {FORMS['llm']}")
    return chat_model(rest, ModelOptions(options.allow_remote, options.prices, options.concurrent))
