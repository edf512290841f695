"""File names that Linux, Windows and macOS all accept, for files that people download (protocol 6). Pure."""

from __future__ import annotations

import re
import unicodedata

from contactsync.domain.names import MAX_NAME_BYTES

MAX_CHARACTERS = 120
"""Leaves room for the path of a folder within the 260 characters of older Windows programs."""

# Controls, line and paragraph separators, surrogates.
_UNSAFE = ("Cc", "Zl", "Zp", "Cs")
_RESERVED_CHARACTERS = frozenset('<>:"/\\|?*')
# The characters that reorder text: a name could look like another one (Unicode UAX #9).
_BIDIRECTIONAL = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Windows: the names of devices, with any extension.
_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])[ .]*(?:\..*)?", re.IGNORECASE | re.DOTALL
)


def is_unsafe(character: str) -> bool:
    """Whether some system forbids the character in file names, or it makes a name look like another."""
    return (
        character in _RESERVED_CHARACTERS
        or character in _BIDIRECTIONAL
        or unicodedata.category(character) in _UNSAFE
    )


def portable(stem: str, extension: str) -> str:
    """Return a portable name like `stem` + `extension`; it is one if `stem` begins with a letter or digit.

    Unsafe characters become `_`. A name that is too long is cut. Dots and spaces at the end of the stem are removed,
    because unpacking a zip makes a folder of that name.
    """
    letters = "".join("_" if is_unsafe(c) else c for c in unicodedata.normalize("NFC", stem))
    letters = letters[: MAX_CHARACTERS - len(extension)]
    letters = letters.encode()[: MAX_NAME_BYTES - len(extension.encode())].decode("utf-8", "ignore")
    return _bare_end(letters) + extension


def _bare_end(stem: str) -> str:
    while stem and (stem[-1] == "." or unicodedata.category(stem[-1]) == "Zs"):
        stem = stem[:-1]
    return stem


def is_device(name: str) -> bool:
    """Whether Windows takes the name for a device's."""
    return _DEVICE.fullmatch(name) is not None
