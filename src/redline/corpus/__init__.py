"""Corpora: read, check, describe, split and write them; the bundled synthetic one."""

from redline.corpus.bundled import PROVENANCE, bundled_path, bundled_rows
from redline.corpus.corpus import Corpus
from redline.corpus.forms import DraftForm
from redline.corpus.mapping import parse_mapping
from redline.corpus.read import CorpusSource, load_corpus, read_corpus
from redline.corpus.split import SplitRequest, split_corpus
from redline.corpus.statistics import CorpusStatistics, describe
from redline.corpus.text_rules import TextRules
from redline.corpus.write import draft_row, write_corpus

__all__ = [
    "PROVENANCE",
    "Corpus",
    "CorpusSource",
    "CorpusStatistics",
    "DraftForm",
    "SplitRequest",
    "TextRules",
    "bundled_path",
    "bundled_rows",
    "describe",
    "draft_row",
    "load_corpus",
    "parse_mapping",
    "read_corpus",
    "split_corpus",
    "write_corpus",
]
