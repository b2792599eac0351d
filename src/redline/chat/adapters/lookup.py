"""An adapter by its folder, or by the first part of its id where there is only one."""

from __future__ import annotations

from pathlib import Path

from redline.errors import UsageError

__all__ = ["find_adapter"]


def find_adapter(source: str) -> str:
    """`source` itself where there is such a folder; else `adapters/sft` may stand for the one `adapters/sft@DIGEST`.

    `UsageError` where several would fit: which one is meant is not for us to guess.
    """
    path = Path(source).expanduser()
    if path.is_dir() or not path.name or "@" in path.name or not path.parent.is_dir():
        return source
    found = sorted(p.name for p in path.parent.glob(f"{path.name}@*") if p.is_dir())
    if len(found) > 1:
        raise UsageError(f"{source} could be {' or '.join(found)}; write the one that is meant")
    return str(path.parent / found[0]) if found else source
