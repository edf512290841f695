"""Recognises a header line in another encoding: repaired, it has more known columns (protocol 2). Pure."""

from __future__ import annotations

import html
import quopri
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from urllib.parse import unquote

from contactsync.domain.columns import ENGLISH, FRENCH
from contactsync.domain.headers.names import fold
from contactsync.domain.headers.table import KNOWN
from contactsync.domain.windows_1252 import decode_windows_1252, encode_windows_1252
from contactsync.reading.diagnosis.case import Case, split

_ROUNDS = 3
"""How often a text may have been taken for another encoding, one program after the other."""

_READ_AS_ANOTHER = (
    *(("mac_roman", "cp1252"), ("cp850", "cp1252"), ("cp1252", "mac_roman"), ("cp1252", "cp850")),
    *(("latin-1", "mac_roman"), ("latin-1", "cp850")),
)
"""What a text was taken for, and what it was: one of two programs that knew nothing of UTF-8."""

_LOST = re.compile("[?\ufffd\xbf\x1a]+")
"""What programs write for a character that they do not have."""

_ESCAPES: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
    (re.compile(r"&(?:\w{2,8}|#\d{2,4}|#x[0-9a-f]{2,4});", re.IGNORECASE), html.unescape),
    (re.compile(r"=[0-9A-F]{2}"), lambda line: quopri.decodestring(line.encode()).decode("utf-8", "replace")),
    (re.compile(r"%[0-9A-F]{2}", re.IGNORECASE), unquote),
    (
        re.compile(r"\\u[0-9a-f]{4}", re.IGNORECASE),
        lambda line: re.sub(r"\\u([0-9a-fA-F]{4})", _of_code, line),
    ),
    (re.compile(r"\+[A-Za-z0-9+/]{3,}-"), lambda line: line.encode().decode("utf-7", "replace")),
)
"""Codes that stand for letters: HTML, quoted-printable, URL, JSON, UTF-7."""

_MOST_CONTROLS = 0.02
_MOST_FOREIGN = 0.6
"""Shares of the text, and of a header, above which it is in no encoding that is read: EBCDIC, Cyrillic, Chinese."""


def wrong_encoding(case: Case) -> str | None:
    """The variant of `wrong_encoding` that explains the header line, None if none does; "" if it is no text."""
    line, known = case.header_line, case.known(case.header_line)
    for variant, repaired in _repaired(line, single_byte=not case.is_utf8):
        if case.known(repaired) > known:
            return variant
    for separator in case.separators:
        if lost := _lost_accents(split(line, separator) or ()):
            return lost
    return "" if _is_no_text(case) else None


def _repaired(line: str, *, single_byte: bool) -> Iterator[tuple[str, str]]:
    """What the line may have been, each with the variant that explains it."""
    if single_byte:
        raw = encode_windows_1252(line)
        yield "mac_roman", raw.decode("mac_roman")
        yield "cp850", raw.decode("cp850")
    for code, decoded in _ESCAPES:
        if code.search(line):
            yield "escaped", decoded(line)
    for taken_for in ("cp1252", "latin-1", "mac_roman", "cp850"):
        text = line
        for _ in range(_ROUNDS):
            data = _as_bytes(text, taken_for)
            if data is None or data.isascii():
                break
            text = data.decode("utf-8", "replace").lstrip("\ufeff")
            yield "twice_utf8", text
    for taken_for, really in _READ_AS_ANOTHER:
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


def _lost_accents(cells: Sequence[str]) -> str | None:
    """Whether a header is a known one whose accents are gone, or question marks instead."""
    found = [cell for cell in cells if fold(_LOST.sub("", cell)) in _without_accents()]
    if not found:
        return None
    return "lost" if any(map(_LOST.search, found)) else "dropped"


def _of_code(code: re.Match[str]) -> str:
    return chr(int(code[1], 16))


@cache
def _without_accents() -> frozenset[str]:
    """The folded names that have accents, without the accented letters."""
    names = [name for table in (FRENCH, ENGLISH) for name in table.values()]
    names += [name for known in KNOWN.values() for name in known]
    lossy = {fold("".join(c for c in name if c.isascii())) for name in names if not name.isascii()}
    return frozenset(lossy - {fold(name) for name in names})


def _is_no_text(case: Case) -> bool:
    """Whether the bytes are no text that the program can read. Text in UTF-8 is, whatever its language."""
    text = case.text
    controls = sum(c < " " and c not in "\t\r\n\x0b\x0c\x1a" for c in text)
    if controls > _MOST_CONTROLS * len(text):
        return True
    return not case.is_utf8 and any(
        _is_foreign(cell) for each in case.separators for cell in split(case.header_line, each) or ()
    )


def _is_foreign(header: str) -> bool:
    """Whether most characters of a header are no ASCII, as if it was written in another alphabet."""
    return len(header) > 1 and sum(not c.isascii() for c in header) > _MOST_FOREIGN * len(header)
