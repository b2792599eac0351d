"""Write docs/commands.md from the commands' own --help, so that it cannot drift."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from typer.main import get_command
from typer.testing import CliRunner

from redline.cli import app

TARGET = Path(__file__).resolve().parents[1] / "docs" / "commands.md"


def verbs() -> Iterator[list[str]]:
    """Every verb, as the words to type."""
    for name, command in sorted(get_command(app).commands.items()):  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        if inner:
            yield from ([name, verb] for verb in sorted(inner))
        else:
            yield [name]


def reference() -> str:
    """The whole page."""
    parts = ["# Commands\n", "Written by `make docs` from `--help`; do not edit.\n"]
    for words in verbs():
        shown = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "100", "TERM": "dumb"}, prog_name="redline")
        parts.append(f"## redline {' '.join(words)}\n\n```text\n{shown.output.strip()}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
    print(TARGET)
