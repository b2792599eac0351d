"""The few SVG elements that the figures are drawn with."""

from __future__ import annotations

from html import escape

__all__ = ["Drawing", "short"]


class Drawing:
    """Collects elements; every text is escaped."""

    def __init__(self, width: float, height: float, label: str) -> None:
        self.width, self.height, self.label = width, height, label
        self._parts: list[str] = []

    def line(self, x1: float, y1: float, x2: float, y2: float, css: str) -> None:
        """A straight line."""
        self._parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{css}"/>')

    def rect(
        self, x: float, y: float, w: float, h: float, css: str, *, opacity: float | None = None, title: str = ""
    ) -> None:
        """A rectangle, with a tooltip where `title` is given."""
        shade = "" if opacity is None else f' style="opacity:{opacity:.3f}"'
        inner = f"<title>{escape(title)}</title>" if title else ""
        self._parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(w, 0):.1f}" height="{h:.1f}" class="{css}"{shade}>{inner}</rect>'
        )

    def dot(self, x: float, y: float, r: float, css: str, title: str = "") -> None:
        """A circle."""
        self._parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" class="{css}"><title>{escape(title)}</title></circle>'
        )

    def mark(self, x: float, y: float, r: float, css: str, shape: int, title: str = "") -> None:
        """A marker whose shape tells series apart without colour."""
        shapes: dict[int, list[tuple[float, float]]] = {
            0: [(0, -1), (1, 0), (0, 1), (-1, 0)],
            1: [(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)],
            2: [(0, -1.1), (1, 0.8), (-1, 0.8)],
            3: [(0, 1.1), (1, -0.8), (-1, -0.8)],
        }
        path = " ".join(f"{x + r * a:.1f},{y + r * b:.1f}" for a, b in shapes[shape % 4])
        self._parts.append(f'<polygon points="{path}" class="{css}"><title>{escape(title)}</title></polygon>')

    def text(self, x: float, y: float, text: str, css: str = "t", anchor: str = "start") -> None:
        """A text."""
        self._parts.append(f'<text x="{x:.1f}" y="{y:.1f}" class="{css}" text-anchor="{anchor}">{escape(text)}</text>')

    def render(self) -> str:
        """The SVG element."""
        return (
            f'<svg viewBox="0 0 {self.width:.0f} {self.height:.0f}" role="img" aria-label="{escape(self.label)}" '
            f'style="max-width:{self.width:.0f}px">{"".join(self._parts)}</svg>'
        )


def short(text: str, most: int) -> str:
    """`text` cut to `most` characters with an ellipsis.

    >>> short("frontier-llm/theme_guided", 12)
    'frontier-ll…'
    """
    return text if len(text) <= most else text[: most - 1] + "…"
