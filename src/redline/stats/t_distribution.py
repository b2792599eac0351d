"""Student's t distribution function, so that a test needs no SciPy (tests compare with it)."""

from __future__ import annotations

import math

__all__ = ["binomial_cdf", "t_cdf"]


def t_cdf(t: float, df: float) -> float:
    """P(T <= t) of Student's t with `df` > 0 degrees of freedom, to about 1e-12.

    P(|T| >= t) is the regularised incomplete beta function I_x(df/2, 1/2) at x = df / (df + t^2) (Abramowitz and Stegun
    1964, 26.7.1), here by Lentz's continued fraction (Press et al., Numerical Recipes, 6.4).

    >>> t_cdf(0.0, 7), round(t_cdf(-2.262157, 9), 6)
    (0.5, 0.025)
    """
    if df <= 0:
        raise ValueError(f"needs df > 0, got {df}")
    if t == 0.0:
        return 0.5
    tail = 0.5 * _incomplete_beta(df / 2, 0.5, df / (df + t * t))
    return tail if t < 0 else 1.0 - tail


def binomial_cdf(k: int, n: int, p: float) -> float:
    """P(X <= k) of the binomial distribution.

    >>> binomial_cdf(1, 3, 0.5)
    0.5
    """
    if k >= n:
        return 1.0
    return math.fsum(math.comb(n, i) * p**i * (1.0 - p) ** (n - i) for i in range(k + 1))


def _incomplete_beta(a: float, b: float, x: float) -> float:
    if x <= 0.0 or x >= 1.0:
        return min(max(x, 0.0), 1.0)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )  # fmt: skip
    if x < (a + 1.0) / (a + b + 2.0):  # where the fraction converges fast; else by symmetry
        return front * _fraction(a, b, x) / a
    return 1.0 - front * _fraction(b, a, 1.0 - x) / b


def _fraction(a: float, b: float, x: float) -> float:
    tiny = 1e-300
    c, d = 1.0, 1.0 / _away(1.0 - (a + b) * x / (a + 1.0), tiny)
    value = d
    for m in range(1, 500):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1.0 / _away(1.0 + term * d, tiny)
            c = _away(1.0 + term / c, tiny)
            value *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return value


def _away(x: float, tiny: float) -> float:
    return x if abs(x) > tiny else tiny
