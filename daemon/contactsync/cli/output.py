"""Prints listings: JSON for programs, a table on a terminal, aligned text in a pipe."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

from contactsync.domain.errors import AnswerIsNo
from contactsync.runtime import stdio

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

NO_ACCOUNT = "there is no account yet: contactsync account add NAME"


def as_json(value: object, *, indent: int | None = 2) -> None:
    """Print a value as JSON, on one line if `indent` is None; times are ISO 8601."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=indent, default=_plain))


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], nothing: str) -> None:
    """Print these columns of the rows; without rows, print the sentence `nothing` on stderr."""
    if not rows:
        typer.echo(nothing, err=True)
        return
    lines = _cells(rows, columns)
    # rich truncates cells that do not fit.
    if (
        stdio.is_terminal(stdio.stdout())
        and sum(_widths(lines)) + 3 * len(columns) < shutil.get_terminal_size().columns
    ):
        _rich_table(lines[0], lines[1:])
        return
    for line in aligned(rows, columns):
        typer.echo(line)


def accounts(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], problems: Sequence[str], *, in_json: bool
) -> None:
    """Print what was done for each account. Raises AnswerIsNo with the problems of the other accounts, if any."""
    if in_json:
        as_json(rows)
    elif rows or not problems:
        table(rows, columns, NO_ACCOUNT)
    if problems:
        raise AnswerIsNo("\n".join(problems))


def aligned(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> list[str]:
    """These columns of the rows as lines of text, the headings first."""
    lines = _cells(rows, columns)
    widths = _widths(lines)
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def _cells(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> list[list[str]]:
    headings = [column.replace("_", " ") for column in columns]
    return [headings, *([text(row[column]) for column in columns] for row in rows)]


def _widths(lines: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*lines, strict=True)]


def width() -> int:
    """The columns of the terminal; 80 without one, unless COLUMNS says otherwise."""
    return shutil.get_terminal_size().columns


def wrapped(prefix: str, words: str, columns: int) -> list[str]:
    """`words` after `prefix`, in lines of at most so many columns; further lines are indented like the first."""
    from rich.console import Console
    from rich.text import Text

    room = max(20, columns - len(prefix))
    lines = Text(text(words)).wrap(Console(width=room), room)
    indent = " " * len(prefix)
    return [f"{indent if number else prefix}{line.plain}".rstrip() for number, line in enumerate(lines)]


def shortened(name: str, columns: int) -> str:
    """A name with `…` in its middle if it is too long."""
    if len(name) <= columns:
        return name
    head = (columns - 1) // 2
    return f"{name[:head]}…{name[len(name) - (columns - 1 - head) :]}"


def pairs(values: Mapping[str, object]) -> None:
    """Print one object, one property per line."""
    width = max(map(len, values))
    for key, value in values.items():
        typer.echo(f"{key.replace('_', ' ').ljust(width)}  {text(value)}".rstrip())


def text(value: object) -> str:
    """A value for people: times to the second in UTC, "-" for None, control characters escaped."""
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, str):
        # French sentences have non-breaking spaces, which are harmless and not printable for Python.
        return "".join(c if c.isprintable() or c == "\u00a0" else repr(c)[1:-1] for c in value)
    return str(value)


def _rich_table(headings: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(*headings, box=SIMPLE_HEAD)
    # As Text, brackets in a name are not markup.
    for line in lines:
        shown.add_row(*map(Text, line))
    Console().print(shown)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
