"""Tables, figures and one self-contained HTML file."""

from redline.report.messages import messages
from redline.report.page import render_overview, render_report
from redline.report.parquet import write_parquet
from redline.report.results import results
from redline.report.write import read_results, write_results

__all__ = ["messages", "read_results", "render_overview", "render_report", "results", "write_parquet", "write_results"]
