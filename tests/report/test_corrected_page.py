"""Corrected figures and the judge's standing in the files and on the page, beside the plain ones."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from redline.annotation import AnnotatedPair, Annotation, Labels
from redline.corpus import Corpus
from redline.errors import UsageError
from redline.judging import Scope
from redline.records import Case, Draft, Reply, Status, Verdict
from redline.report import messages, read_results, render_report, results, write_results
from redline.scoring import Judges, Plan, Standing, Validity, score_corpus

WORDS = ("Rest.", "Call us.", "Drink water.", "Any fever?", "Take iron.")


@pytest.fixture
def corpus() -> Corpus:
    rng = random.Random(3)
    cases = tuple(Case(f"m{i}", f"Message {i}") for i in range(60))
    replies = tuple(Reply(c.id, "a", "", tuple(rng.sample(WORDS, 3))) for c in cases)
    drafts = tuple(Draft(c.id, "m", s, "", tuple(rng.sample(WORDS, 4))) for c in cases for s in ("one", "two"))
    return Corpus("small", cases, replies, drafts)


def labels(corpus: Corpus, of: str, count: int) -> Labels:
    """What an annotator who differs from the word judge in every seventh unit says."""
    rng = random.Random(5)
    replies = {r.case: r for r in corpus.replies}
    pairs = []
    for draft in [d for d in corpus.drafts if d.strategy == of][:count]:
        reply = replies[draft.case]
        marks = [
            tuple((u not in other) != (rng.random() < 1 / 7) for u in own)
            for own, other in ((draft.units, reply.units), (reply.units, draft.units))
        ]
        pairs.append(
            AnnotatedPair(
                f"p{draft.case}", draft.case, draft.units, reply.units, (Annotation("x", *marks),), draft.system, "a"
            )
        )
    return Labels(tuple(pairs))


def test_files_and_page_show_all_three(corpus, word_judge, question_themes, tmp_path: Path) -> None:
    judges = Judges(word_judge, question_themes)
    scored = score_corpus(corpus, judges, Plan(draws=300), labels=labels(corpus, "one", 40))
    write_results(scored, tmp_path)
    value = json.loads((tmp_path / "results.json").read_text())
    found = value["corrected"]["cells"]["m/one"]["content.f1"]
    plain = next(c for c in value["cells"] if c["name"] == "m/one")["values"]["content.f1"]
    assert found["plain"]["estimate"] == plain["estimate"] and found["labels"] == found["messages"] == 40
    assert found["corrected"]["low"] < found["corrected"]["estimate"] < found["corrected"]["high"]
    other = value["corrected"]["cells"]["m/two"]["content.f1"]
    assert other["corrected"]["estimate"] is None and other["reason"]
    page = render_report(*read_results(tmp_path))
    assert "Corrected by people" in page and "corrected F1" in page


def test_without_labels_there_is_nothing_to_show(corpus, word_judge, question_themes) -> None:
    scored = score_corpus(corpus, Judges(word_judge, question_themes), Plan(draws=300))
    assert scored.corrected is None and results(scored)["corrected"] is None
    page = render_report(results(scored), messages(scored))
    assert "corrected F1" not in page


def test_labels_of_another_corpus_are_refused(corpus, word_judge, question_themes) -> None:
    strange = tuple(replace(p, case=f"other{p.case}") for p in labels(corpus, "one", 5).pairs)
    with pytest.raises(UsageError, match="none of the 5 labelled pairs fits"):
        score_corpus(corpus, Judges(word_judge, question_themes), Plan(draws=300), labels=Labels(strange))


def test_the_standing_of_the_judge_travels(corpus, word_judge, question_themes) -> None:
    plain = score_corpus(corpus, Judges(word_judge, question_themes), Plan(draws=300))
    assert "|unvalidated|" in str(plain.signature)
    assert "Content judge: unvalidated" in render_report(results(plain), messages(plain))
    known = Validity(Standing.VALID, Standing.CORRECTED, "abc123", ("Because <b>so</b>.",))
    scored = score_corpus(corpus, Judges(word_judge, question_themes, validity=known), Plan(draws=300))
    assert "|card:abc123|" in str(scored.signature)
    page = render_report(results(scored), messages(scored))
    assert "Content judge: valid here. Theme classifier: valid with correction." in page
    assert "Because &lt;b&gt;so" in page


def test_results_of_an_older_version_still_make_a_page(corpus, word_judge, question_themes) -> None:
    scored = score_corpus(corpus, Judges(word_judge, question_themes), Plan(draws=300))
    old = {k: v for k, v in results(scored).items() if k not in ("validity", "corrected")}
    assert "Edit load" in render_report(old, messages(scored))


def test_a_judge_that_never_answers_is_said(corpus, word_judge, question_themes) -> None:
    class Silent:
        name, signature, scope, batch = "silent", "silent@1", Scope.UNIT, 1_000

        def judge(self, questions):
            return [Verdict(Status.TIMEOUT) for _ in questions]

    assert score_corpus(corpus, Judges(Silent(), question_themes), Plan(draws=300)).silent
    assert not score_corpus(corpus, Judges(word_judge, question_themes), Plan(draws=300)).silent


def test_a_signature_names_no_card_that_speaks_for_another_judge(corpus, word_judge, question_themes) -> None:
    other = Validity(Standing.UNVALIDATED, Standing.UNVALIDATED, "abc123", ("The card speaks for another judge.",))
    scored = score_corpus(corpus, Judges(word_judge, question_themes, validity=other), Plan(draws=300))
    assert "|unvalidated|" in str(scored.signature) and "abc123" not in str(scored.signature)
