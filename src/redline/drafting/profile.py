"""What a clinician's own past replies say about how they write: length, themes, thresholds, phrasing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from redline.records import Reply
from redline.taxonomy import Taxonomy
from redline.units import unit_texts

__all__ = ["ClinicianProfile", "distil"]

Units = Sequence[str]
Label = Callable[[Sequence[str]], Sequence[tuple[str, ...]]]

_CONTINGENCY = "contingency_planning"
_PHRASE_WORDS = (3, 4)


@dataclass(frozen=True, slots=True)
class ClinicianProfile:
    """Distilled from `replies` replies of one clinician.

    `words` and `sentences` are (lower quartile, median, upper quartile) of a reply; `themes` the share of replies that
    carries each theme; `thresholds` sentences in which they say when to call or come; `phrases` are word sequences that they use
    in several replies and others hardly ever.
    """

    clinician: str
    replies: int
    words: tuple[int, int, int]
    sentences: tuple[int, int, int]
    themes: Mapping[str, float] = field(default_factory=dict, hash=False)
    thresholds: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()

    def as_text(self, taxonomy: Taxonomy) -> str:
        """For a prompt; says how many replies it rests on."""
        low, middle, high = self.words
        lines = [
            f"From {self.replies} of their replies: {middle} words in {self.sentences[1]} sentences "
            f"(half of them {low} to {high} words)."
        ]
        named = [
            (taxonomy[k].name, share) for k, share in self.themes.items() if k in taxonomy and k != taxonomy.residual
        ]
        for title, wanted in (
            ("Usually writes", [n for n, s in named if s >= 0.6]),
            ("Sometimes writes", [n for n, s in named if 0.25 <= s < 0.6]),
            ("Seldom writes", [n for n, s in named if s < 0.25]),
        ):
            if wanted:
                lines.append(f"{title}: {', '.join(wanted)}.")
        if self.phrases:
            lines.append("Typical wording: " + "; ".join(self.phrases) + ".")
        if self.thresholds:
            lines.append("How they say when to call or come in:")
            lines += [f"- {t}" for t in self.thresholds]
        return "\n".join(lines)


def distil(
    replies: Sequence[Reply], label: Label, deidentify: Callable[[str], str] = str, keys: Sequence[str] = ()
) -> dict[str, ClinicianProfile]:
    """The profile of every clinician with a reply among `replies`, each told apart from all the others.

    `label` gives the themes of units that the corpus gives none for; themes of `keys` that a clinician never writes stand
    in their profile with 0.  Every unit passes `deidentify` before anything is counted or quoted.
    """
    found: dict[str, list[tuple[Reply, tuple[str, ...]]]] = {}
    for reply in replies:
        units = tuple(
            " ".join(deidentify(u).split())
            for u in (reply.units if reply.units is not None else unit_texts(reply.text))
        )
        found.setdefault(reply.clinician, []).append((reply, units))
    phrases = {who: _phrase_counts([units for _, units in own]) for who, own in found.items()}
    everybody: Counter[str] = Counter()
    for counts in phrases.values():
        everybody.update(counts)
    return {
        who: _profile(who, own, label, keys, _typical(phrases[who], everybody, len(own), len(replies)))
        for who, own in sorted(found.items())
    }


def _profile(
    clinician: str,
    own: Sequence[tuple[Reply, tuple[str, ...]]],
    label: Label,
    keys: Sequence[str],
    phrases: tuple[str, ...],
) -> ClinicianProfile:
    themes = [r.themes if r.themes is not None else tuple(label(u)) for r, u in own]
    held = Counter(t for reply in themes for t in {t for unit in reply for t in unit})
    thresholds = [
        u
        for (_, units), reply in zip(own, themes, strict=True)
        for u, t in zip(units, reply, strict=True)
        if _CONTINGENCY in t
    ]
    return ClinicianProfile(
        clinician,
        len(own),
        _quartiles([sum(len(u.split()) for u in units) for _, units in own]),
        _quartiles([len(units) for _, units in own]),
        {k: held[k] / len(own) for k in sorted({*held, *keys}, key=lambda k: (-held[k], k))},
        _middle(thresholds, 3),
        phrases,
    )


def _quartiles(values: Sequence[int]) -> tuple[int, int, int]:
    ordered = sorted(values)
    low, middle, high = (ordered[round(q * (len(ordered) - 1))] for q in (0.25, 0.5, 0.75))
    return low, middle, high


def _middle(sentences: Sequence[str], count: int) -> tuple[str, ...]:
    """The sentences of middling length: neither scraps nor special cases."""
    ordered = sorted(dict.fromkeys(sentences), key=lambda s: (len(s.split()), s))
    if len(ordered) <= count:
        return tuple(ordered)
    start = (len(ordered) - count) // 2
    return tuple(ordered[start : start + count])


def _phrase_counts(replies: Sequence[Units]) -> Counter[str]:
    """In how many replies each word sequence stands."""
    return Counter(p for units in replies for p in {g for unit in units for g in _grams(unit)})


def _typical(own: Counter[str], everybody: Counter[str], count: int, total: int, most: int = 6) -> tuple[str, ...]:
    """Word sequences in several of `count` own replies that are far rarer in the others of `total`; none inside another."""
    least, others = max(3, count // 20), total - count
    share = {p: n / count for p, n in own.items() if n >= least}
    typical = [p for p, s in share.items() if s > 3 * (everybody[p] - own[p] + 0.5) / (others + 1)]
    typical.sort(key=lambda p: (-share[p] * len(p.split()), p))
    found: list[str] = []
    for phrase in typical:
        if len(found) < most and not any(phrase in f or f in phrase for f in found):
            found.append(phrase)
    return tuple(found)


def _grams(text: str) -> set[str]:
    words = [w.strip('.,;:!?()"').lower() for w in text.split()]
    return {
        " ".join(words[i : i + n]) for n in _PHRASE_WORDS for i in range(len(words) - n + 1) if all(words[i : i + n])
    }
