"""One seeded resampling plan for a whole table.

Clusters (patient messages) are drawn with replacement once; every cell, contrast and theme of a table is
then a function of the same weighted sums, so comparisons are paired by construction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["MAX_GROUPS", "ResamplingPlan", "group_clusters"]

MAX_GROUPS = 2_000
_BLOCK = 2_000


@dataclass(frozen=True, slots=True)
class ResamplingPlan:
    """`draws` resamples of `clusters` clusters from `seed`; where `clinicians` > 0 they are drawn too.

    Clinicians are crossed with messages (the pigeonhole bootstrap of Owen 2007): the weight of a row is the
    product of its message's and its clinicians' weights, which is conservative.
    """

    clusters: int
    draws: int = 10_000
    seed: int = 17
    clinicians: int = 0

    def __post_init__(self) -> None:
        if self.clusters < 1 or self.draws < 1 or self.clinicians < 0:
            raise ValueError(
                f"a plan needs clusters and draws, got {self.clusters} clusters, {self.draws} draws, "
                f"{self.clinicians} clinicians"
            )

    def weights(self) -> Iterator[NDArray[np.float32]]:
        """Blocks (draws in block, clusters) of how often each cluster was drawn; each row sums to `clusters`.

        >>> block = next(ResamplingPlan(clusters=3, draws=2).weights())
        >>> block.shape, block.sum(axis=1).tolist()
        ((2, 3), [3.0, 3.0])
        """
        yield from self._multinomial(self.clusters, stream=0)

    def clinician_weights(self) -> Iterator[NDArray[np.float32]]:
        """The same for clinicians, in blocks that match `weights`."""
        yield from self._multinomial(self.clinicians, stream=1)

    def _multinomial(self, size: int, *, stream: int) -> Iterator[NDArray[np.float32]]:
        rng = np.random.default_rng([self.seed, stream])
        for start in range(0, self.draws, _BLOCK):
            count = min(_BLOCK, self.draws - start)
            picks = rng.integers(0, size, size=(count, size))
            picks += np.arange(count)[:, None] * size
            yield np.bincount(picks.ravel(), minlength=count * size).reshape(count, size).astype(np.float32)


def group_clusters(labels: Sequence[str], *, seed: int = 17) -> tuple[NDArray[np.intp], int]:
    """Row -> group index, and the number of groups: one group a distinct label, at most `MAX_GROUPS`.

    With more clusters than that, whole clusters are put together at random into `MAX_GROUPS` groups of
    nearly equal size; the bootstrap over groups estimates the same variance at bounded cost.

    >>> index, count = group_clusters(["m1", "m2", "m1"])
    >>> index.tolist(), count
    ([0, 1, 0], 2)
    """
    first: dict[str, int] = {}
    index = np.array([first.setdefault(label, len(first)) for label in labels], dtype=np.intp)
    count = len(first)
    if count > MAX_GROUPS:
        order = np.random.default_rng([seed, 2]).permutation(count) % MAX_GROUPS
        return order[index].astype(np.intp), MAX_GROUPS
    return index, count
