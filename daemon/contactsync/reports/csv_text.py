"""The text of a report's CSV file: its header line and its encoding (protocol 6). Pure."""

from __future__ import annotations

import codecs
from contextlib import suppress
from dataclasses import dataclass

from contactsync.domain.account import Account, Encoding
from contactsync.domain.columns import FRENCH, KEYS
from contactsync.domain.headers.names import label_problem
from contactsync.domain.windows_1252 import decode_windows_1252

_C1 = bytes(range(0x80, 0xA0))
_WESTERN = codecs.charmap_build(decode_windows_1252(bytes(range(256))))


def header_line(account: Account) -> str:
    """Return the 31 French headers as a CSV line, with the account's labels in place of `Champ n`."""
    # SQL from outside may have written labels that no file may have: the file would be refused if uploaded.
    labels = () if label_problem(account.field_labels) else account.field_labels
    own = {f"field_{n}": label.strip() for n, label in enumerate(labels, start=1) if label}
    return (
        account.written_separator.join(
            _quoted(own.get(key, FRENCH[key]), account.written_separator) for key in KEYS
        )
        + "\n"
    )


def _quoted(cell: str, separator: str) -> str:
    if separator in cell or '"' in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell


@dataclass(frozen=True, slots=True)
class FileEncoding:
    """How a file's UTF-8 becomes its bytes.

    The file starts with `bom`. If it is `lossy`, `?` replaces characters that the encoding lacks.
    """

    western: bool
    bom: bytes = b""
    lossy: bool = False

    def encode(self, utf8: bytes) -> bytes:
        """Encode a chunk of whole characters."""
        return _western(utf8, "replace") if self.western else utf8


def has_western_bytes(utf8: bytes) -> bool:
    """Return whether each character has a byte in ISO-8859-1 with Windows-1252's characters (protocol 2)."""
    try:
        _western(utf8, "strict")
    except UnicodeEncodeError:
        return False
    return True


def _western(utf8: bytes, errors: str) -> bytes:
    if utf8.isascii():
        return utf8
    text = utf8.decode()
    with suppress(UnicodeEncodeError):
        # Enough for nearly all texts, and three times as fast as the table.
        latin = text.encode("latin-1")
        if len(latin.translate(None, _C1)) == len(latin):
            return latin
    return codecs.charmap_encode(text, errors, _WESTERN)[0]


def file_encoding(pinned: Encoding, *, western: bool) -> FileEncoding:
    """Return the encoding of a file (protocol 6). `western`: every character has a Windows-1252 byte.

    A pinned encoding is kept: under `iso-8859-1`, characters without a byte become `?`. Under `auto`, a file in
    Windows-1252 is not mistaken for UTF-8 if it is uploaded, because `é;` in its header line is invalid UTF-8.
    """
    if pinned == "utf-8":
        return FileEncoding(western=False)
    if western or pinned == "iso-8859-1":
        return FileEncoding(western=True, lossy=not western)
    return FileEncoding(western=False, bom=codecs.BOM_UTF8)
