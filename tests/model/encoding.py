"""From bytes to text under an account's encoding, byte by byte (protocol 2)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .refusal import Refused

BOM = b"\xef\xbb\xbf"

# UTF-8 read as ISO-8859-1 or Windows-1252 and written as UTF-8 again: "Ã©", "â€™".
TWICE_ENCODED = re.compile(
    "[\u00c2\u00c3][\u0080-\u00bf]|\u00c3[\u0152\u0153\u0160\u0161\u017d\u017e\u0178\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]|â€"
)
# "é", "è", "ê" and "à" of code page 850 and of MacRoman, between letters of a word.
OTHER_CODE_PAGE = re.compile("(?<=[a-zA-Z])[\u201a\u0160\u02c6\u2026\u017d\u008f\u008d](?=[a-zA-Z])")


@dataclass(frozen=True)
class Decoded:
    """A file's text. `mixed` holds the lines with stray bytes; `suspect`, those that look misread."""

    text: str
    mixed: list[int] = field(default_factory=list)
    suspect: list[int] = field(default_factory=list)


def decode(content: bytes, encoding: str) -> Decoded:
    """The text of a CSV under the account's encoding. Raises `Refused`."""
    if encoding == "iso-8859-1":
        return _looked_at(windows_1252(content))
    if encoding == "utf-8" or content.startswith(BOM):
        try:
            return _looked_at(content.removeprefix(BOM).decode("utf-8"))
        except UnicodeDecodeError as error:
            raise Refused("invalid_utf8") from error
    try:
        # Pure ASCII reads the same under both encodings.
        return _looked_at(content.decode("utf-8"))
    except UnicodeDecodeError:
        return _mixed(content) or _looked_at(windows_1252(content))


def _mixed(content: bytes) -> Decoded | None:
    """A file in two encodings, or None if it is not one.

    At least as many two-byte sequences that only UTF-8 produces (lead byte C2 or C3) as stray bytes
    make a file mixed.
    """
    out: list[str] = []
    sequences = 0
    strays: list[int] = []
    line = 1
    at = 0
    while at < len(content):
        char, length = _utf8_character(content, at)
        if not char:
            char = windows_1252(content[at : at + 1])
            strays.append(line)
        elif content[at] in (0xC2, 0xC3):
            sequences += 1
        out.append(char)
        at += length
        if char == "\n" or (char == "\r" and content[at : at + 1] != b"\n"):
            line += 1
    if sequences < len(strays):
        return None
    text = "".join(out)
    return Decoded(text, sorted(set(strays)), _looked_at(text).suspect)


def _utf8_character(content: bytes, at: int) -> tuple[str, int]:
    """The character whose UTF-8 bytes begin here and their number; ("", 1) for a stray byte."""
    for length in (1, 2, 3, 4):
        try:
            return content[at : at + length].decode("utf-8"), length
        except UnicodeDecodeError:
            continue
    return "", 1


def _looked_at(text: str) -> Decoded:
    lines = re.split("\r\n|\r|\n", text)
    found = (TWICE_ENCODED, OTHER_CODE_PAGE)
    return Decoded(text, suspect=[n for n, line in enumerate(lines, 1) if any(p.search(line) for p in found)])


def windows_1252(content: bytes) -> str:
    """ISO-8859-1 with 0x80 to 0x9F read as Windows-1252 where that has a character."""
    out = []
    for byte in content:
        try:
            out.append(bytes([byte]).decode("cp1252"))
        except UnicodeDecodeError:
            out.append(chr(byte))
    return "".join(out)
