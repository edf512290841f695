"""Recognises a header line in another encoding: repaired, it has more known columns (protocol 2). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from contactsync.domain.columns import ENGLISH, FRENCH
from contactsync.domain.headers.names import fold
from contactsync.domain.headers.table import KNOWN
from contactsync.domain.windows_1252 import decode_windows_1252, encode_windows_1252
from contactsync.reading.diagnosis.case import Case, split

_ROUNDS = 3
"""How often a text may have been taken for another encoding, one program after the other."""

_LOST = re.compile("[?\ufffd\xbf\x1a]+")
"""What programs write for a character that they do not have."""

_MOST_CONTROLS = 0.02
_MOST_FOREIGN = 0.4
"""Shares of the text above which it is in no encoding that is read: EBCDIC, Cyrillic, Chinese."""


def wrong_encoding(case: Case) -> str | None:
    """The variant of `wrong_encoding` that explains the header line, None if none does; "" if it is no text."""
    line, known = case.header_line, case.known(case.header_line)
    for variant, repaired in _repaired(line, single_byte=not case.is_utf8):
        if case.known(repaired) > known:
            return variant
    if any(_accents_are_lost(line, separator) for separator in case.separators):
        return "lost"
    return "" if not known and _is_no_text(case) else None


def _repaired(line: str, *, single_byte: bool) -> Iterator[tuple[str, str]]:
    """What the line may have been, each with the variant that explains it."""
    if single_byte:
        raw = encode_windows_1252(line)
        yield "mac_roman", raw.decode("mac_roman")
        yield "cp850", raw.decode("cp850")
    for taken_for in ("cp1252", "mac_roman", "cp850"):
        text = line
        for _ in range(_ROUNDS):
            data = _as_bytes(text, taken_for)
            if data is None or data.isascii():
                break
            text = data.decode("utf-8", "replace").lstrip("\ufeff")
            yield "twice_utf8", text
    for taken_for, really in (
        ("mac_roman", "cp1252"),
        ("cp850", "cp1252"),
        ("cp1252", "mac_roman"),
        ("cp1252", "cp850"),
    ):
        data = _as_bytes(line, taken_for)
        if data is not None:
            yield "twice_utf8", data.decode(really, "replace")


def _as_bytes(text: str, encoding: str) -> bytes | None:
    if encoding == "cp1252":
        data = encode_windows_1252(text)
        return data if decode_windows_1252(data) == text else None
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return None


def _accents_are_lost(line: str, separator: str) -> bool:
    """Whether a header is a known one whose accents are question marks."""
    cells = [cell for cell in split(line, separator) or () if _LOST.search(cell)]
    return any(fold(_LOST.sub("", cell)) in _without_accents() for cell in cells)


@cache
def _without_accents() -> frozenset[str]:
    """The folded names that have accents, without the accented letters."""
    names = [name for table in (FRENCH, ENGLISH) for name in table.values()]
    names += [name for known in KNOWN.values() for name in known]
    return frozenset(fold("".join(c for c in name if c.isascii())) for name in names if not name.isascii())


def _is_no_text(case: Case) -> bool:
    """Whether the bytes are no text that the program can read. Text in UTF-8 is, whatever its language."""
    text = case.text
    controls = sum(c < " " and c not in "\t\r\n\x0b\x0c\x1a" for c in text)
    if controls > _MOST_CONTROLS * len(text):
        return True
    foreign = sum(not c.isascii() for c in case.header_line)
    return not case.is_utf8 and foreign > _MOST_FOREIGN * len(case.header_line)
