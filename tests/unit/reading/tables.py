"""Reads a CSV of a test: its good rows, its malformed rows, or why its header line is refused."""

from __future__ import annotations

import pytest

from contactsync.domain.errors import FileRefused
from contactsync.domain.headers.names import HeaderRules
from contactsync.reading.reader import Reader

RULES = HeaderRules()
HEAD = b"Reference;Nom;Email\n"


def reader(data: bytes | list[bytes], separator: str = ";") -> Reader:
    """A reader of one text, or of chunks."""
    return Reader([data] if isinstance(data, bytes) else data, separator, RULES)


def table(data: bytes | list[bytes], separator: str = ";") -> list[tuple[int, dict[str, str | None]]]:
    """(line, cells) of every good row."""
    return [
        (batch.line(place), {key: column[row].as_py() for key, column in batch.table.columns.items()})
        for batch in reader(data, separator)
        for row, place in enumerate(batch.table.places)
    ]


def bad(data: bytes | list[bytes]) -> list[tuple[int, str]]:
    """(line, code) of every malformed row."""
    return [(b.line(place), code) for b in reader(data) for place, code in sorted((*b.errors, *b.ragged))]


def refusal(data: bytes | list[bytes], separator: str = ";") -> FileRefused:
    """Why there is no usable header line."""
    with pytest.raises(FileRefused) as caught:
        reader(data, separator)
    return caught.value
