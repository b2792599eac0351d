"""A sentence that the theme classifier failed on: its text's themes are unknown, not absent."""

from collections.abc import Sequence

from redline.api import judge_rows, theme_rows
from redline.judging import Pair, ThemeQuestion, VerdictStore, content_judge
from redline.judging.questions import Scope
from redline.records import Status, ThemeVerdict
from redline.scoring import Judges, Layout, statistics, theme_unknown
from redline.scoring.comparison import Comparison, Kind
from redline.scoring.run import judge_comparisons
from redline.taxonomy import default_taxonomy


class Failing:
    """Knows empathy, and times out on sentences that say so."""

    name = signature = "failing"
    scope = Scope.UNIT
    batch = 100

    def judge(self, questions: Sequence[ThemeQuestion]) -> list[ThemeVerdict]:
        return [
            ThemeVerdict(Status.TIMEOUT)
            if "timeout" in q.unit
            else ThemeVerdict(Status.OK, {"empathy": 1.0}, ("empathy",))
            for q in questions
        ]


def judges() -> Judges:
    return Judges(content_judge("exact"), Failing())


def test_rows_of_texts_say_what_became_of_them() -> None:
    good, bad = theme_rows([("a", ("Sorry.",)), ("b", ("Sorry.", "timeout"))], Failing(), VerdictStore())
    assert good["themes"] == ["empathy"]
    assert bad["themes"] is None and bad["sentences"][1] == {"text": "timeout", "themes": None, "status": "timeout"}
    assert bad["sentences"][0]["themes"] == ["empathy"]


def test_a_pair_with_unknown_themes_has_no_theme_score() -> None:
    known, unknown = judge_rows([Pair("1", ("Sorry.",), ("Sorry.",)), Pair("2", ("timeout",), ("Sorry.",))], judges())
    assert known.row()["themes"]["f1"] == 1.0
    row = unknown.row()
    assert row["themes"]["f1"] is None and row["status"] == "timeout" and row["content"]["f1"] == 0.0


def test_unknown_themes_enter_no_sum_and_are_counted() -> None:
    layout = Layout(default_taxonomy())
    found = [
        Comparison("cell", Kind.SYSTEM, str(i), "c1", draft, ("Sorry.",))
        for i, draft in enumerate([("Sorry.",), ("timeout",)])
    ]
    judged, _ = judge_comparisons(found, judges())
    good, bad = statistics(judged, layout)
    at = layout.index
    assert good[at["failed"]] == 0 and bad[at["failed"]] == 1
    assert good[list(layout.theme("empathy"))].tolist() == [1, 1, 1]
    assert bad[list(layout.theme("empathy"))].tolist() == [0, 0, 0]
    assert theme_unknown(judged[1].draft_themes) and not theme_unknown(judged[1].reference_themes)
