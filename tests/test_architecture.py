"""The house rules that a machine can check."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import redline

SOURCE = Path(redline.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))
FLOORS = {
    "records": 0, "taxonomy": 0, "units": 0, "errors": 0, "files": 0, "templates": 0, "database": 0,
    "settings": 0,
    "corpus": 1, "encoder": 1, "chat": 1,
    "judging": 2, "annotation": 2, "scoring": 2, "stats": 2, "retrieval": 2, "drafting": 2,
    "training": 3, "report": 3, "validation": 3, "api": 3, "study": 3,
    "cli": 4,
}  # fmt: skip
WITHIN = {
    ("files", "errors"), ("database", "errors"), ("settings", "errors"),
    ("taxonomy", "errors"), ("units", "records"), ("scoring", "judging"), ("scoring", "stats"),
    ("drafting", "retrieval"), ("study", "report"),
    ("annotation", "judging"), ("scoring", "annotation"), ("annotation", "stats"),
    ("validation", "report"), ("study", "validation"),
}  # fmt: skip
"""Rooms of one floor that data flows between, in this direction only."""


def room(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return parts[0]


def imports(path: Path, *, top_only: bool = False) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_only else list(ast.walk(tree))
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{a.name}" for a in node.names}
    return found


@pytest.mark.parametrize(
    "path", [p for p in MODULES if room(p) != "__init__"], ids=lambda p: str(p.relative_to(SOURCE))
)
def test_imports_go_down(path: Path) -> None:
    mine = room(path)
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "redline" or len(parts) < 2 or parts[1] not in FLOORS or parts[1] == mine:
            continue
        lower = FLOORS[parts[1]] < FLOORS[mine]
        assert lower or (mine, parts[1]) in WITHIN, f"{path.name} imports {name}"


def test_every_room_has_a_floor() -> None:
    assert {room(p) for p in MODULES} - {"__init__"} == set(FLOORS)


def test_modules_and_functions_are_small() -> None:
    lengths = {p: len(p.read_text(encoding="utf-8").splitlines()) for p in MODULES}
    assert max(lengths.values()) <= 400, max(lengths, key=lengths.__getitem__)
    assert sorted(lengths.values())[len(lengths) // 2] <= 120
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                assert length <= 60, f"{path.name}: {node.name} has {length} lines"


def test_public_names_exist_and_are_listed() -> None:
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        listed = [
            ast.literal_eval(n.value)
            for n in tree.body
            if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name) and n.targets[0].id == "__all__"
        ]
        defined = {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
        defined |= {t.id for n in tree.body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)}
        defined |= {n.target.id for n in tree.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)}
        defined |= {a.asname or a.name for n in tree.body if isinstance(n, ast.ImportFrom) for a in n.names}
        for name in listed[0] if listed else []:
            assert name in defined or path == SOURCE / "__init__.py", f"{path.name} lists {name}"


def test_nothing_that_scores_imports_torch() -> None:
    code = (
        "import sys, redline.cli, redline.api, redline.report, redline.judging.registry\n"
        "bad = {'torch', 'transformers', 'onnx', 'sklearn', 'scipy'} & set(sys.modules)\n"
        "assert not bad, bad\n"
        "assert 'onnxruntime' not in sys.modules and 'duckdb' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    for path in MODULES:
        if room(path) != "training":
            assert not any(n.split(".")[0] == "torch" for n in imports(path, top_only=True)), path


def test_no_import_time_work_or_hidden_state() -> None:
    """No module calls a global random generator or changes global settings when imported."""
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        for word in ("np.random.seed", "random.seed(", "warnings.filterwarnings", "logging.basicConfig"):
            assert word not in text, f"{path.name}: {word}"
