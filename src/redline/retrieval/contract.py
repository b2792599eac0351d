"""What turns texts into vectors: an embedder that is ready, or a recipe that is first fitted on the texts to be indexed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Embedder", "EmbedderRecipe", "FittedEmbedder"]

Floats = NDArray[np.float32]


class Embedder(Protocol):
    """Texts to vectors; `digest` changes with anything that can change a vector."""

    @property
    def digest(self) -> str: ...

    def vectors(self, texts: Sequence[str]) -> Floats:
        """(texts, width), of length 1; all zeros for a text that says nothing."""
        ...


@runtime_checkable
class FittedEmbedder(Protocol):
    """An embedder that was fitted on texts; an index keeps its `arrays`, so that nothing is fitted again."""

    @property
    def recipe(self) -> EmbedderRecipe: ...

    @property
    def digest(self) -> str: ...

    @property
    def arrays(self) -> Mapping[str, NDArray[Any]]: ...

    def vectors(self, texts: Sequence[str]) -> Floats: ...


@runtime_checkable
class EmbedderRecipe(Protocol):
    """How to make an embedder of some texts; `digest` changes with anything that can change the result but the texts."""

    @property
    def digest(self) -> str: ...

    def fit(self, texts: Sequence[str]) -> FittedEmbedder:
        """Made of these texts, in any order."""
        ...

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> FittedEmbedder:
        """The one that has these arrays.  Raises `ValueError` or `KeyError` where they do not fit together."""
        ...
