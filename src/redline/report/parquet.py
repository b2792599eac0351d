"""The tables as Parquet: cells, contrasts, and the sufficient statistics of every comparison."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from redline.errors import InputError
from redline.scoring import Scored, statistics

__all__ = ["write_parquet"]


def write_parquet(scored: Scored, folder: str | Path) -> list[Path]:
    """Write `cells.parquet`, `contrasts.parquet` and `loads.parquet`; returns their paths.

    `loads` has a row a comparison with the columns of `Layout`: summing them by cell gives every number of the table.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    cells = [
        (cell.name, cell.kind.value, measure, i.estimate, i.low, i.high, i.se, i.clusters)
        for table in (scored.table, scored.observed)
        if table
        for cell in table.cells
        for measure, i in cell.values.items()
    ]
    contrasts = [
        (
            t.measure,
            t.contrast.a,
            t.contrast.b,
            d.estimate,
            d.low,
            d.high,
            t.contrast.p,
            t.contrast.p_holm,
            t.non_inferior.value,
        )
        for t in scored.table.contrasts
        for d in [t.contrast.difference]
    ]
    layout = scored.table.measures.layout
    loads = [
        (
            j.comparison.cell,
            j.comparison.kind.value,
            j.comparison.case,
            j.comparison.clinician,
            j.comparison.drafted_by,
            *map(float, row),
        )
        for j, row in zip(scored.judged, statistics(scored.judged, layout), strict=True)
    ]
    return [
        _write(folder / "cells.parquet", cells, _typed("cell kind measure", "estimate low high se clusters")),
        _write(
            folder / "contrasts.parquet",
            contrasts,
            _typed("measure a b", "difference low high p p_holm") | _typed("non_inferiority", ""),
        ),
        _write(
            folder / "loads.parquet",
            loads,
            _typed("cell kind case clinician drafted_by", " ".join(layout.columns)),
        ),
    ]


def _typed(texts: str, numbers: str) -> dict[str, str]:
    """Column names to their types."""
    return dict.fromkeys(texts.split(), "VARCHAR") | dict.fromkeys(numbers.split(), "DOUBLE")


def _write(path: Path, rows: Sequence[Sequence[Any]], columns: dict[str, str]) -> Path:
    import duckdb  # a second to import

    part = path.parent / f".{path.name}.{secrets.token_hex(4)}.part"
    connection = duckdb.connect()
    try:
        table = {
            name: np.asarray([row[i] for row in rows], dtype=object if kind == "VARCHAR" else np.float64)
            for i, (name, kind) in enumerate(columns.items())
        }
        connection.register("found", table)  # columns at once: inserting rows takes minutes for a large study
        missing = {"VARCHAR": '"{0}"::VARCHAR', "DOUBLE": 'CASE WHEN isnan("{0}") THEN NULL ELSE "{0}" END'}
        chosen = ", ".join(f'{missing[kind].format(name)} AS "{name}"' for name, kind in columns.items())
        connection.execute(f"CREATE VIEW t AS SELECT {chosen} FROM found")
        connection.execute(f"COPY t TO '{str(part).replace(chr(39), chr(39) * 2)}' (FORMAT parquet, COMPRESSION zstd)")
        os.replace(part, path)
    except (duckdb.Error, OSError) as error:
        raise InputError.single(str(path), f"cannot be written ({str(error).splitlines()[0][:120]})") from None
    finally:
        connection.close()
        part.unlink(missing_ok=True)
    return path
