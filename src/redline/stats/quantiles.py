"""Normal and Student-t quantiles, so that scoring needs no SciPy (tests compare with it)."""

from __future__ import annotations

import math
from statistics import NormalDist

__all__ = ["normal_cdf", "normal_quantile", "t_quantile"]

_NORMAL = NormalDist()


def normal_cdf(x: float) -> float:
    """P(Z <= x)."""
    return _NORMAL.cdf(x)


def normal_quantile(p: float) -> float:
    """z with P(Z <= z) = p, for 0 < p < 1.

    >>> round(normal_quantile(0.975), 4)
    1.96
    """
    return _NORMAL.inv_cdf(p)


def t_quantile(p: float, df: float) -> float:
    """Student's t quantile, by Hill's expansion (CACM Algorithm 396, 1970); exact for 1 and 2 degrees.

    Accurate to five digits for df >= 3 and central probabilities as used for intervals.

    >>> round(t_quantile(0.975, 9), 3)
    2.262
    """
    if not 0.0 < p < 1.0 or df < 1:
        raise ValueError(f"needs 0 < p < 1 and df >= 1, got p={p}, df={df}")
    if p < 0.5:
        return -t_quantile(1.0 - p, df)
    two_tails = 2.0 * (1.0 - p)
    if df == 1:
        return 1.0 / math.tan(two_tails * math.pi / 2.0)
    if df == 2:
        return math.sqrt(2.0 / (two_tails * (2.0 - two_tails)) - 2.0)
    a = 1.0 / (df - 0.5)
    b = 48.0 / (a * a)
    c = ((20700.0 * a / b - 98.0) * a - 16.0) * a + 96.36
    d = ((94.5 / (b + c) - 3.0) / b + 1.0) * math.sqrt(a * math.pi / 2.0) * df
    y = (d * two_tails) ** (2.0 / df)
    if y > 0.05 + a:
        x = normal_quantile(two_tails / 2.0)
        y = x * x
        if df < 5:
            c += 0.3 * (df - 4.5) * (x + 0.6)
        c = (((0.05 * d * x - 5.0) * x - 7.0) * x - 2.0) * x + b + c
        y = (((((0.4 * y + 6.3) * y + 36.0) * y + 94.5) / c - y - 3.0) / b + 1.0) * x
        y = math.expm1(a * y * y)
    else:
        y = ((1.0 / (((df + 6.0) / (df * y) - 0.089 * d - 0.822) * (df + 2.0) * 3.0) + 0.5 / (df + 4.0)) * y - 1.0) * (
            df + 1.0
        ) / (df + 2.0) + 1.0 / y
    return math.sqrt(df * y)
