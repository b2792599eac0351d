"""The command line: one file a noun; a verb is a thin call of a public function."""

from redline.cli.main import app, main

__all__ = ["app", "main"]
