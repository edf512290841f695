"""Writes a deposit's file without the rows that name a person; every other byte stays. Pure but for the file it is given.

The rows are found as the daemon reads them (`occurrences`), and cut out of the uploaded bytes by their physical lines. A
file that has no usable header line, or a malformed row, is searched line by line as text instead.
"""

from __future__ import annotations

import codecs
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from contactsync.domain.account import Account
from contactsync.domain.deposit import Action
from contactsync.domain.errors import FileRefused
from contactsync.reading.container import Content, open_content
from contactsync.reading.examination import Examination
from contactsync.reading.findings import Findings
from contactsync.reading.mentions import Mentions
from contactsync.reading.occurrences import Identifiers, Rows, rows_of

_NOTHING = Rows((), is_whole=False)
_UTF16 = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_SAMPLE = 4096


@dataclass(frozen=True, slots=True)
class Removal:
    """A person's rows in one file; `account` is the file's, and `max_inflated_bytes` limits a zip."""

    person: Identifiers
    account: Account
    action: Action
    max_inflated_bytes: int

    def count(self, path: Path) -> int:
        """How many rows or lines name the person. Raises FileRefused if the file can be searched in no way."""
        return sum(1 for _ in self._kept(path, lambda _: None))

    def write(self, path: Path, target: BinaryIO) -> bool:
        """Write the file without them; False if there are none."""
        content = self._content(path)
        if content is None:
            return False
        if content.member is None:
            return sum(1 for _ in self._kept(path, target.write)) > 0
        with (
            zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
            archive.open(content.member, "w", force_zip64=True) as member,
        ):
            return sum(1 for _ in self._kept(path, member.write)) > 0

    def _content(self, path: Path) -> Content | None:
        try:
            return open_content(path, max_inflated_bytes=self.max_inflated_bytes)
        except FileRefused as refusal:
            if refusal.code == "empty_file":
                return None
            raise

    def _kept(self, path: Path, keep: Callable[[bytes], object]) -> Iterator[int]:
        """Give what stays to `keep`, in order; yield the line on which each removed row begins."""
        content = self._content(path)
        if content is None:
            return
        rows = self._rows(path)
        mentions = Mentions(self.person.emails, self.person.numbers, self.person.references)
        spans = iter(rows.spans)
        first, last = next(spans, (0, 0))
        for number, (line, text) in enumerate(_lines(content.chunks()), start=1):
            while last and number > last:
                first, last = next(spans, (0, 0))
            in_span = first <= number <= last
            if not in_span and (rows.is_whole or not mentions.is_in(text)):
                keep(line)
            elif not in_span or number == first:
                yield number

    def _rows(self, path: Path) -> Rows:
        try:
            examination = Examination(
                path, self.account, self.action, Findings(), max_inflated_bytes=self.max_inflated_bytes
            )
        except FileRefused:
            return _NOTHING
        return rows_of(examination, self.person)


def _lines(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """The physical lines with their ends (LF, CRLF, CR), each also as text in which ASCII is ASCII."""
    chunks = iter(chunks)
    first = next(chunks, b"")
    if codec := _utf16(first):
        whole = b"".join((first, *chunks)).decode(codec, "surrogatepass")
        # Not `str.splitlines`, which knows more line ends.
        for line in whole.encode("utf-8", "surrogatepass").splitlines(keepends=True):
            yield line.decode("utf-8", "surrogatepass").encode(codec, "surrogatepass"), line
        return
    left = b""
    for chunk in chain((first,), chunks):
        data = left + chunk
        # A CR at the end may have its LF in the next chunk.
        end = max(data.rfind(b"\n"), data.rfind(b"\r", 0, -1)) + 1
        yield from ((line, line) for line in data[:end].splitlines(keepends=True))
        left = data[end:]
    yield from ((line, line) for line in left.splitlines(keepends=True))


def _utf16(head: bytes) -> str | None:
    """The codec of UTF-16, with a byte order mark or by its zero bytes; None if it is something else."""
    for mark, codec in _UTF16:
        if head.startswith(mark):
            return codec
    even, odd = head[0:_SAMPLE:2].count(0), head[1:_SAMPLE:2].count(0)
    few, many = sorted((even, odd))
    if many * 2 <= len(head[:_SAMPLE]) // 2 or few * 4 > many:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"
