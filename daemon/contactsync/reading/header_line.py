"""What comes before the rows: Excel's `sep=` line, and the header line with its separator (protocol 2). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from contactsync.domain.account import AUTO, SEPARATORS
from contactsync.domain.errors import FileRefused
from contactsync.domain.headers.match import match_header
from contactsync.domain.headers.names import HeaderRules
from contactsync.reading.cells import cell_text
from contactsync.reading.scan import scan

MAX_COLUMNS = 256
MAX_HEADER_BYTES = 1 << 20
"""A longer line is refused for its length, whatever separates it."""

MAX_SEARCHED_BYTES = 2 * MAX_HEADER_BYTES
"""Where a header line decides the separator, it is looked for in so much of the file, and one chunk more."""

_LONGEST_SEP_LINE = 64
SEP_LINE = re.compile(rb'\A("?)sep=([;,|\t])\1(?:[ ]|\xc2\xa0)*(?=[\r\n]|\Z)')
OTHER_LINE_ENDS = tuple(mark.encode() for mark in "\x0b\x0c\x1e\x85\u2028\u2029")
"""What ends a line for some mainframes and databases, but not in a CSV."""

_BLANK = b' \t;,|"\r\n\x0b\x0c\xc2\xa0'


@dataclass(frozen=True, slots=True)
class Opening:
    """A file whose separator is known. `chunks` are all of it but the text of a `sep=` line."""

    separator: str
    chunks: Iterator[bytes]


def open_lines(chunks: Iterable[bytes], separator: str, rules: HeaderRules) -> Opening:
    """Find the separator of a file of UTF-8 `chunks`; `separator` is the account's.

    Raises FileRefused if a `sep=` line names another separator than the account's.
    """
    rest = iter(chunks)
    head = _head(rest, _LONGEST_SEP_LINE)
    named = None
    if match := SEP_LINE.match(head):
        named = match[2].decode()
        # Its line end stays: the lines keep their numbers.
        head = head[match.end() :]
    if separator != AUTO:
        if named and named != separator:
            raise FileRefused("wrong_separator", {"found": named, "expected": separator})
        return Opening(separator, chain([head], rest))
    if not named:
        line = first_line(head)
        # Blank lines without an end would be looked through again and again, and held in memory.
        while line is None and len(head) <= MAX_SEARCHED_BYTES and (more := _head(rest, 1)):
            head += more
            line = first_line(head)
        named = max(SEPARATORS, key=lambda each: known_columns(line or head, each, rules))
    return Opening(named, chain([head], rest))


def known_columns(line: bytes, separator: str, rules: HeaderRules) -> int:
    """How many columns of a header line are known if this separator splits it; 0 if it does not."""
    rows = scan(line, separator, final=True)
    cells = [cell_text(field) for field in rows.fields(0)[: MAX_COLUMNS + 1]] if len(rows.first) else []
    return len(match_header(cells, rules).positions) if len(cells) > 1 else 0


def _head(chunks: Iterator[bytes], least: int) -> bytes:
    """The next bytes, at least so many if there are."""
    head = b""
    while len(head) < least and (chunk := next(chunks, None)) is not None:
        head += chunk
    return head


def first_line(data: bytes) -> bytes | None:
    """The first line that is not blank, with the lines that its quotes hold; None if its end is not in the data."""
    begin, quotes = None, 0
    place = 0
    for line in data.splitlines(keepends=True):
        if begin is None and line.strip(_BLANK):
            begin = place
        place += len(line)
        if begin is None:
            continue
        quotes += line.count(b'"')
        if place - begin > MAX_HEADER_BYTES or (quotes % 2 == 0 and line.endswith((b"\n", b"\r"))):
            return data[begin:place]
    return None
