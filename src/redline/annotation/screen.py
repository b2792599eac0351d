"""What an annotator sees: wrapped text in any width, inert whatever it holds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

__all__ = ["Screen", "inert"]

_PLAIN = re.compile(r"[\x20-\x7e\n]*")


def inert(text: str) -> str:
    """`text` with every character that a terminal acts on, or that cannot be seen, replaced by its name.

    Controls, escape sequences, direction marks, zero-width characters and halves of characters stay visible as
    `<U+001B>`; line ends stay, a tab is a space.

    >>> inert("5\\x1b[2J mg \\u202egm 05")
    '5<U+001B>[2J mg <U+202E>gm 05'
    """
    text = text.replace("\r\n", "\n").replace("\t", " ")
    if _PLAIN.fullmatch(text):
        return text
    return "".join(c if c == "\n" or not _acts(c) else f"<U+{ord(c):04X}>" for c in text)


def _acts(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


class Screen:
    """Prints on a console of any width; nothing that it is given is read as markup."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(markup=False, highlight=False, emoji=False)

    def say(self, text: str, style: str = "") -> None:
        """One paragraph."""
        self._console.print(Text(inert(text), style=style, overflow="fold"))

    def choices(self, choices: Sequence[str], style: str = "") -> None:
        """Choices beside each other, two spaces between; a line ends between choices, never between a key and its name."""
        lines: list[str] = []
        for choice in map(inert, choices):
            if lines and cell_len(lines[-1]) + 2 + cell_len(choice) <= self._console.width:
                lines[-1] += f"  {choice}"
            else:
                lines.append(choice)
        for line in lines:
            self._console.print(Text(line, style=style, overflow="fold"))

    def rule(self, title: str) -> None:
        """A line across with a title in it."""
        self._console.rule(Text(inert(title)), align="left", characters="-")

    def texts(self, title: str, units: Sequence[str], marks: Sequence[str] = (), only: int | None = None) -> None:
        """Numbered units under a title, `marks` beside their numbers; `only` that one of them."""
        self._console.print(Text(inert(title), style="bold"))
        if not units:
            self._console.print(Text("  (empty)", style="dim"))
            return
        grid = Table.grid(padding=(0, 1))
        grid.add_column(justify="right", no_wrap=True, min_width=3)
        if marks:
            grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for i, unit in enumerate(units):
            if only is None or i == only:
                shown = Text(
                    inert(unit.replace("\n", " ")), style="reverse" if only is not None else "", overflow="fold"
                )
                grid.add_row(Text(str(i + 1)), *([Text(marks[i])] if marks else []), shown)
        self._console.print(grid)

    def block(self, title: str, text: str) -> None:
        """A paragraph under a title."""
        self._console.print(Text(inert(title), style="bold"))
        self._console.print(Text(inert(text), overflow="fold"))
