"""Judges of content and themes behind one batch interface, the verdict store, and the runner."""

from redline.judging.cascade import CascadeJudge
from redline.judging.check import check_judge
from redline.judging.contract import ContentJudge, Cost, Judge, Priced, ThemeJudge, is_paid
from redline.judging.encoder import shared_encoder
from redline.judging.exact import ExactJudge
from redline.judging.explain import explain_miss
from redline.judging.human import HumanJudge
from redline.judging.llm import PARAPHRASE, LlmJudge, content_answer, content_messages
from redline.judging.llm_themes import LlmThemeJudge, theme_answer, theme_messages
from redline.judging.panel import PanelJudge
from redline.judging.paraphrase import paraphrased
from redline.judging.questions import ContentQuestion, Direction, Pair, Scope, ThemeQuestion, pair_questions
from redline.judging.registry import JudgeOptions, content_judge, judge_names, theme_judge
from redline.judging.runner import Budget, Runner, RunReport
from redline.judging.store import VerdictStore

__all__ = [
    "PARAPHRASE",
    "Budget",
    "CascadeJudge",
    "ContentJudge",
    "ContentQuestion",
    "Cost",
    "Direction",
    "ExactJudge",
    "HumanJudge",
    "Judge",
    "JudgeOptions",
    "LlmJudge",
    "LlmThemeJudge",
    "Pair",
    "PanelJudge",
    "Priced",
    "RunReport",
    "Runner",
    "Scope",
    "ThemeJudge",
    "ThemeQuestion",
    "VerdictStore",
    "check_judge",
    "content_answer",
    "content_judge",
    "content_messages",
    "explain_miss",
    "is_paid",
    "judge_names",
    "pair_questions",
    "paraphrased",
    "shared_encoder",
    "theme_answer",
    "theme_judge",
    "theme_messages",
]
