"""What knowing the clinician is worth: `personal` against `retrieval_reply`, and that against pooled retrieval.

On the bundled test split (80 messages, five simulated clinicians), paired on the same replies, with the bundled judge.  There is
no bar: the differences are reported whatever they are.  The language model is the tiny one unless --model names another.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import finish, machine
from redline.study import Bench, CorpusSpec, ModelSpec, StudyPlace, StudySpec, compare_cells, run_study, study_judges

PAIRS = (
    ("{model}/personal", "no-model/retrieval_reply"),
    ("{model}/personal", "{model}/zero_shot"),
    ("{model}/planned", "{model}/zero_shot"),
    ("no-model/retrieval_reply", "no-model/pooled_reply"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--model", default="tiny")
    options = parser.parse_args()
    spec = StudySpec(
        name="personal", strategies=("retrieval_reply", "pooled_reply"),
        corpora=(CorpusSpec(name="bundled", path="bundled", split="test", learn_split="train"),),
        models=(ModelSpec(use=options.model, strategies=("zero_shot", "planned", "personal")),),
    )  # fmt: skip
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as name:
        place = StudyPlace(spec, Path(name))
        judges = study_judges(place)
        table = run_study(place, judges).scored["bundled"].table
        bench = Bench(place)
        for cell in table.cells:
            f1, theme = cell["content.f1"], cell["theme.f1"]
            print(f"{cell.name:45} content F1 {f1.estimate:.3f}   theme F1 {theme.estimate:.3f}   {cell.counts}")
        model = place.models[options.model].name
        for a, b in ((a.format(model=model), b.format(model=model)) for a, b in PAIRS):
            for item in compare_cells(bench, judges, a, b)[1]:
                if item.measure.endswith("f1"):
                    d = item.contrast.difference
                    print(
                        f"{a} minus {b}, {item.measure}: {d.estimate:+.3f} [{d.low:+.3f}, {d.high:+.3f}], {item.replies} replies"
                    )
                    figures[f"{a} minus {b}, {item.measure}"] = [d.estimate, d.low, d.high]
    finish({"differences": figures, **machine("onnxruntime", "numpy")}, [], options.json)


if __name__ == "__main__":
    main()
