"""From a task to a `Draft`: prepare, ask, read the answer."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from redline.chat import AdapterChoice, ChatModel, ChatRequest, ChatResult, Sampling, Tag
from redline.drafting.answers import Answer, read_answer
from redline.drafting.contract import NoDraft, Prepared, Prompted, Strategy, Task, Unfit, Written
from redline.drafting.flags import ANOTHER_CASE, PAST_REPLY, PROMPT_CUT, CaseTexts, form_flags
from redline.drafting.no_reply import needs_no_reply
from redline.records import Draft, DraftStatus, Provenance

__all__ = ["NO_MODEL", "Drafter"]

NO_MODEL = "no-model"
"""Model name of a draft that no language model wrote."""


@dataclass(frozen=True)
class Drafter:
    """One strategy over one model (None where the strategy asks none), and how answers are read.

    `texts` are those that must not reappear in another patient's draft; `skip_thanks` drafts nothing for a message that
    only says thanks.
    """

    strategy: Strategy
    model: ChatModel | None = None
    sampling: Sampling = Sampling()
    texts: CaseTexts | None = None
    language: str = "en"
    skip_thanks: bool = True

    @property
    def personal(self) -> bool:
        """Whether a draft is for one clinician: the strategy writes for them, or the model is theirs."""
        return self.strategy.personal or bool(getattr(self.model, "personal", False))

    def decide(self, task: Task) -> NoDraft | None:
        """No draft, whatever the strategy would do."""
        if self.skip_thanks and needs_no_reply(task.case.message):
            return NoDraft("no reply needed: the message only says thanks")
        return None

    def request(self, task: Task, prompted: Prompted) -> ChatRequest:
        """What is sent."""
        tag = Tag(task.case.id, self.strategy.name, task.clinician)
        return ChatRequest(prompted.messages, self.sampling, tag, self._choice(task).id)

    def finish(self, task: Task, prepared: Prepared, result: ChatResult | None) -> Draft:
        """The draft; `result` is the model's answer where one was asked."""
        retrieved = getattr(prepared, "retrieved", ())
        plan = getattr(prepared, "plan", {})
        flags: tuple[str, ...] = getattr(prepared, "flags", ())
        if isinstance(prepared, NoDraft):
            answer = Answer(DraftStatus.NO_DRAFT, detail=prepared.reason)
        elif isinstance(prepared, Unfit):
            answer = Answer(DraftStatus.TOO_LONG, detail=prepared.reason)
        elif isinstance(prepared, Written):
            answer = Answer(DraftStatus.OK, prepared.text)
        else:
            assert result is not None
            answer = read_answer(result, task.case.message, self.language)
            if prepared.cut and answer.status is DraftStatus.OK:
                answer = Answer(answer.status, answer.text, f"left out of the prompt: {prepared.cut}", answer.flags)
                flags = (*flags, PROMPT_CUT)
            remark = self._choice(task).remark
            if remark and answer.status is DraftStatus.OK:
                answer = Answer(
                    answer.status, answer.text, "; ".join(filter(None, (answer.detail, remark))), answer.flags
                )
        if answer.status is DraftStatus.OK:
            flags = (*flags, *answer.flags, *self._flags(task, answer.text, PAST_REPLY in flags))
        return Draft(
            task.case.id, self.model.name if self.model else NO_MODEL, self.strategy.name, answer.text,
            clinician=task.clinician if self.personal else None,
            provenance=self._provenance(task, prepared, retrieved, dict(plan)),
            status=answer.status, detail=answer.detail, flags=tuple(dict.fromkeys(flags)),
        )  # fmt: skip

    def failed(self, task: Task, error: Exception) -> Draft:
        """What stands for a task on which code failed; the error's text may hold patient text and is not kept."""
        return Draft(
            task.case.id, self.model.name if self.model else NO_MODEL, self.strategy.name, "",
            clinician=task.clinician if self.personal else None,
            status=DraftStatus.FAILED, detail=f"{type(error).__name__} while drafting",
        )  # fmt: skip

    def _flags(self, task: Task, text: str, past: bool) -> tuple[str, ...]:
        found = form_flags(text)
        if self.texts is not None and not past:
            own = f"{task.case.message}\n{task.case.chart.as_text()}"
            if self.texts.copied(text, task.case.id, own) is not None:
                found = (*found, ANOTHER_CASE)
        return found

    def _choice(self, task: Task) -> AdapterChoice:
        """The adapter that answers, where the model has one for each clinician."""
        if self.model is None or not getattr(self.model, "personal", False):
            return AdapterChoice()
        choice: AdapterChoice = self.model.adapter_for(task.clinician)  # type: ignore[attr-defined]
        return choice

    def _provenance(
        self, task: Task, prepared: Prepared, retrieved: tuple[str, ...], plan: dict[str, str]
    ) -> Provenance:
        asked = isinstance(prepared, Prompted)
        adapter = self._choice(task).id or _adapter(self.model)
        return Provenance(
            self.model.digest if self.model and asked else None, self.strategy.digest, retrieved,
            adapter if asked else None,
            sampling=asdict(self.sampling) if asked else {}, plan=plan,
        )  # fmt: skip


def _adapter(model: ChatModel | None) -> str | None:
    """Id (or else name) of the model's adapter, where it has one."""
    found = getattr(model, "adapter", None)
    return None if found is None else str(getattr(found, "id", getattr(found, "name", found)))
