"""A study file to a grid of model x strategy x corpus, and the grid to scored drafts; resumable."""

from redline.study.compare import compare_cells
from redline.study.executors import Executor, executor, executor_names
from redline.study.manifest import read_manifest
from redline.study.outcome import write_drafts, write_report
from redline.study.place import StudyPlace
from redline.study.plan import StudyPlan, plan_study
from redline.study.read import read_study
from redline.study.run import StudyRun, alone, check_study, draft_study, run_study, study_judges
from redline.study.shards import Bench, Shard, ShardDone, draft_shard
from redline.study.spec import BudgetSpec, CorpusSpec, DraftingSpec, ModelSpec, StudySpec
from redline.study.status import StudyStatus, study_status

__all__ = [
    "Bench", "BudgetSpec", "CorpusSpec", "DraftingSpec", "Executor", "ModelSpec", "Shard", "ShardDone", "StudyPlace",
    "StudyPlan", "StudyRun", "StudySpec", "StudyStatus", "alone", "check_study", "compare_cells", "draft_shard", "draft_study",
    "executor", "executor_names", "plan_study", "read_manifest", "read_study", "run_study", "study_judges",
    "study_status", "write_drafts", "write_report",
]  # fmt: skip
