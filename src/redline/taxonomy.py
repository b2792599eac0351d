"""Themes: what a sentence of a clinician's reply is for.

The taxonomy is a file, because two of the eight named themes of the paper are not public and because a
site that revises its themes must not have to touch code.  The nine of the annotation guide are the default.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from redline.errors import InputError

_KEY = re.compile(r"[a-z][a-z0-9_]*")

__all__ = ["Taxonomy", "Theme", "default_taxonomy"]


@dataclass(frozen=True, slots=True)
class Theme:
    """One theme: a sentence `has` it when ..., and `has_not` when ....

    `published` is the (low, high) share of clinicians' replies that carry it according to the paper, or
    None where the paper states none.
    """

    key: str
    name: str
    has: str
    has_not: str
    published: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """An ordered set of themes; the order is the order of every table and figure."""

    themes: tuple[Theme, ...]
    residual: str
    version: int = 1

    @property
    def keys(self) -> tuple[str, ...]:
        """Theme keys in table order.

        >>> default_taxonomy().keys[:3]
        ('empathy', 'symptom_questions', 'medication_questions')
        """
        return tuple(t.key for t in self.themes)

    def __getitem__(self, key: str) -> Theme:
        for theme in self.themes:
            if theme.key == key:
                return theme
        raise KeyError(f"no theme {key!r}; the taxonomy has {', '.join(self.keys)}")

    def __contains__(self, key: object) -> bool:
        return key in self.keys

    def order(self, keys: Iterable[str]) -> tuple[str, ...]:
        """The distinct `keys` in taxonomy order; KeyError for an unknown one.

        >>> default_taxonomy().order(["other", "empathy", "other"])
        ('empathy', 'other')
        """
        wanted = set(keys)
        for key in sorted(wanted - set(self.keys)):
            self[key]
        return tuple(k for k in self.keys if k in wanted)

    def as_set(self, keys: Iterable[str]) -> frozenset[str]:
        """The themes of a unit as a set that can be compared: no theme is the residual one, which beside another says nothing.

        >>> sorted(default_taxonomy().as_set(["other", "empathy"])), sorted(default_taxonomy().as_set([]))
        (['empathy'], ['other'])
        """
        residual = frozenset({self.residual})
        return frozenset(keys) - residual or residual

    def majority(self, said: Sequence[Iterable[str]]) -> tuple[str, ...]:
        """Of what annotators say of a unit the themes that more than half of them give, else the one that most give (the first
        in this order among equals).

        >>> default_taxonomy().majority([["empathy"], ["empathy", "other"], ["care_coordination"]])
        ('empathy',)
        """
        votes = Counter(key for keys in said for key in self.as_set(keys))
        most = max(votes.values())
        found = self.order(key for key, count in votes.items() if 2 * count > len(said))
        return found or self.order(key for key, count in votes.items() if count == most)[:1]

    @classmethod
    def from_yaml(cls, path: str | Path) -> Taxonomy:
        """Read a taxonomy file; `InputError` names every missing or doubled entry."""
        path = Path(path)
        try:
            data = yaml.safe_load(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError.single(str(path), f"cannot be read ({error.strerror})") from None
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            line = getattr(getattr(error, "problem_mark", None), "line", None)
            raise InputError.single(str(path), "is not valid YAML", line=None if line is None else line + 1) from None
        return _from_data(data, str(path))


def _from_data(data: Any, where: str) -> Taxonomy:
    if not isinstance(data, dict) or not isinstance(data.get("themes"), list) or not data["themes"]:
        raise InputError.single(where, "needs a list 'themes' with at least one theme")
    themes: list[Theme] = []
    for number, entry in enumerate(data["themes"]):
        for field in ("key", "name", "has"):
            if not isinstance(entry, dict) or not isinstance(entry.get(field), str):
                raise InputError.single(where, "is missing or not a text", field=f"themes[{number}].{field}")
        themes.append(
            Theme(
                entry["key"],
                entry["name"],
                entry["has"],
                str(entry.get("not", "")),
                _published(entry.get("published"), where, number),
            )
        )
    for number, theme in enumerate(themes):
        if not _KEY.fullmatch(theme.key):
            raise InputError.single(
                where, f"is {theme.key!r}; a key is lower-case letters, digits and _", field=f"themes[{number}].key"
            )
    keys = [t.key for t in themes]
    doubled = sorted({k for k in keys if keys.count(k) > 1})
    if doubled:
        raise InputError.single(where, f"lists {', '.join(doubled)} more than once", field="themes")
    residual = data.get("residual", keys[-1])
    if residual not in keys:
        raise InputError.single(where, f"is {residual!r}, which is no theme of this file", field="residual")
    version = data.get("version", 1)
    if not isinstance(version, int):
        raise InputError.single(where, f"is {version!r}, expected a whole number", field="version")
    return Taxonomy(tuple(themes), residual, version)


def _published(value: Any, where: str, number: int) -> tuple[float, float] | None:
    if value is None:
        return None
    ends = value if isinstance(value, list) else [value, value]
    if len(ends) != 2 or any(isinstance(x, bool) or not isinstance(x, int | float) or not 0 <= x <= 1 for x in ends):
        raise InputError.single(
            where, "is not a share between 0 and 1, nor a list of two", field=f"themes[{number}].published"
        )
    return float(ends[0]), float(ends[1])


@lru_cache(maxsize=1)
def default_taxonomy() -> Taxonomy:
    """The nine themes of the annotation guide.

    >>> len(default_taxonomy().themes), default_taxonomy().residual
    (9, 'other')
    """
    resource = files("redline") / "resources" / "taxonomy.yaml"
    return _from_data(yaml.safe_load(resource.read_text(encoding="utf-8")), "taxonomy.yaml")
