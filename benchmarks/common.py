"""What every benchmark does: print, write JSON, fail below a bar."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

PUBLIC = Path(__file__).resolve().parents[2] / "shared" / "data"


def arguments(description: str) -> argparse.Namespace:
    """`--json FILE` and `--data FOLDER`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--data", type=Path, default=PUBLIC, help="folder of the public sets")
    return parser.parse_args()


def machine(*packages: str) -> dict[str, Any]:
    """Where a figure was measured."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "versions": {p: version(p) for p in packages},
    }


def finish(figures: dict[str, Any], bars: list[tuple[str, float, float, bool]], path: Path | None) -> None:
    """Print each bar (name, figure, bar, higher is better); exit 1 if any is missed."""
    missed = []
    for name, figure, bar, higher in bars:
        ok = figure >= bar if higher else figure <= bar
        missed += [] if ok else [name]
        print(f"{'ok  ' if ok else 'MISS'} {name}: {figure:.4g} (bar: {'at least' if higher else 'at most'} {bar:g})")
    if path is not None:
        path.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    sys.exit(1 if missed else 0)
