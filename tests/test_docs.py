"""Documentation that cannot drift: commands, judges, statuses, files and README commands."""

import re
from pathlib import Path

import pytest

from redline.chat import model_names
from redline.drafting import FLAGS, strategy_names
from redline.judging import judge_names
from redline.records import DraftStatus, Status
from redline.study import executor_names
from redline.study.spec import (
    BudgetSpec,
    CorpusSpec,
    DraftingSpec,
    JudgeSpec,
    LabelsSpec,
    ModelSpec,
    RunSpec,
    ScoreSpec,
    StudySpec,
)
from redline.taxonomy import default_taxonomy

ROOT = Path(__file__).resolve().parents[1]
DOCS = {p.name: p.read_text(encoding="utf-8") for p in (ROOT / "docs").rglob("*.md")}
EVERYTHING = "\n".join(DOCS.values())


def test_the_command_reference_is_current() -> None:
    from scripts.command_reference import reference

    assert DOCS["commands.md"] == reference(), "run `make docs`"


def test_every_judge_and_status_is_explained() -> None:
    for name in judge_names():
        assert re.search(rf"^\| `{name}", DOCS["judges.md"], re.M), name
    for status in Status:
        assert f"| `{status.value}` |" in DOCS["scores.md"], status


def test_every_strategy_outcome_flag_model_and_executor_is_explained() -> None:
    for name in strategy_names():
        assert re.search(rf"^\| `{name}`", DOCS["drafting.md"], re.M), name
    for status in DraftStatus:
        assert f"`{status.value}`" in DOCS["drafting.md"], status
    for flag in FLAGS:
        assert f"`{flag}`" in DOCS["drafting.md"], flag
    for name in model_names():
        assert re.search(rf"^\| `{name}", DOCS["models.md"], re.M), name
    for name in executor_names():
        assert f"`{name}`" in DOCS["studies.md"], name


def test_every_field_of_a_study_file_is_explained() -> None:
    for table in (
        StudySpec,
        CorpusSpec,
        ModelSpec,
        DraftingSpec,
        JudgeSpec,
        LabelsSpec,
        ScoreSpec,
        BudgetSpec,
        RunSpec,
    ):
        for field in table.model_fields:
            assert f"`{field}`" in DOCS["studies.md"] or f"[{field}]" in DOCS["studies.md"], (table.__name__, field)


def test_every_benchmark_has_its_figure() -> None:
    parts = ("__init__", "common", "faulty_server", "tree_case", "tree_gpu", "tree_own", "tree_peer")
    for path in (ROOT / "benchmarks").glob("*.py"):
        if path.stem not in parts:
            assert f"benchmarks/{path.name}" in DOCS["benchmarks.md"], path.name


def test_links_between_pages_exist() -> None:
    for path in [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]:
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_design_notes_are_numbered_without_a_gap() -> None:
    numbers = sorted(int(p.name[:3]) for p in (ROOT / "docs" / "design").glob("[0-9]*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_readme_commands_are_the_ones_ci_runs() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for command in ("make demo", "make test"):
        assert command in readme and command in ci


def test_the_guide_and_the_taxonomy_name_the_same_themes() -> None:
    guide = (ROOT / "src" / "redline" / "resources" / "corpus" / "GUIDE.md").read_text(encoding="utf-8")
    for theme in default_taxonomy().themes:
        assert f"| `{theme.key}` | {theme.name} |" in guide


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", "constraints.txt"])
def test_the_project_files_are_there(name: str) -> None:
    assert (ROOT / name).stat().st_size > 0
