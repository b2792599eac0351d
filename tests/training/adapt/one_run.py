"""One training run as a program: several processes start it together, and tests kill it.

python -m tests.training.adapt.one_run BASE OUT [SECONDS A STEP]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from redline.training.adapt.run import adapt
from redline.training.adapt.settings import settings_for
from tests.training.adapt.conftest import some_sets


def main() -> None:
    base, out, *wait = sys.argv[1:]
    given = {
        "model": {"base": base, "device": "cpu", "dtype": "float64"}, "lora": {"rank": 4, "alpha": 8},
        "data": {"validation": 0.25},
        "train": {
            "epochs": 4, "prompts": 3, "rate": 1e-2, "row_tokens": 120, "save_every": 2,
            "optimizer": "adamw" if wait else "sgd",
        },
    }  # fmt: skip

    def tell(what: str, done: int, total: int, words: str) -> None:
        print(what, done, total, flush=True)
        time.sleep(float(wait[0]) if wait and what == "steps" else 0)

    print(adapt(settings_for("tadpole", None, given), "tadpole", some_sets(), Path(out), tell=tell).info.folder)


if __name__ == "__main__":
    main()
