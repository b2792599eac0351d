"""Does the taxonomy need revision?  Four rules with fixed thresholds, each answered in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from redline.stats import Contrast
from redline.taxonomy import Taxonomy
from redline.validation.agree.words import percent
from redline.validation.figure import Figure
from redline.validation.theme_comparison.confusion import Confusion
from redline.validation.theme_comparison.result import (
    Answer,
    ConfusedPair,
    Published,
    PublishedRow,
    ResidualShare,
    RuleResult,
    Verdict,
)  # fmt: skip
from redline.validation.theme_comparison.settings import RevisionRules

__all__ = ["confused_pair", "overall", "standing_to_paper", "taxonomy_rules"]


def standing_to_paper(
    rate: Figure, distance: Contrast | None, bounds: tuple[float, float] | None, rules: RevisionRules
) -> Published:
    """`deviates` where the share is more than `deviation` outside the published range, and outside by its interval and by
    Holm's p; `as published` where its interval stays within `deviation` of the range.

    Without an interval and a p of the distance nothing deviates, however far the share lies from the range.
    """
    if bounds is None:
        return Published.NOT_PUBLISHED
    if rate.estimate is None or rate.low is None or rate.high is None:
        return Published.CANNOT_TELL
    low, high = bounds[0] - rules.deviation, bounds[1] + rules.deviation
    if low <= rate.low and rate.high <= high:
        return Published.AS_PUBLISHED
    beyond = rate.high < bounds[0] or rate.low > bounds[1]
    if not beyond or low <= rate.estimate <= high:
        return Published.CANNOT_TELL
    p = None if distance is None or not distance.difference.known else distance.p_holm
    return Published.DEVIATES if p is not None and p < rules.alpha else Published.CANNOT_TELL


def confused_pair(found: Confusion, rules: RevisionRules) -> ConfusedPair:
    """With its answer: `revise` where the share is above the threshold, by its interval and beyond chance (Holm over pairs).

    p is given for shares above the threshold only: a share below it is judged by its interval, which for a few confused
    sentences reaches further than a recentred bootstrap test.
    """
    share, answer = found.share, Answer.CANNOT_TELL
    above = share.estimate is not None and share.estimate > rules.confused_share
    p = found.contrast.p_holm if found.contrast is not None and above else None
    if found.sentences < rules.confused_units:
        answer = Answer.NOT_ASKED
    elif share.low is not None and share.low > rules.confused_share and p is not None and p < rules.alpha:
        answer = Answer.REVISE
    elif share.high is not None and share.high <= rules.confused_share:
        answer = Answer.KEEP
    return ConfusedPair(
        first=found.first, second=found.second, sentences=found.sentences, confused=found.confused, share=share, p_holm=p,
        answer=answer,
    )  # fmt: skip


def taxonomy_rules(
    clinicians: Mapping[str, PublishedRow], residual: ResidualShare, pairs: Sequence[ConfusedPair], raters: int,
    taxonomy: Taxonomy, rules: RevisionRules,
) -> tuple[RuleResult, ...]:  # fmt: skip
    """The four rules in order: residual, confused pairs, hardly used themes, published shares."""
    return (
        _residual(residual, taxonomy, rules),
        _confused(pairs, raters, taxonomy, rules),
        _rare(clinicians, taxonomy, rules),
        _published(clinicians, taxonomy, rules),
    )


def overall(results: Sequence[RuleResult]) -> Verdict:
    """`revise` where a rule says so, `keep` where every rule was asked and says so, else `no sign so far`.

    >>> overall([RuleResult(rule="a", answer=Answer.KEEP, text=""), RuleResult(rule="b", answer=Answer.NOT_ASKED, text="")]).value
    'no sign so far'
    """
    answers = {r.answer for r in results}
    if Answer.REVISE in answers:
        return Verdict.REVISE
    return Verdict.KEEP if answers == {Answer.KEEP} else Verdict.NO_SIGN


def _residual(found: ResidualShare, taxonomy: Taxonomy, rules: RevisionRules) -> RuleResult:
    name, inside = taxonomy[taxonomy.residual].name, found.inside
    answer = _above(inside, rules.residual_share)
    text = (
        f"{name}: {percent(found.every)} of sentences, {percent(inside)} of those inside a reply (neither its first nor its last, "
        f"which greet and sign off); the rule allows {100 * rules.residual_share:.0f} % there. "
    )
    text += {
        Answer.REVISE: "Read these sentences: they do something for which there is no theme.",
        Answer.KEEP: "The themes cover what is written.",
        Answer.CANNOT_TELL: "These data do not decide it.",
    }[answer]
    return RuleResult(rule="residual", answer=answer, text=text)


def _above(share: Figure, bound: float) -> Answer:
    if share.low is not None and share.low > bound:
        return Answer.REVISE
    if share.high is not None and share.high <= bound:
        return Answer.KEEP
    return Answer.CANNOT_TELL


def _confused(pairs: Sequence[ConfusedPair], raters: int, taxonomy: Taxonomy, rules: RevisionRules) -> RuleResult:
    asked = [p for p in pairs if p.answer is not Answer.NOT_ASKED]
    if raters < 2 or not asked:
        why = "no sentence was labelled by two people" if raters < 2 or not pairs else (
            f"no pair of themes has {rules.confused_units} sentences labelled by two people"
        )  # fmt: skip
        return RuleResult(
            rule="confused pairs",
            answer=Answer.NOT_ASKED,
            text=f"Confused themes: {why}, so it cannot be asked. Have a second person label 30 replies or more.",
        )
    bad = [p for p in asked if p.answer is Answer.REVISE]
    if bad:
        named = "; ".join(f"{_pair(p, taxonomy)} in {percent(p.share)} of {p.sentences} sentences" for p in bad)
        return RuleResult(
            rule="confused pairs", answer=Answer.REVISE,
            text=f"Confused themes: {named}. Merge them, or write down where one ends and the other begins.",
        )  # fmt: skip
    unclear = [p for p in asked if p.answer is Answer.CANNOT_TELL]
    return RuleResult(
        rule="confused pairs",
        answer=Answer.CANNOT_TELL if unclear else Answer.KEEP,
        text=f"Confused themes: {_unconfused(asked, unclear, taxonomy, rules)}",
    )


def _unconfused(
    asked: Sequence[ConfusedPair], unclear: Sequence[ConfusedPair], taxonomy: Taxonomy, rules: RevisionRules
) -> str:
    """Which pairs are not confused, and for which that is open: open is not the same as fine."""
    bound = f"{100 * rules.confused_share:.0f} %"
    most = max(unclear or asked, key=lambda p: (p.share.estimate or 0.0, p.confused))
    worst = f"{_pair(most, taxonomy)}, {percent(most.share)} of {most.sentences} sentences"
    fine = [p for p in asked if p not in unclear]
    if not unclear:
        pairs = f"none of the {len(asked)} pairs" if len(asked) > 1 else "the only pair"
        return (
            f"{pairs} with {rules.confused_units} sentences or more is {'' if len(asked) > 1 else 'not '}confused in more than "
            f"{bound} of them; the most confused: {worst}."
        )
    if not fine:
        pairs = f"any of the {len(asked)} pairs" if len(asked) > 1 else "the only pair"
        return (
            f"nothing could be decided. For {pairs} with {rules.confused_units} sentences or more these data do not tell whether "
            f"it is confused in more than {bound} of them; the most confused so far: {worst}. Have more sentences labelled by "
            "two people."
        )
    return (
        f"not confused in more than {bound} of their sentences: {_named(fine, taxonomy)}. For {len(unclear)} of "
        f"{len(asked)} pairs these data do not decide it: {_named(unclear, taxonomy)}; the most confused of these: {worst}."
    )


def _named(pairs: Sequence[ConfusedPair], taxonomy: Taxonomy, most: int = 4) -> str:
    """The first pairs by name, and how many others (the table of the page has all)."""
    said = "; ".join(_pair(p, taxonomy) for p in pairs[:most])
    return said if len(pairs) <= most else f"{said}; and {len(pairs) - most} more (in the table of pairs)"


def _pair(pair: ConfusedPair, taxonomy: Taxonomy) -> str:
    return f"{taxonomy[pair.first].name} and {taxonomy[pair.second].name}"


def _rare(clinicians: Mapping[str, PublishedRow], taxonomy: Taxonomy, rules: RevisionRules) -> RuleResult:
    named = {key: row.rate for key, row in clinicians.items() if key != taxonomy.residual}
    rare = [k for k, r in named.items() if r.high is not None and r.high < rules.rare_share]
    unclear = [k for k, r in named.items() if k not in rare and (r.low is None or r.low < rules.rare_share)]
    if rare:
        said = ", ".join(f"{taxonomy[k].name} ({percent(named[k])} of replies)" for k in rare)
        return RuleResult(
            rule="hardly used themes", answer=Answer.REVISE,
            text=(
                f"Hardly used themes, in fewer than {100 * rules.rare_share:.0f} % of replies: {said}. Merge them, or ask "
                "whether they are overlooked."
            ),
        )  # fmt: skip
    if unclear:
        said = ", ".join(f"{taxonomy[k].name} ({percent(named[k])})" for k in unclear)
        return RuleResult(
            rule="hardly used themes",
            answer=Answer.CANNOT_TELL,
            text=f"Hardly used themes: these data do not decide it for {said}.",
        )
    least = min(named, key=lambda k: named[k].estimate or 0.0)
    return RuleResult(
        rule="hardly used themes", answer=Answer.KEEP,
        text=f"Hardly used themes: none; the rarest is {taxonomy[least].name}, in {percent(named[least])} of replies.",
    )  # fmt: skip


def _published(clinicians: Mapping[str, PublishedRow], taxonomy: Taxonomy, rules: RevisionRules) -> RuleResult:
    stated = {k: r for k, r in clinicians.items() if r.published is not None}
    if not stated:
        return RuleResult(
            rule="published shares", answer=Answer.NOT_ASKED, text="Published shares: this taxonomy states none to compare with."
        )  # fmt: skip
    off = [k for k, r in stated.items() if r.standing is Published.DEVIATES]
    if off:
        said = "; ".join(f"{taxonomy[k].name} {percent(stated[k].rate)}, published {_range(stated[k])}" for k in off)
        return RuleResult(
            rule="published shares", answer=Answer.REVISE,
            text=(
                f"Published shares: {said}. Your clinicians use these themes differently from the paper's; check the labels of "
                "a few replies, then revise the definitions, or do not compare with the paper on them."
            ),
        )  # fmt: skip
    unclear = [taxonomy[k].name for k, r in stated.items() if r.standing is Published.CANNOT_TELL]
    if unclear:
        return RuleResult(
            rule="published shares", answer=Answer.CANNOT_TELL,
            text=(
                f"Published shares: these data do not decide it for {', '.join(unclear)}; none of the {len(stated)} deviates for "
                "certain."
            ),
        )  # fmt: skip
    return RuleResult(
        rule="published shares", answer=Answer.KEEP,
        text=f"Published shares: all {len(stated)} that the paper states are within {100 * rules.deviation:.0f} points here.",
    )  # fmt: skip


def _range(row: PublishedRow) -> str:
    low, high = row.published or (0.0, 0.0)
    return f"{100 * low:.0f} %" if low == high else f"{100 * low:.0f} to {100 * high:.0f} %"
