"""`config show`: every setting, its value and its source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from contactsync.cli import output
from contactsync.cli.session import warn_of_unknown_variables

app = typer.Typer(help="Show the settings that are in effect.", no_args_is_help=True, rich_markup_mode="rich")

COLUMNS = ("key", "value", "from")
HIDDEN = "********"


@app.callback()
def _group() -> None:
    """Show the settings that are in effect."""


@app.command("show")
def show_(ctx: typer.Context, *, as_json: output.AsJson = False) -> None:
    """Show every setting, its value, and where the value came from: default, file or environment variable.

    The values of database_* keys are hidden. A running daemon keeps the settings of its start or its last reload.

    Example: contactsync config show --json
    """
    from contactsync.settings.load import load_with_sources
    from contactsync.settings.settings import Settings

    warn_of_unknown_variables()
    settings, sources = load_with_sources(ctx.obj)
    rows: list[dict[str, Any]] = []
    for key, source in sources.items():
        value: Any = getattr(settings, key)
        if not Settings.model_fields[key].repr and value is not None:
            value = HIDDEN
        if isinstance(value, Path):
            value = str(value)
        rows.append({"key": key, "value": value, "from": source})
    if as_json:
        output.as_json(rows)
        return
    output.table([{**row, "value": _toml(row["value"])} for row in rows], COLUMNS, "")


def _toml(value: Any) -> str:
    """A value as written in the file."""
    import json

    if value is None:
        return "-"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)
