"""People's judgements: annotated pairs and labelled texts, how they are drawn, made, kept and read."""

from redline.annotation.annotated import AnnotatedPair, Annotation, ThemedText
from redline.annotation.reading import pair_digest, read_annotated_pairs, read_themed_texts

__all__ = ["AnnotatedPair", "Annotation", "ThemedText", "pair_digest", "read_annotated_pairs", "read_themed_texts"]
