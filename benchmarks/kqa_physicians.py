"""The shipped judge among the physicians of K-QA: kappa and F1 of each pair, its place, the alternative-annotator test.

For reporting: nothing was trained, calibrated or chosen on these labels.
"""

from __future__ import annotations

from common import arguments, finish, machine

from redline.judging import content_judge, theme_judge
from redline.scoring import Judges
from redline.stats.words import say_difference as signed
from redline.stats.words import say_interval as shown
from redline.validation.cards.page import place_words
from redline.validation.judge.kqa import KQA, KQA_PROVENANCE, kqa_pairs
from redline.validation.judge.validate import Asked, elsewhere


def main() -> None:
    """Print what the card of the shipped judge says about K-QA."""
    options = arguments(__doc__ or "")
    judges = Judges(content_judge(), theme_judge())
    found = elsewhere(judges, kqa_pairs(options.data / "kqa" / "nli.jsonl"), name=KQA, provenance=KQA_PROVENANCE,
                      how=Asked(draws=10_000))  # fmt: skip
    content = found.content
    print(f"{found.units} statements of {found.cases} questions; judge {judges.content.signature}")
    for kind in ("kappa", "f1", "ac1", "agreement"):
        figures = getattr(content, kind)
        for name, figure in {**{f"judge and {n}": f for n, f in figures.judge.items()}, **figures.annotators}.items():
            print(f"{kind:>10}  {name.replace('|', ' and '):<30} {shown(figure)}")
    print(f"kappa, judge minus physicians: {signed(content.kappa.difference)}")
    print(place_words(content.rank))
    test = content.alternative_annotator
    print(
        f"alternative-annotator test: passed {test.passed}, winning rate {test.winning_rate}, advantage {shown(test.advantage)}"
    )
    for name, one in test.annotators.items():
        print(f"  {name}: judge wins {shown(one.judge_wins)}, physician wins {one.annotator_wins:.2f}, p {one.p}")
    finish({"elsewhere": found.model_dump(mode="json"), "machine": machine("onnxruntime", "numpy")}, [], options.json)


if __name__ == "__main__":
    main()
