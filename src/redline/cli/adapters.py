"""`redline adapters`: what adapters there are, and whether they are what they say."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from redline.cli.options import AllowRemote
from redline.errors import UsageError

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Adapters: what there is, and whether each is what it says."
)


Base = Annotated[
    str | None, typer.Option("--base", help="Its base (a folder or a cached name): does it fit, is it kept apart here?")
]
Against = Annotated[
    Path | None, typer.Option("--against", help="Another adapter for the canary (default: the base alone).")
]
Server = Annotated[
    list[str] | None, typer.Option("--server", help="URL of a server that serves it under its id. Repeat for several.")
]
ServerBase = Annotated[
    str | None, typer.Option("--server-base", help="The server's name of the base, where there is no --against.")
]
Cold = Annotated[
    str, typer.Option("--cold", help="How a server answers without its cache: cache_salt (vLLM), cache_prompt, none.")
]
OtherBase = Annotated[bool, typer.Option("--other-base", help="Take a base with other weights of the same shape.")]


@app.callback()
def _root() -> None:
    """Verbs for adapters."""


@app.command("list")
def list_(folder: Annotated[Path, typer.Argument(help="Folder of adapters, or one adapter.")]) -> None:
    """Every adapter in a folder; exit code 1 where the content of one is not what was recorded."""
    from redline.chat.adapters.listing import list_adapters

    rows = list_adapters(folder)
    table = Table(box=None, pad_edge=False)
    table.add_column("adapter", no_wrap=True, min_width=max(len(row.id) for row in rows))  # whole, to be copied
    for name in ("clinician", "base", "rank", "made", "now", "content"):
        table.add_column(name)
    for row in rows:
        table.add_row(row.id, row.clinician, row.base, row.rank, row.made, row.bound, row.content)
    Console(highlight=False, markup=False, soft_wrap=True, width=None if sys.stdout.isatty() else 240).print(table)
    if bad := [row.id for row in rows if not row.ok]:
        print(f"not what was recorded, or not readable: {', '.join(bad)}")
        raise typer.Exit(1)


@app.command("verify")
def verify(
    adapter: Annotated[Path, typer.Argument(help="Folder of the adapter, or FOLDER/NAME.")],
    base: Base = None, against: Against = None, server: Server = None, server_base: ServerBase = None, cold: Cold = "cache_salt",
    device: Annotated[str, typer.Option("--device", help="cpu, cuda or auto.")] = "auto",
    other_base: OtherBase = False, allow_remote: AllowRemote = None,
) -> None:  # fmt: skip
    """Is it what was recorded, does it fit its base, and is it kept apart from others (the A/B/A canary)?"""
    from redline.chat.adapters import check_fits, find_adapter, read_adapter
    from redline.chat.adapters.trial import try_here, try_server
    from redline.chat.weights import find_folder

    info = read_adapter(find_adapter(str(adapter)), strict=False)
    other = None if against is None else read_adapter(find_adapter(str(against)), strict=False)
    both = [info] if other is None else [info, other]
    if server and other is None and server_base is None:
        raise UsageError("--server needs --against ADAPTER or --server-base NAME: the canary asks two models in turn")
    for one in both:
        if not one.intact:
            was = f"its content is {one.digest[:12]}, {str(one.recorded)[:12]} was recorded"
            _failed(f"{one.folder} was changed after it was made: {was}")
    print(f"content: {info.id}" + ("" if info.recorded else " (made elsewhere: no digest was recorded)"))
    if base is not None:
        folder = find_folder(base, download=False)
        try:
            for one in both:
                check_fits(one, folder, other_base=other_base)
        except UsageError as error:
            _failed(str(error))
        print(f"fits: {base}")
        report = try_here(folder, info, other, device=device, other_base=other_base)
        _said("canary in this process", report.ok, report.sentence())
    for url in server or ():
        name = other.id if other is not None else str(server_base)
        report = try_server(url, info.id, name, cold=cold, allowed=frozenset(allow_remote or ()))
        _said(f"canary at {url}", report.ok, report.sentence())


def _said(what: str, ok: bool, sentence: str) -> None:
    if not ok:
        _failed(f"{what}: {sentence}. Take the adapter out of service there")
    print(f"{what}: {sentence}")


def _failed(why: str) -> None:
    print(f"failed: {why}.")
    raise typer.Exit(1)
