"""The verdict of a card, by rules that were fixed before any judge was looked at (docs/design/010).

*Valid here*: people agree with the judge about as well as with each other, or the alternative-annotator test is passed; and
the edit-F1 that the judge gives is people's within a margin, overall and for every strategy; and it hardly fails and hardly
flips.  *Valid with correction*: the judge tells something, so that estimates corrected by people's labels gain from it, but
one of these fails or cannot be shown.  *Not valid*: otherwise, and where there is too little to say.
"""

from __future__ import annotations

from collections.abc import Sequence

from redline.scoring import Standing
from redline.stats.words import say_difference, say_interval
from redline.validation.cards.parts import (
    AlternativeAnnotator,
    Bias,
    Check,
    ContentFigures,
    Kappa,
    Slice,
    StabilityTest,
    ThemeFigures,
    Verdict,
)  # fmt: skip
from redline.validation.cards.settings import Settings
from redline.validation.figure import Figure

__all__ = ["content_verdict", "theme_verdict"]


def content_verdict(found: ContentFigures, settings: Settings) -> Verdict:
    """Standing of the content judge."""
    checks = (
        _informative(found.kappa.judge_mean, "kappa", "judge", found.messages, settings),
        _like_people(found.kappa, "kappa", "judge", found.alternative_annotator, found.messages, settings),
        _bias(found.edit.bias.f1, "edit-F1", "judge", found.messages, settings),
        _strategies(found.slices, settings),
        _failures(found.failed, settings),
        _stable(found.stability, settings),
    )
    return _verdict(checks)


def theme_verdict(found: ThemeFigures, settings: Settings) -> Verdict:
    """Standing of the theme classifier; its agreement is Krippendorff's alpha of two raters over whole sets, with MASI."""
    checks = (
        _informative(found.alpha_masi.judge_mean, "alpha", "classifier", found.messages, settings),
        _like_people(found.alpha_masi, "alpha", "classifier", found.alternative_annotator, found.messages, settings),
        _bias(found.edit_bias, "theme edit-F1", "classifier", found.messages, settings),
        _failures(found.failed, settings),
        _stable(found.stability, settings),
    )
    return _verdict(checks)


def _verdict(checks: Sequence[Check]) -> Verdict:
    informative, *rest = checks
    if not informative.passed:
        return Verdict(standing=Standing.NOT_VALID, reasons=(informative.text,), checks=tuple(checks))
    missed = tuple(c.text for c in rest if not c.passed)
    if missed:
        return Verdict(standing=Standing.CORRECTED, reasons=(informative.text, *missed), checks=tuple(checks))
    return Verdict(standing=Standing.VALID, reasons=tuple(c.text for c in rest), checks=tuple(checks))


def _bounds(figure: Figure, messages: int, settings: Settings) -> tuple[float, float] | None:
    """The interval.  Where fewer than five of many messages move a figure there is none, and the figure is as sure as can be."""
    if figure.low is not None and figure.high is not None:
        return figure.low, figure.high
    if figure.estimate is not None and messages >= settings.unmoved:
        return figure.estimate, figure.estimate
    return None


def _informative(mean: Figure, what: str, who: str, messages: int, settings: Settings) -> Check:
    if messages < settings.messages:
        count = "There is 1 patient message" if messages == 1 else f"There are {messages} patient messages"
        text = f"{count} to compare on; fewer than {settings.messages} decide nothing."
        return Check(name="informative", passed=None, text=text)
    bounds = _bounds(mean, messages, settings)
    if bounds is None:
        text = f"Agreement of the {who} with people cannot be told ({what}: {mean.note})."
        return Check(name="informative", passed=None, text=text)
    passed = bounds[0] > settings.informative
    tells = (
        "so it tells something about people's decisions"
        if passed
        else "so it tells too little about people's decisions"
    )
    text = (
        f"The {who} agrees with people at a mean {what} of {say_interval(mean)}, and the lower end is "
        f"{'above' if passed else 'not above'} {settings.informative:.2f}, {tells}."
    )  # fmt: skip
    return Check(name="informative", passed=passed, text=text)


def _like_people(
    kappa: Kappa, what: str, who: str, test: AlternativeAnnotator, messages: int, settings: Settings
) -> Check:
    """Not worse than people among themselves by more than the margin, or passed as an alternative annotator."""
    gap = kappa.difference
    tested = len(test.annotators) >= settings.alternative_raters
    by_test = test.passed if tested else None
    bounds = _bounds(gap, messages, settings)
    if bounds and bounds[0] > -settings.kappa_margin:
        text = (
            f"The {who} agrees with people about as well as they agree with each other ({what} "
            f"{say_interval(kappa.annotators_mean)} among people; {who} minus people "
            f"{say_difference(gap)}, not worse by {settings.kappa_margin:.2f})."
        )
        return Check(name="like people", passed=True, text=text)
    if by_test:
        text = f"The {who} passes the alternative-annotator test (winning rate {test.winning_rate:.2f} of {len(test.annotators)})."
        return Check(name="like people", passed=True, text=text)
    if gap.estimate is None:
        why = "one annotator only" if len(kappa.judge) < 2 else gap.note
        text = f"People cannot be compared with people ({why}), so whether the {who} is as good as a person cannot be shown."
        return Check(name="like people", passed=None, text=text)
    clearly = bounds is not None and bounds[1] < -settings.kappa_margin
    told = (
        f"The {who} agrees with people less than they agree with each other"
        if clearly
        else f"It is not shown that the {who} agrees with people about as well as they agree with each other"
    )
    worse = "worse" if clearly else "which may be worse"
    text = (
        f"{told}: {who} minus people {say_difference(gap)} in {what}, {worse} by more than {settings.kappa_margin:.2f}."
    )
    if tested and by_test is False:
        text += f" The alternative-annotator test is not passed either (winning rate {test.winning_rate:.2f})."
    return Check(name="like people", passed=False if clearly or by_test is False else None, text=text)


def _bias(bias: Bias, what: str, who: str, messages: int, settings: Settings) -> Check:
    margin = settings.f1_margin
    bounds = _bounds(bias, messages, settings)
    if bounds is None:
        text = f"The bias of {what} cannot be told ({bias.note})."
        return Check(name="bias", passed=None, text=text)
    low, high = bounds
    passed = -margin < low and high < margin
    if passed:
        text = f"The {what} by the {who} is people's within {margin:.2f} (bias {say_difference(bias)})."
        return Check(name="bias", passed=True, text=text)
    how = "beyond" if low > margin or high < -margin else "not wholly within"
    text = f"The bias of {what} is {say_difference(bias)}: its interval is {how} {margin:.2f} of people's."
    return Check(name="bias", passed=False if low > margin or high < -margin else None, text=text)


def _strategies(slices: Sequence[Slice], settings: Settings) -> Check:
    of = [s for s in slices if s.by == "strategy"]
    wrong = [
        s for s in of
        if (p := s.bias.f1.p_holm) is not None and p < settings.alpha and abs(s.bias.f1.estimate or 0.0) > settings.f1_margin
    ]  # fmt: skip
    if wrong:
        named = "; ".join(f"{s.value} {say_difference(s.bias.f1)}" for s in wrong)
        text = f"The bias of edit-F1 is beyond {settings.f1_margin:.2f} for drafts of: {named}."
        return Check(name="bias by strategy", passed=False, text=text)
    untold = [
        s.value for s in of
        if (bias := s.bias.f1).estimate is None or (bias.low is None and abs(bias.estimate) > settings.f1_margin)
    ]  # fmt: skip
    if untold:
        named = "; ".join(untold)
        text = f"Whether the judge favours these strategies cannot be told (no figure, or too few messages): {named}."
        return Check(name="bias by strategy", passed=None, text=text)
    if not of:
        text = "The pairs do not say which strategy drafted, so no bias by strategy was looked for."
    else:
        text = f"No strategy of {len(of)} has a bias of edit-F1 that is beyond {settings.f1_margin:.2f} after Holm's correction."
    return Check(name="bias by strategy", passed=True, text=text)


def _failures(failed: Figure, settings: Settings) -> Check:
    share = failed.estimate
    if share is None:
        return Check(name="failures", passed=None, text="Nothing was asked.")
    passed = share < settings.failures
    text = f"{share:.1%} of {failed.n} units have no verdict ({'below' if passed else 'not below'} {settings.failures:.0%})."
    return Check(name="failures", passed=passed, text=text)


def _stable(tests: Sequence[StabilityTest], settings: Settings) -> Check:
    if not tests:
        return Check(name="stability", passed=None, text="Stability was not tested.")
    open_ = [t.name for t in tests if t.flips.estimate is None]
    flips = {t.name: t.flips.estimate for t in tests if t.flips.estimate is not None}
    named = ", ".join(f"{WORDS[name]} {share:.1%}" for name, share in flips.items())
    if any(share >= settings.flips for share in flips.values()):
        text = f"Decisions flip too often when asked again in another way ({named}; {settings.flips:.0%} is the limit)."
        return Check(name="stability", passed=False, text=text)
    if open_:
        text = f"Stability could not be tested for: {', '.join(WORDS[name] for name in open_)}."
        return Check(name="stability", passed=None, text=text)
    text = f"Decisions hardly flip when asked again ({named}; {settings.flips:.0%} is the limit)."
    return Check(name="stability", passed=True, text=text)


WORDS = {
    "repeat": "repeated",
    "order": "units in another order",
    "swap": "texts swapped",
    "paraphrase": "prompt in other words",
}
"""The stability tests for people."""
