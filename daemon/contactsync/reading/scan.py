"""Finds the fields and rows of a CSV (protocol 2): only their places, in whole blocks of UTF-8 bytes. Pure.

Separators, quotes and line ends are ASCII, so comparing bytes finds their places, a million at a time. numpy
splits a block whose quotes are all at the ends of fields. The exact grammar splits the rare other blocks field
by field: those with a quote inside an unquoted field, spaces around a quoted one, or an error. A property test
proves that both give the same answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Places: TypeAlias = npt.NDArray[np.int32]

LF, CR, QUOTE = 10, 13, 34

# The white space of `str.strip` in UTF-8, without line ends and TAB, which may be the separator.
_SPACE = "|".join(re.escape(c) for c in map(chr, range(0x3001)) if c.isspace() and c not in "\r\n\t").encode()


@dataclass(frozen=True, slots=True)
class Rows:
    """The whole rows of a block.

    Field `f` is `data[starts[f]:ends[f]]`, quotes and spaces included; row `r` has the fields `first[r]` to
    `first[r] + counts[r] - 1` and begins `lines[r]` line ends after the block does. `consumed` bytes and
    `line_ends` line ends were used; the rest belongs to the next block. `errors` are the (row, code) of rows
    with a misplaced quote.
    """

    data: bytes
    starts: Places
    ends: Places
    first: Places
    counts: Places
    lines: Places
    consumed: int
    line_ends: int
    errors: tuple[tuple[int, str], ...] = ()

    def raw(self, row: int) -> bytes:
        """The bytes of a row, without its line end."""
        first = self.first[row]
        return self.data[self.starts[first] : self.ends[first + self.counts[row] - 1]]

    def fields(self, row: int) -> list[bytes]:
        """The raw fields of one row."""
        first, count = int(self.first[row]), int(self.counts[row])
        return [self.data[self.starts[f] : self.ends[f]] for f in range(first, first + count)]


def scan(data: bytes, separator: str, *, final: bool) -> Rows:
    """Split a block into rows and fields; it begins where a row begins and has at most 2 GiB.

    With `final`, the rest after the last line end is a row too, and an open quote is an error. Without it,
    the rest is left for the next block.
    """
    regular = _scan_regular(data, ord(separator), final=final)
    return _scan_exact(data, separator, final=final) if regular is None else regular


def _scan_regular(data: bytes, separator: int, *, final: bool) -> Rows | None:
    """The quick way; None if a quote is not at the end of a field."""
    codes = np.frombuffer(data, np.uint8)
    marks = np.flatnonzero(_marks(separator)[codes]).astype(np.int32)
    quotes = np.flatnonzero(codes == QUOTE).astype(np.int32) if b'"' in data else np.empty(0, np.int32)
    if len(quotes):
        outside = np.searchsorted(quotes, marks) % 2 == 0
        all_marks, marks = marks, marks[outside]
    else:
        all_marks = marks
    kinds = codes[marks]
    starts_after = marks + 1
    if b"\r" in data:
        # The LF of a last CR may be in the next block.
        if not final and data.endswith(b"\r"):
            keep = marks < len(data) - 1
            marks, kinds, starts_after = marks[keep], kinds[keep], starts_after[keep]
        paired = (kinds[:-1] == CR) & (kinds[1:] == LF) & (marks[1:] == marks[:-1] + 1)
        starts_after[:-1][paired] += 1
        keep = np.concatenate(([True], ~paired))[: len(marks)]
        marks, kinds, starts_after = marks[keep], kinds[keep], starts_after[keep]
    is_end = kinds != separator
    # An open quote: an error, which the exact way names.
    if final and len(quotes) % 2:
        return None
    if final and data and (not len(marks) or starts_after[-1] < len(data) or not is_end[-1]):
        # The last line has no line end.
        end = np.int32(len(data))
        marks, starts_after, is_end = (
            np.append(marks, end),
            np.append(starts_after, end),
            np.append(is_end, True),
        )
    row_ends = np.flatnonzero(is_end).astype(np.int32)
    used = int(row_ends[-1]) + 1 if len(row_ends) else 0
    consumed = int(starts_after[used - 1]) if used else 0
    # A quote that is an ordinary character may have hidden every line end.
    if len(quotes) and not consumed:
        return None
    if not _quotes_are_regular(codes, quotes[: np.searchsorted(quotes, consumed)], separator):
        return None
    ends, starts = marks[:used], np.concatenate((np.zeros(1, np.int32), starts_after[:used]))[:used]
    first = np.concatenate((np.zeros(1, np.int32), row_ends[:-1] + 1)).astype(np.int32)[: len(row_ends)]
    line_places = _line_ends(codes, all_marks, separator, consumed, has_cr=b"\r" in data)
    lines = np.searchsorted(line_places, starts[first]).astype(np.int32)
    return Rows(data, starts, ends, first, row_ends - first + 1, lines, consumed, len(line_places))


@lru_cache(maxsize=8)
def _marks(separator: int) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, np.bool_)
    table[[separator, LF, CR]] = True
    return table


def _line_ends(
    codes: npt.NDArray[np.uint8], marks: Places, separator: int, consumed: int, *, has_cr: bool
) -> Places:
    """The places of all line ends before `consumed`, also inside quotes; CRLF counts once, at its LF."""
    places = marks[codes[marks] != separator]
    places = places[: np.searchsorted(places, consumed)]
    if has_cr and len(places) > 1:
        paired = (codes[places[:-1]] == CR) & (codes[places[1:]] == LF) & (places[1:] == places[:-1] + 1)
        places = places[np.concatenate((~paired, [True]))]
    return np.asarray(places, np.int32)


def _quotes_are_regular(codes: npt.NDArray[np.uint8], quotes: Places, separator: int) -> bool:
    """Whether each opening quote begins a field and each closing quote ends it, or both form a doubled quote."""
    if not len(quotes):
        return True
    if len(quotes) % 2:
        return False
    opening, closing = quotes[0::2], quotes[1::2]
    doubled = opening[1:] == closing[:-1] + 1
    border = _marks(separator)
    before = codes[np.maximum(opening - 1, 0)]
    after = codes[np.minimum(closing + 1, len(codes) - 1)]
    begins = border[before] | (opening == 0)
    finishes = border[after] | (closing == len(codes) - 1)
    begins[1:] |= doubled
    finishes[:-1] |= doubled
    return bool(begins.all() and finishes.all())


@lru_cache(maxsize=8)
def _grammar(
    separator: str,
) -> tuple[re.Pattern[bytes], re.Pattern[bytes], re.Pattern[bytes], re.Pattern[bytes]]:
    """Patterns of one field: whole quoted, quoted up to its closing quote, beginning of quoted, unquoted."""
    sep = re.escape(separator.encode())
    space = rb"(?:" + (_SPACE if separator == "\t" else _SPACE + rb"|\t") + rb")*+"
    body = space + rb'"(?:[^"]++|"")*+"'
    return (
        re.compile(body + space + rb"(?=[" + sep + rb"\r\n]|\Z)"),
        re.compile(body),
        re.compile(space + rb'"'),
        re.compile(rb"[^" + sep + rb"\r\n]*+"),
    )


def _scan_exact(data: bytes, separator: str, *, final: bool) -> Rows:
    """The grammar of protocol 2, field by field."""
    quoted, closed, opened, unquoted = _grammar(separator)
    sep = ord(separator)
    starts: list[int] = []
    ends: list[int] = []
    first: list[int] = [0]
    row_starts: list[int] = []
    errors: list[tuple[int, str]] = []
    place = row_start = 0
    used_fields = consumed = 0
    while place < len(data) or (place == len(data) and place > row_start):
        code = None
        if match := quoted.match(data, place):
            end = match.end()
        elif opened.match(data, place):
            shut = closed.match(data, place)
            code = "text_after_quote" if shut else "unterminated_quote"
            end = unquoted.match(data, shut.end()).end() if shut else len(data)  # type: ignore[union-attr]  # matches always
        else:
            end = unquoted.match(data, place).end()  # type: ignore[union-attr]  # it matches always
        at_end = end == len(data)
        if at_end and not final:
            break
        starts.append(place)
        ends.append(end)
        if code:
            errors.append((len(row_starts), code))
        if not at_end and data[end] == sep:
            place = end + 1
            continue
        if not at_end and data[end] == CR and end + 1 == len(data) and not final:
            # Its LF may be in the next block.
            break
        place = end + (2 if data[end : end + 2] == b"\r\n" else 1)
        row_starts.append(row_start)
        first.append(len(starts))
        used_fields, consumed, row_start = len(starts), min(place, len(data)), place
    firsts = np.array(first, np.int32)
    places = [m.end() for m in re.finditer(rb"\r\n|\n|\r", data[:consumed])]
    lines = np.searchsorted(np.array(places, np.int32), np.array(row_starts, np.int32), side="right")
    return Rows(
        data,
        np.array(starts[:used_fields], np.int32),
        np.array(ends[:used_fields], np.int32),
        firsts[:-1],
        np.diff(firsts).astype(np.int32),
        lines.astype(np.int32),
        consumed,
        len(places),
        tuple(error for error in errors if error[0] < len(row_starts)),
    )
