"""Judge cards: what people found about a judge, in a file that a run can be held to and on a page for people."""

__all__: list[str] = []
