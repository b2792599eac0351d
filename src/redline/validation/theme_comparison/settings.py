"""When a taxonomy is said to need revision: rules that were fixed before any data were looked at."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["RevisionRules"]


@dataclass(frozen=True, slots=True)
class RevisionRules:
    """Thresholds of the verdict; each is a round number with a reason, none was fitted to data.

    * `residual_share`: more than a tenth of the sentences *inside* replies (neither the first nor the last one, which greet
      and sign off) fit no theme.
    * `confused_share`: in more than a tenth of the sentences to which somebody gave one of two themes, one person gave the
      one and another person the other; asked of pairs of themes with `confused_units` such sentences or more.
    * `rare_share`: a theme in fewer than a twentieth of replies is hardly used: it costs labelling and tells little.
    * `deviation`: a tenth away from the published share; a smaller gap would hardly change what a draft should do.
    * `alpha`: level of the tests behind these, after Holm's correction over themes, or over pairs of themes.
    """

    residual_share: float = 0.10
    confused_share: float = 0.10
    confused_units: int = 20
    rare_share: float = 0.05
    deviation: float = 0.10
    alpha: float = 0.05
