"""What a corrected estimate is computed from: sums of the judge's and of people's loads, a row a cluster and cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redline.stats.bootstrap import Score

__all__ = ["LabelledSums", "bearing", "differing", "labelled_sums", "threefold"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LabelledSums:
    """Sums (clusters, cells, stats) of three kinds, and the labelled comparisons behind them (clusters, cells).

    * `judged`: the judge's loads of **all** comparisons of the cluster;
    * `human`: people's loads of the labelled ones, each times its weight (1 over the probability it was drawn with);
    * `paired`: the judge's loads of the same labelled ones, with the same weights.

    A cluster of which only some comparisons are labelled, or none, is normal.
    """

    judged: Floats
    human: Floats
    paired: Floats
    labels: NDArray[np.intp]

    def __post_init__(self) -> None:
        shape = self.judged.shape
        if len(shape) != 3 or self.human.shape != shape or self.paired.shape != shape or self.labels.shape != shape[:2]:
            raise ValueError(
                f"sums are (clusters, cells, stats) and labels (clusters, cells); got {shape}, {self.human.shape}, "
                f"{self.paired.shape} and {self.labels.shape}"
            )

    @property
    def stacked(self) -> Floats:
        """(clusters, cells, 3 * stats): judged, human, paired beside each other, so that one bootstrap serves all."""
        return np.concatenate([self.judged, self.human, self.paired], axis=-1)

    def of(self, cells: slice | NDArray[np.intp]) -> LabelledSums:
        """The same for some of the cells."""
        return LabelledSums(self.judged[:, cells], self.human[:, cells], self.paired[:, cells], self.labels[:, cells])


def labelled_sums(
    judged: Floats, human: Floats, weights: Floats, clusters: NDArray[np.intp], cells: NDArray[np.intp],
    shape: tuple[int, int],
) -> LabelledSums:  # fmt: skip
    """Sums of rows: `judged` and `human` are (rows, stats), `weights` (rows,) is 0 where a row is not labelled.

    `clusters` and `cells` say where each row belongs, `shape` how many of both there are.

    >>> import numpy as np
    >>> rows, one = np.array([[4.0, 2.0], [4.0, 1.0]]), np.array([0, 0])
    >>> sums = labelled_sums(rows, rows + 1, np.array([0.0, 10.0]), one, one, (1, 1))
    >>> sums.judged[0, 0].tolist(), sums.human[0, 0].tolist(), sums.labels.tolist()
    ([8.0, 3.0], [50.0, 20.0], [[1]])
    """
    place = (clusters, cells)
    parts = [np.zeros((*shape, judged.shape[1])) for _ in range(3)]
    weight = weights[:, None]
    for part, rows in zip(parts, (judged, human * weight, judged * weight), strict=True):
        np.add.at(part, place, rows)
    labels = np.zeros(shape, dtype=np.intp)
    np.add.at(labels, place, (weights > 0).astype(np.intp))
    return LabelledSums(parts[0], parts[1], parts[2], labels)


def bearing(sums: LabelledSums, score: Score) -> NDArray[np.bool_]:
    """Clusters that people's figure rests on, whether or not they move it: (clusters, cells, values).

    A cluster does where one of the columns that the value is made of is not zero in it.  Where people say the same in all
    clusters none of them moves the figure, and it rests on all of them.

    >>> import numpy as np
    >>> human = np.array([[[2.0, 2.0]], [[1.0, 1.0]], [[0.0, 0.0]]])
    >>> all_alike = LabelledSums(human, human, human, np.ones((3, 1), dtype=int))
    >>> bearing(all_alike, lambda s: s[..., :1] / s[..., 1:])[:, 0, 0].tolist()
    [True, True, False]
    """
    size = sums.human.shape[-1]
    anywhere = np.linspace(2.0, 1.0, size)
    moved = score(anywhere * (1 + 0.1 * np.eye(size))) != score(anywhere)
    return np.asarray((sums.human != 0).astype(np.intp) @ moved.astype(np.intp) > 0)


def differing(sums: LabelledSums, score: Score) -> NDArray[np.bool_]:
    """Clusters in which people's figure would be another with the judge's loads in place of theirs: (clusters, cells, values).

    >>> import numpy as np
    >>> human, judge = np.array([[[1.0, 2.0]], [[1.0, 2.0]]]), np.array([[[2.0, 2.0]], [[1.0, 2.0]]])
    >>> both = LabelledSums(judge, human, judge, np.ones((2, 1), dtype=int))
    >>> differing(both, lambda s: s[..., :1] / s[..., 1:])[:, 0, 0].tolist()
    [True, False]
    """
    total = sums.human.sum(axis=0)[None]
    return np.asarray(np.abs(score(total - sums.human + sums.paired) - score(total)) > 1e-12)


def threefold(score: Score) -> Score:
    """The score of each third of stacked sums: (..., 3 * stats) -> (..., 3 * values)."""

    def scores(sums: NDArray[np.floating]) -> NDArray[np.floating]:
        size = sums.shape[-1] // 3
        return np.concatenate([score(sums[..., i * size : (i + 1) * size]) for i in range(3)], axis=-1)

    return scores
