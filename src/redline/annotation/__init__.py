"""People's judgements: annotated pairs and labelled texts, how they are drawn, made, kept and read."""

from redline.annotation.annotated import AnnotatedPair, Annotation, ThemedText, edit_share
from redline.annotation.decisions import Made, blank, edit_row, edits_of, progress, read_edits, sessions
from redline.annotation.kinds import demand_kind, file_kind
from redline.annotation.labels import Labels, check_partners, read_labels
from redline.annotation.log import Log, open_log, read_log
from redline.annotation.names import annotator_name
from redline.annotation.reading import (
    pair_digest,
    read_annotated_pairs,
    read_pairs_to_label,
    read_texts_to_label,
    read_themed_texts,
)
from redline.annotation.sampling import Candidate, Design, Sample, draw_sample, main_theme, uncertainty
from redline.annotation.session import Event, Question, Session, in_order
from redline.annotation.sheet import read_sheet, sheet_rows, write_sheet
from redline.annotation.theme_labels import Labelled, blank_labels, label_rows, labels_of, read_theme_labels
from redline.annotation.theme_sheet import read_theme_sheet, text_code, theme_sheet_rows, write_theme_sheet
from redline.annotation.to_label import PairToLabel, TextToLabel, texts_of
from redline.annotation.verdicts import annotator_judge, store_annotations, store_theme_labels

__all__ = [
    "AnnotatedPair", "Annotation", "Candidate", "Design", "Event", "Labelled", "Labels", "Log", "Made", "PairToLabel",
    "Question", "Sample", "Session", "TextToLabel", "ThemedText", "annotator_judge", "annotator_name", "blank",
    "blank_labels", "check_partners", "demand_kind", "draw_sample", "edit_row", "edit_share", "edits_of", "file_kind",
    "in_order", "label_rows", "labels_of", "main_theme", "open_log", "pair_digest", "progress", "read_annotated_pairs",
    "read_edits", "read_labels", "read_log", "read_pairs_to_label", "read_sheet", "read_texts_to_label",
    "read_theme_labels", "read_theme_sheet", "read_themed_texts", "sessions", "sheet_rows", "store_annotations",
    "store_theme_labels", "text_code", "texts_of", "theme_sheet_rows", "uncertainty", "write_sheet", "write_theme_sheet",
]  # fmt: skip
