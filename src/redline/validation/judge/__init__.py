"""A judge and a theme classifier against people, and people against each other, on the same units."""

__all__: list[str] = []
