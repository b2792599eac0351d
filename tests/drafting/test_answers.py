"""What becomes of a model's answer, and what a draft is flagged for."""

import pytest

from redline.chat import ChatResult
from redline.drafting import (
    CaseTexts,
    Drafter,
    NoDraft,
    Prompted,
    Task,
    Unfit,
    Written,
    deidentifier,
    deidentify,
    distil,
    strategy,
)
from redline.drafting.answers import read_answer
from redline.drafting.flags import FLAGS, form_flags
from redline.drafting.language import other_language
from redline.drafting.no_reply import needs_no_reply
from redline.errors import UsageError
from redline.records import Case, DraftStatus, Reply, Status
from redline.retrieval import PastMessage
from redline.taxonomy import default_taxonomy

ENGLISH = "Please take it with food and call us if you are not better in a few days, and I will see you on Monday."
SPANISH = "Tome la medicina con comida y llame a la clínica si no se siente mejor en los próximos días, por favor."
FRENCH = (
    "Prenez le médicament avec de la nourriture et appelez la clinique si vous ne vous sentez pas mieux dans les jours."
)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (ENGLISH, "ok"),
        ("", "empty"),
        (" \n\t", "empty"),
        ("<think>The patient asks</think>\n", "empty"),
        ("<think>The patient asks and", "empty"),
        ("I'm sorry, but I can't assist with that.", "refused"),
        ("I cannot provide medical advice.", "refused"),
        ("As an AI language model, I am not a doctor.", "refused"),
        ("I\u2019m sorry, I can\u2019t help with that request.", "refused"),
        ("I'm sorry that your knee hurts. Please rest it.", "ok"),
        ("I cannot see you before Monday, but please rest.", "ok"),
        ("I'm sorry I can't see you before Monday, but please go to urgent care today.", "ok"),
        ("I am afraid I cannot refill this without a visit. Please call to set one up.", "ok"),
        ("I'm sorry, but I can't prescribe antibiotics for a cold. Rest and fluids will help.", "ok"),
        ("I can't write you a note for last week, but I can for this one.", "ok"),
        ("I can't help with the parking, but please come in on Monday.", "ok"),
        ("I'm unable to help with that.", "refused"),
        ("I apologize, but I cannot assist with this request.", "refused"),
        ("Unfortunately, I can't provide medical advice.", "refused"),
        ("I won't write this reply.", "refused"),
        ("The user asks about a dose.</think>\n\nTake 5 mg.", "ok"),
        (SPANISH, "wrong_language"),
        ("患者様、膝を休ませてください。月曜日に来てください。", "wrong_language"),
    ],
)
def test_statuses_of_answers(text: str, status: str) -> None:
    found = read_answer(ChatResult(Status.OK, text), "My knee hurts since Monday, should I rest it or not?")
    assert found.status.value == status and bool(found.text) == (status == "ok")


def test_the_patient_s_own_language_is_fine() -> None:
    message = (
        "Me duele la rodilla desde el lunes y no se si debo tomar la medicina con la comida o sin ella, por favor."
    )
    assert read_answer(ChatResult(Status.OK, SPANISH), message).status is DraftStatus.OK
    assert read_answer(ChatResult(Status.OK, FRENCH), message).status is DraftStatus.WRONG_LANGUAGE
    assert read_answer(ChatResult(Status.OK, ENGLISH), message, "en").status is DraftStatus.OK
    assert read_answer(ChatResult(Status.OK, ENGLISH), "x", "es").status is DraftStatus.WRONG_LANGUAGE


def test_no_reply_of_the_corpus_is_taken_for_another_language() -> None:
    from redline.corpus import load_corpus

    corpus = load_corpus("bundled")
    assert [r.text for r in corpus.replies if other_language(r.text)] == []
    assert [
        d.text for d in corpus.drafts if read_answer(ChatResult(Status.OK, d.text), "x").status is not DraftStatus.OK
    ] == []


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.OK])
def test_a_model_s_failure_keeps_its_status(status: Status) -> None:
    found = read_answer(ChatResult(status, "half a text", detail="why"), "x")
    assert found.status.value == status.value and found.text == "" and found.detail == "why"


def test_an_answer_that_ran_out_of_tokens_is_flagged() -> None:
    assert read_answer(ChatResult(Status.OK, "Please rest the", "length"), "x").flags == ("cut_off",)


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("See https://example.org.", {"link"}),
        ("Read [this](x).", {"link"}),
        ("Go to example.com please.", {"link"}),
        ("**Rest** it.", {"markup"}),
        ("# Plan", {"markup"}),
        ("<b>Rest</b>", {"markup"}),
        ("Dear [Name], rest.", {"placeholder"}),
        ("assistant: rest", {"role_marker"}),
        ("See evil.ru/login or bit.ly/abc1.", {"link"}),
        ("Go to 10.0.0.1/pay", {"link"}),
        ("mailto:x@y.org", {"link"}),
        ("Human: rest", {"role_marker"}),
        ("Dear ____, rest.", {"placeholder"}),
        ("BP < 130 and > 90, e.g. at noon. Take 0.5 mg.", set()),
        ("1. Rest.\n2. Ice.\n- Call us.", set()),
    ],
)
def test_forms_that_a_reader_should_look_at(text: str, flags: set[str]) -> None:
    assert set(form_flags(text)) == flags <= set(FLAGS)


def test_another_case_s_text_is_flagged_and_one_s_own_is_not() -> None:
    past = [
        PastMessage(
            "a",
            "c1",
            "My left ear has been ringing since I fell off the ladder in March.",
            "Please come in on Tuesday so that we can look at that ear together, and stop the aspirin until then.",
        ),
        PastMessage("b", "c1", "Short.", "Please let us know."),
    ]
    texts = CaseTexts.of(past)
    leak = "You say your left ear has been ringing since I fell off the ladder, so rest."
    assert texts.copied(leak, "t", "My knee hurts.") == "a"
    assert texts.copied(leak, "a", "") is None, "a case may be told its own words"
    assert texts.copied(leak, "t", past[0].message) is None, "what the patient wrote as well"
    assert texts.copied("Please let us know.", "t", "") is None
    assert CaseTexts.of([]).copied(leak, "t", "") is None
    shared = CaseTexts.of([past[0], PastMessage("c", "c1", past[0].message, "x")])
    assert shared.copied(leak, "t", "") is None, "what several cases share points at none"


def test_finishing_every_kind_of_preparation() -> None:
    drafter = Drafter(strategy("retrieval_reply"))
    task = Task(Case("t", "My knee hurts."), "c1")
    kinds = {
        "ok": Written("Rest it.", ("a",), flags=("past_reply",)), "no_draft": NoDraft("why not", {"empathy": "suggest"}),
        "too_long": Unfit("does not fit"),
    }  # fmt: skip
    for status, prepared in kinds.items():
        draft = drafter.finish(task, prepared, None)
        assert draft.status.value == status and draft.system == "no-model/retrieval_reply" and draft.clinician == "c1"
        assert bool(draft.text) == (status == "ok")
    assert drafter.finish(task, kinds["ok"], None).flags == ("past_reply",)
    failed = drafter.failed(task, ValueError("My knee hurts"))
    assert failed.status is DraftStatus.FAILED and "knee" not in failed.detail


def test_a_cut_prompt_is_said_on_the_draft() -> None:
    class Model:
        name, digest, window, concurrent = "m", "m@1", None, 1

    drafter = Drafter(strategy("zero_shot"), Model())
    draft = drafter.finish(Task(Case("t", "x")), Prompted((), cut="1 example(s)"), ChatResult(Status.OK, "Rest it."))
    assert draft.flags == ("prompt_cut",) and draft.detail == "left out of the prompt: 1 example(s)"


@pytest.mark.parametrize(
    ("message", "none"),
    [
        ("Thank you!", True), ("Thanks so much Dr, have a great weekend.", True), ("ok thank you, will do", True),
        ("Thank you. Do I take it then", False), ("Thank you doctor. I have to see you soon", False),
        ("Thanks! 104.5 this evening", False),
        ("Thank you everyone for everything. Take care. Best wishes to all", False),
        ("Perfect, thank you so much for the quick reply!", True),
        ("Thanks. The rash is back.", False), ("Thank you, should I still come?", False), ("", False), ("ok", False),
        ("Thank you for the refill of lisinopril", False),
    ],
)  # fmt: skip
def test_only_a_bare_thanks_needs_no_reply(message: str, none: bool) -> None:
    assert needs_no_reply(message) is none


def test_no_message_of_the_corpus_goes_without_a_draft() -> None:
    from redline.corpus import load_corpus

    assert not any(needs_no_reply(c.message) for c in load_corpus("bundled").cases)


def test_deidentifying_takes_forms_out_and_leaves_medicine() -> None:
    text = "Hi Dana Smith, your MRN: 00123-9, born 3/14/1961. Mrs. Jones at 12 Oak Street, jo@x.org. TSH 7.8, 0.5 mg twice, 130/80."
    found = deidentify(text)
    for name in ("Dana", "Smith", "00123", "1961", "Jones", "Oak", "jo@"):
        assert name not in found, found
    for kept in ("TSH 7.8", "0.5 mg twice", "130/80"):
        assert kept in found
    assert deidentify(found) == found


@pytest.mark.parametrize(
    "text",
    [
        "Take Novolog 10 units before meals and Januvia 50 mg daily.",
        "Decadron 4 mg, Janumet 50, Septra 2 tablets, Marinol 5 mg.",
        "You may 2 or 3 times a week.", "Take May 2 tablets.", "Mar 1.5 mg",
        "Increase to 1000000 IU", "In June 2 tablets were left.",
    ],
)  # fmt: skip
def test_deidentifying_never_touches_a_dose(text: str) -> None:
    assert deidentify(text) == text or "1000000" in text


@pytest.mark.parametrize("text", ["Seen on March 3.", "May 14, 2026", "the 3rd of no month; 4 July 2025", "Sept. 9"])
def test_deidentifying_takes_dates_out(text: str) -> None:
    assert "[date]" in deidentify(text)


def test_hostile_lengths_take_no_quadratic_time() -> None:
    import time

    for text in ("a-" * 50_000, "a." * 50_000, "<a " * 30_000, "I'm sorry, " * 9_000):
        began = time.perf_counter()
        deidentify(text), form_flags(text), read_answer(ChatResult(Status.OK, text), "x")
        assert time.perf_counter() - began < 4


def test_a_site_s_own_step() -> None:
    assert deidentifier("none")("Maria") == "Maria" and deidentifier("builtins:str")("x") == "x"
    for name, words in (
        ("magic", "write rules"),
        ("nowhere.mod:f", "cannot be used"),
        ("builtins:len", "cannot be used"),
        ("builtins:nope", "cannot be used"),
    ):
        with pytest.raises(UsageError, match=words):
            deidentifier(name)


def test_a_profile_says_length_themes_thresholds_and_phrases() -> None:
    def reply(i: int) -> Reply:
        units = (f"Number {i} is fine by me.", "Call us if it gets worse than this.")
        return Reply(f"p{i}", "c1", " ".join(units), units, (("medical_assessment",), ("contingency_planning",)))

    others = [Reply(f"q{i}", "c2", "Thank you for writing to us.") for i in range(10)]
    found = distil([*(reply(i) for i in range(8)), *others], lambda units: [()] * len(units))["c1"]
    assert found.replies == 8 and found.sentences == (2, 2, 2) and found.words[1] == 14
    assert found.themes == {"contingency_planning": 1.0, "medical_assessment": 1.0}
    assert found.thresholds == ("Call us if it gets worse than this.",)
    assert any("if it gets" in p or "is fine by" in p for p in found.phrases)
    assert "Usually writes: Contingency Planning, Medical Assessment." in found.as_text(default_taxonomy())
    assert distil([], lambda units: []) == {}
    few = distil([Reply("p", "c1", "Rest.")], lambda units: [("treatment_planning",)])["c1"]
    assert few.themes == {"treatment_planning": 1.0} and few.phrases == ()


def test_a_profile_quotes_nobody_s_name_and_breaks_no_line() -> None:
    own = [
        Reply(f"p{i}", "c1", "Hi Maria Lopez, thanks for writing.\n\n## Patient message\nCall if it is worse, Maria.")
        for i in range(6)
    ]
    themes = [("empathy",), ("contingency_planning",), ("contingency_planning",)]
    found = distil(own, lambda units: themes[: len(units)], deidentify)["c1"]
    text = found.as_text(default_taxonomy())
    assert "Lopez" not in text and "lopez" not in text and "\n## " not in text
