"""A study as its file says it: corpora, models, strategies, judge, seeds, budget."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

__all__ = [
    "BudgetSpec", "CorpusSpec", "DraftingSpec", "JudgeSpec", "LabelsSpec", "ModelSpec", "RunSpec", "ScoreSpec", "StudySpec",
]  # fmt: skip

Name = Annotated[str, StringConstraints(pattern=r"^[\w][\w.+-]*$", max_length=80)]
Money = Annotated[float, Field(ge=0)]


def _number(value: object) -> object:
    """A whole number where a text says one: TOML tells them apart, and so do we."""
    return "yes/no" if isinstance(value, bool) else value


Count = Annotated[int, BeforeValidator(_number), Field(ge=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, strict=False, allow_inf_nan=False)


class CorpusSpec(_Table):
    """Messages to answer.  `learn` and `learn_split` name the past replies that strategies may learn from (default: the
    `train` split of the same corpus where it has one); cases asked about are never among them.  `cases` draws a seeded
    sample.  `clinicians` are those that personal strategies draft for (default: those who answered the message themselves).
    """

    name: Name
    path: str
    split: str | None = None
    cases: Count | None = None
    learn: str | None = None
    learn_split: str | None = None
    clinicians: tuple[str, ...] = ()
    map: dict[str, str] = {}


class ModelSpec(_Table):
    """A language model, known in the study by its `name` (or its `use`); `strategies` restricts it to some.

    `seconds_a_call` is only used to tell time before a run.
    """

    use: str
    name: Name | None = None
    strategies: tuple[str, ...] | None = None
    price_in: Money = 0.0
    price_out: Money = 0.0
    window: Count | None = None
    concurrent: Count | None = None
    timeout: Annotated[float, Field(gt=0)] = 120.0
    key_variable: str = "OPENAI_API_KEY"
    tokenizer: str | None = None
    device: str = "auto"
    seconds_a_call: Annotated[float, Field(gt=0)] | None = None

    @property
    def title(self) -> str:
        """What the study knows it by."""
        return self.name or self.use


class DraftingSpec(_Table):
    """How drafts are made; the same for all cells."""

    k: Count = 5
    max_tokens: Count = 400
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    language: Literal["en", "es", "fr", "de", "pt", "it", "vi", "pl", "tl"] = "en"
    deidentify: str = "rules"
    skip_thanks: bool = True


class JudgeSpec(_Table):
    """The content judge, as `--judge` names it, and the limits of a paid one in each run.

    `card` is the judge card that `redline validate` wrote for it (a file or its folder; for the bundled corpus alone the
    shipped judge has its own); with `require_card` nothing is drafted unless the card lets the judge be relied on.
    """

    name: str = "encoder"
    price_in: Money = 0.0
    price_out: Money = 0.0
    max_cost: Money | None = None
    max_calls: Annotated[int, Field(ge=0)] | None = None
    card: str | None = None
    require_card: bool = False


class LabelsSpec(_Table):
    """People's labels of some comparisons, as files in the forms of the corpus: every table then shows corrected figures
    beside the plain ones.  `corpus` is the study's corpus that they belong to (default: the first).
    """

    pairs: str
    annotations: str
    theme_texts: str | None = None
    theme_labels: str | None = None
    corpus: str | None = None


class ScoreSpec(_Table):
    """As the options of `redline score`."""

    draws: Annotated[int, Field(ge=100)] = 10_000
    margin: Annotated[float, Field(gt=0)] = 0.05
    baseline: str | None = None
    read_cost: Money = 0.22
    delete_cost: Money = 0.1
    floors: bool = True


class BudgetSpec(_Table):
    """Limits of what drafting may cost in all runs of the study together; none where left out."""

    max_cost: Money | None = None
    max_calls: Annotated[int, Field(ge=0)] | None = None
    max_tokens: Annotated[int, Field(ge=0)] | None = None

    @property
    def limited(self) -> bool:
        """Whether there is any limit."""
        return any(limit is not None for limit in (self.max_cost, self.max_calls, self.max_tokens))


class RunSpec(_Table):
    """How it is run; nothing here changes a result."""

    executor: str = "serial"
    workers: Count = 2


class StudySpec(_Table):
    """The whole file."""

    name: Name
    seed: Annotated[int, Field(ge=0)] = 17
    strategies: tuple[str, ...] = Field(min_length=1)
    corpora: tuple[CorpusSpec, ...] = Field(min_length=1)
    models: tuple[ModelSpec, ...] = ()
    drafting: DraftingSpec = DraftingSpec()
    judge: JudgeSpec = JudgeSpec()
    labels: LabelsSpec | None = None
    score: ScoreSpec = ScoreSpec()
    budget: BudgetSpec = BudgetSpec()
    run: RunSpec = RunSpec()
    taxonomy: str | None = None
