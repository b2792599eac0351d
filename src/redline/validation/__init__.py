"""Trust in the judge: validation against people, agreement between people, drift, and what to annotate next."""

__all__: list[str] = []
