"""Benchmarks: each prints its figures, takes `--json FILE`, and exits non-zero below its bar."""
