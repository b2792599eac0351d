"""Figures as SVG text: colours come from the page's style sheet, so they follow light and dark."""

from redline.report.figures.fingerprint import fingerprint
from redline.report.figures.forest import forest
from redline.report.figures.heatmap import heatmap
from redline.report.figures.matrix import matrix

__all__ = ["fingerprint", "forest", "heatmap", "matrix"]
