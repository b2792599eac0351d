"""How good the shipped encoder is on labels that nothing was trained, calibrated or chosen on."""

from __future__ import annotations

import json

from common import arguments, finish, machine

from redline.judging import content_judge, theme_judge
from redline.training.encoder.quality import quality


def main() -> None:
    """Print every figure with its interval; the floor (content words covered) stands beside it."""
    options = arguments(__doc__ or "")
    data = options.data if options.data.is_dir() else None
    found = quality(content_judge(), theme_judge(), data)
    print(json.dumps(found, indent=1))
    pairs, themes = found["test_pairs"], found["themes"]
    bars = [
        ("test pairs, kappa with the annotators", pairs["kappa"]["estimate"], 0.70, True),
        ("test pairs, AUC", pairs["auc"]["estimate"], 0.92, True),
        ("themes of clinicians' sentences, macro F1", themes["clinicians"]["macro_f1"], 0.82, True),
        ("themes of model drafts, macro F1", themes["drafts"]["macro_f1"], 0.75, True),
    ]
    if "kqa" in found:
        bars += [
            ("K-QA, AUC", found["kqa"]["auc"]["estimate"], 0.80, True),
            ("K-QA, F1 at the shipped threshold", found["kqa"]["f1"]["estimate"], 0.68, True),
        ]
    if "mts_dialog" in found:
        bars += [
            ("MTS-Dialog, content recall and fact recall, r", found["mts_dialog"]["recall_r"]["estimate"], 0.65, True),
            (
                "MTS-Dialog, content F1 and correction distance, r",
                found["mts_dialog"]["f1_distance_r"]["estimate"],
                -0.45,
                False,
            ),
        ]
    finish({"figures": found, "machine": machine("onnxruntime", "numpy")}, bars, options.json)


if __name__ == "__main__":
    main()
