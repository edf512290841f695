"""The rejected file of rows that a test chooses."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from contactsync.domain.headers.names import HeaderRules
from contactsync.domain.messages.sentence import Context
from contactsync.processing.rejected_csv import RejectedFile
from contactsync.reading.encoding import TextEncoding
from contactsync.reading.reader import Reader
from contactsync.reading.verdict import Reject
from tests.messages import CLAIMED
from tests.unit.processing.script import ACCOUNT

UTF8 = TextEncoding("utf-8")


def rejected(
    data: bytes,
    lines: dict[int, str],
    *,
    separator: str = ";",
    encoding: TextEncoding = UTF8,
    language: Any = "fr",
    defuse: bool = True,
) -> bytes:
    """The rejected file for the rows that begin on some physical lines of a CSV."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rejected"
        reader = Reader([data], separator, HeaderRules())
        account = replace(ACCOUNT, separator=separator, language=language)
        file = RejectedFile(
            lambda: path.open("wb"),
            Context(account, CLAIMED),
            encoding,
            reader.header,
            reader.raw_header,
            defuse=defuse,
        )
        for batch in reader:
            places = {batch.line(place): place for place in range(len(batch.rows.first))}
            file.write(batch, [Reject(places[at], None, code) for at, code in lines.items() if at in places])
        file.close()
        return path.read_bytes()
