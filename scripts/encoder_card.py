"""Write docs/encoder-card.md from the card that ships with the encoder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from redline.encoder import bundled_encoder
from redline.taxonomy import default_taxonomy

TARGET = Path(__file__).resolve().parents[1] / "docs" / "encoder-card.md"


def card() -> str:
    """The whole page."""
    data = bundled_encoder().data
    return "\n".join(
        [
            "# The encoder's card\n",
            "Written by `python -m scripts.encoder_card` from `src/redline/resources/encoder/card.json`; do not edit.\n",
            *_origin(data), *_held_out(data), *_ablation(data), *_reported(data),
        ]
    )  # fmt: skip


def _origin(data: Mapping[str, Any]) -> list[str]:
    base, recipe = data["base"], data["recipe"]
    trained, held = data["data"]["trained"], data["data"]["held_out"]
    lines = [
        f"Base: {base['name']} (weights {base['digest']}). Rebuilt by `{data['command']}` (extra `train`), seed {recipe['seed']}.",
        "The command needs the public sets for the same encoder (`answers`, `notes` and `expertqa`); without `--data` it uses the bundled material alone.\n",
        "| source | passages | statements asked | held out |", "| --- | --- | --- | --- |",
    ]  # fmt: skip
    for source, count in trained["passages"].items():
        lines.append(f"| {source} | {count} | {trained['questions'][source]} | {held['questions'].get(source, 0)} |")
    lines.append(f"| theme sentences | | {trained['theme_sentences']} | {held['theme_sentences']} |\n")
    lines.append("Versions: " + ", ".join(f"{k} {v}" for k, v in data["versions"].items()) + ".\n")
    lines.append("Files: " + ", ".join(f"`{k}` {v[:12]}" for k, v in data["files"].items()) + ".\n")
    return lines


def _held_out(data: Mapping[str, Any]) -> list[str]:
    calibration, parity = data["calibration"], data["int8"]
    lines = [
        "## Held-out train side: calibration, threshold, int8\n",
        f"p(carried) = sigmoid({calibration['slope']:.3f} logit {calibration['offset']:+.3f}); a unit counts as carried from "
        f"{calibration['threshold']:.2f} on (middle of the plateau of the mean kappa over the sources, each with the same weight). Figures are cross-fitted: each question by a head that did not see its case.\n",
        "| set | questions | AUC | kappa at the threshold | calibration error |", "| --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for name, found in calibration["held_out"].items():
        auc = data["held_out"][name]["auc"]
        lines.append(
            f"| {name} | {found['questions']} | {auc:.3f} | {found['kappa']:.3f} | {found['calibration_error']:.3f} |"
        )
    lines += [
        "\nReliability (mean probability: share carried), ten bins of equal count:\n",
        *(
            f"* {name}: " + ", ".join(f"{p:.2f}: {share:.2f}" for p, share, _ in found["reliability"])
            for name, found in calibration["held_out"].items()
        ),
        "",
        "Units asked of a text about something else (another case, question or note): "
        + ", ".join(f"{n.removeprefix('stranger ')} mean p {f['mean_p']:.2f}, {f['carried']:.1%} called carried" for n, f in data["strangers"].items())
        + ". The pairs are drafts and replies: courtesy and safety nets fit many patients.\n",
        f"int8 against fp32 on {parity['questions']} held-out questions: {parity['flipped']:.2%} of decisions flip, calibration error "
        f"{parity['calibration_error_fp32']:.4f} and {parity['calibration_error_int8']:.4f}, AUC {parity['auc_fp32']:.4f} and "
        f"{parity['auc_int8']:.4f}; of theme decisions {parity['themes_flipped']:.2%} flip.\n",
        f"Themes, held out: macro F1 {data['themes']['held_out']['macro_f1']:.3f}, mean calibration error "
        f"{data['themes']['held_out']['calibration_error']:.3f}.\n",
    ]  # fmt: skip
    return lines


def _ablation(data: Mapping[str, Any]) -> list[str]:
    if "ablation" not in data:
        return []
    sources = list(next(iter(data["ablation"].values())))
    lines = [
        "## Ablation of the content head\n",
        "On held-out train-side questions (kappa at each head's own calibrated 0.5). Every variant stands on the shipped encoder, which "
        "was trained with the shipped head; encoders trained otherwise are compared in [design/003](design/003-encoder.md).\n",
        "| head | " + " | ".join(f"{s} AUC | {s} kappa" for s in sources) + " |", "| --- |" + " --- | --- |" * len(sources),
    ]  # fmt: skip
    for name, found in data["ablation"].items():
        cells = " | ".join(f"{found[s]['auc']:.3f} | {found[s]['kappa']:.3f}" for s in sources)
        lines.append(f"| {name} | {cells} |")
    return [*lines, ""]


def _reported(data: Mapping[str, Any]) -> list[str]:
    found = data["reported"]
    pairs = found["test_pairs"]
    lines = [
        "## Reported: labels that nothing was trained, calibrated or chosen on\n",
        "| what | figure [95 %] |", "| --- | --- |",
        f"| bundled test pairs ({pairs['units']} units): kappa with the annotators | {_interval(pairs['kappa'])} |",
        f"| the same: AUC (content words covered: {pairs['word_coverage_auc']:.3f}) | {_interval(pairs['auc'])} |",
        f"| the same: calibration error | {pairs['calibration_error']:.3f} |",
    ]  # fmt: skip
    if "kqa" in found:
        kqa = found["kqa"]
        lines += [
            f"| K-QA ({kqa['statements']} statements): AUC (content words covered: {kqa['word_coverage_auc']:.3f}) | {_interval(kqa['auc'])} |",
            f"| the same: F1 at the shipped threshold | {_interval(kqa['f1'])} |",
        ]
    if "mts_dialog" in found:
        mts = found["mts_dialog"]
        lines += [
            f"| MTS-Dialog ({mts['summaries']} summaries): content recall with people's fact recall, r | {_interval(mts['recall_r'])} |",
            f"| the same: content F1 with the true correction distance, r | {_interval(mts['f1_distance_r'])} |",
        ]
    for name, words in (("clinicians", "clinicians' sentences"), ("drafts", "model drafts' sentences")):
        part = found["themes"][name]
        lines += [
            f"\n### Themes of {words} ({part['sentences']}), test split\n",
            f"Macro F1 {part['macro_f1']:.3f}, micro F1 {part['micro_f1']:.3f}.\n",
            "| theme | precision | recall | F1 | support | prevalence | calibration error |", "| --- | --- | --- | --- | --- | --- | --- |",
        ]  # fmt: skip
        for key, t in part["themes"].items():
            cells = f"{t['precision']:.2f} | {t['recall']:.2f} | {t['f1']:.2f} | {t['support']} | {t['prevalence']:.1%} | {t['calibration_error']:.3f}"
            lines.append(f"| {default_taxonomy()[key].name} | {cells} |")
    return [*lines, ""]


def _interval(figure: Mapping[str, float]) -> str:
    return f"{figure['estimate']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"


if __name__ == "__main__":
    TARGET.write_text(card(), encoding="utf-8")
    print(TARGET)
