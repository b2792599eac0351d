"""Units judged a second: redline against sentence_transformers.CrossEncoder at its defaults, same base weights, one run.

The peer judges each (unit, whole other text) pair with the encoder that ours is made from, as a cross-encoder with a
one-logit head; its scores are not used, only its time.  Both see the same 2,000 questions of the test split; each is
warmed with 64 of them first; three alternating rounds, best of each.
"""

from __future__ import annotations

import time

from common import arguments, finish, machine

from redline.corpus import bundled_rows
from redline.encoder import Asked, EditEncoder, bundled_encoder

QUESTIONS = 2_000


def asked() -> list[Asked]:
    """Questions of the bundled test pairs, both directions."""
    found = []
    for pair in bundled_rows("pairs_test"):
        for own, other in ((pair["draft"], pair["reference"]), (pair["reference"], pair["draft"])):
            found += [Asked(unit, tuple(other)) for unit in own]
    return found[:QUESTIONS]


def main() -> None:
    """Alternate the two and print the ratio."""
    options = arguments(__doc__ or "")
    from sentence_transformers import CrossEncoder

    from redline.training.encoder.build import default_base

    questions = asked()
    peer = CrossEncoder(default_base(), num_labels=1, device="cpu")
    texts = [(q.unit, " ".join(q.other)) for q in questions]
    peer.predict(texts[:64], show_progress_bar=False)
    ours_s, peer_s = [], []
    for _ in range(3):
        ours = EditEncoder(bundled_encoder())
        ours.carried(questions[:64])
        ours.forget()
        began = time.perf_counter()
        ours.carried(questions)
        ours_s.append(time.perf_counter() - began)
        began = time.perf_counter()
        peer.predict(texts, show_progress_bar=False)
        peer_s.append(time.perf_counter() - began)
    ratio = min(peer_s) / min(ours_s)
    print(
        f"redline: {len(questions) / min(ours_s):.0f} questions/s; CrossEncoder.predict: {len(questions) / min(peer_s):.0f}/s"
    )
    figures = {"questions": len(questions), "redline_s": ours_s, "cross_encoder_s": peer_s, "ratio": ratio}
    figures["machine"] = machine("onnxruntime", "torch", "sentence-transformers")
    finish(figures, [("times as fast", ratio, 4.0, True)], options.json)


if __name__ == "__main__":
    main()
