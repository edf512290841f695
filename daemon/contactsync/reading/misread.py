"""Notices text that was, or seems, read in the wrong encoding, with its lines (protocol 2). Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from contactsync.reading.findings import MAX_LISTED_LINES, Findings
from contactsync.reading.stray_bytes import stray_bytes

# UTF-8 that was read as ISO-8859-1 or Windows-1252 and written as UTF-8 again, in UTF-8: "Ã©", "Ã‰", "â€™".
_TWICE = re.compile(
    rb"\xc3[\x82\x83]\xc2[\x80-\xbf]"
    rb"|\xc3\x83(?:\xc5[\x92\x93\xa0\xa1\xb8\xbd\xbe]|\xc6\x92|\xcb[\x86\x9c]|\xe2\x80[\x93-\xba]|\xe2\x82\xac|\xe2\x84\xa2)"
    rb"|\xc3\xa2\xe2\x82\xac"
)

# é, è, ç, à in code page 850 and é, è, ç, ê in MacRoman: as Windows-1252 they are no letters, or capitals.
_CP850 = (0x82, 0x8A, 0x87, 0x85)
_MAC_ROMAN = (0x8E, 0x8F, 0x8D, 0x90)
_CAPITALS = (0x8A, 0x8E)
_ELLIPSIS = 0x85


@dataclass(slots=True)
class Lines:
    """Distinct lines that are added in the order of the file: how many, and the first of them."""

    count: int = 0
    first: list[int] = field(default_factory=list)
    _last: int = 0

    def add(self, lines: Iterable[int]) -> None:
        """Add lines in ascending order."""
        for line in lines:
            if line > self._last:
                self._last, self.count = line, self.count + 1
                if self.count <= MAX_LISTED_LINES:
                    self.first.append(line)


@dataclass(slots=True)
class Misread:
    """What was noticed so far, chunk by chunk. A sign that the end of a chunk cuts is not noticed."""

    mixed: Lines = field(default_factory=Lines)
    suspect: Lines = field(default_factory=Lines)
    _signs: Counter[str] = field(default_factory=Counter)

    def look_at_mixed(self, data: bytes, line: int) -> None:
        """Note the stray bytes of a chunk that begins on `line`."""
        self.mixed.add(_lines(data, np.flatnonzero(stray_bytes(data)), line))

    def look_at_western(self, data: bytes, line: int) -> None:
        """Note the letters of other code pages in Western bytes that include C1 controls."""
        codes = np.frombuffer(data, np.uint8)
        for variant, letters in (("cp850", _CP850), ("mac_roman", _MAC_ROMAN)):
            places = np.flatnonzero(np.isin(codes, letters))
            places = places[(places > 0) & (places < len(codes) - 1)]
            before, after = codes[places - 1], codes[places + 1]
            in_a_word = _is_letter(before) & _is_letter(after)
            # `KOŠICE` is a name in Windows-1252, `lefŠvre` is not.
            capital = np.isin(codes[places], _CAPITALS) & (before < ord("a")) & (after < ord("a"))
            places = places[in_a_word & ~capital]
            self._signs[variant] += int(np.count_nonzero(codes[places] != _ELLIPSIS))
            self.suspect.add(_lines(data, places, line))

    def look_at_utf8(self, data: bytes, line: int) -> None:
        """Note text in UTF-8 that looks encoded twice."""
        if _may_be_twice(data):
            places = np.array([match.start() for match in _TWICE.finditer(data)], np.int64)
            self._signs["twice_utf8"] += len(places)
            self.suspect.add(_lines(data, places, line))

    def report(self, findings: Findings) -> None:
        """Warn of what was noticed; to be called when the whole file has been read."""
        findings.warn("mixed_encoding", self.mixed.count, self.mixed.first)
        if +self._signs:
            ((variant, _),) = self._signs.most_common(1)
            details = {"variant": variant} if variant != "twice_utf8" else {}
            findings.warn("suspect_encoding", self.suspect.count, self.suspect.first, **details)


def _may_be_twice(data: bytes) -> bool:
    """Whether any of the signs can be there: C3 before 82 or 83, or C3 A2 E2 before 82.

    Searching for single bytes costs a fiftieth of a millisecond per MB. Searching for two costs up to five, because
    each accented letter begins with C3.
    """
    if b"\x82" not in data and b"\x83" not in data:
        return False
    codes = np.frombuffer(data, np.uint8)
    seconds = np.flatnonzero(codes >> 1 == 0x82 >> 1)
    before = codes[seconds - 1]
    return bool(((before == 0xC3) | ((before == 0xE2) & (codes[seconds - 3] == 0xC3))).any())  # noqa: PLR2004 - as above


def _is_letter(codes: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    lower = codes | 0x20
    return (lower >= ord("a")) & (lower <= ord("z"))


def _lines(data: bytes, places: npt.NDArray[np.int64], line: int) -> list[int]:
    """The lines of some places in a chunk that begins on `line`."""
    if not len(places):
        return []
    ends = np.array([match.end() for match in re.finditer(rb"\r\n|\n|\r", data)], np.int64)
    distinct: list[int] = (line + np.unique(np.searchsorted(ends, places, side="right"))).tolist()
    return distinct
