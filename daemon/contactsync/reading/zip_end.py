"""The end of a zip: whether the file is whole, and how many entries it lists (protocol 1, 2).

zipfile would read all of a directory before it answers. The end record alone answers both questions, and
its place shows what a transfer did to the file.
"""

from __future__ import annotations

import lzma
import os
import struct
import zipfile
import zlib
from typing import BinaryIO

from contactsync.domain.errors import FileRefused

DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, IndexError, struct.error)
"""What zipfile and the decompressors raise for damaged bytes."""

# PKWARE APPNOTE 4.3.16
_END_RECORD = struct.Struct("<4s4H2LH")
# APPNOTE 4.3.15: directly before the end record
_LOCATOR64 = struct.Struct("<4sLQL")
# APPNOTE 4.3.14
_END_RECORD64 = struct.Struct("<4sQ2H2L4Q")

_BLOCK_BYTES = 1 << 20


def zip_directory_is_readable(file: BinaryIO) -> bool:
    """Whether a file that begins like a zip has its end: the claim's test for a whole upload (protocol 1)."""
    try:
        entry_count(file)
    except (FileRefused, *DAMAGE):
        return False
    return True


def entry_count(file: BinaryIO) -> int:
    """The number of entries in the zip's directory, read from its end record.

    Leaves the file at its beginning, or at any place for a ZIP64. Raises FileRefused: `zip_truncated`
    without an end record, `zip_ascii_mode` if a transfer changed the line ends, `zip_damaged` if the end
    record does not fit the file.
    """
    size = file.seek(0, os.SEEK_END)
    tail_bytes = min(size, _END_RECORD.size + 0xFFFF)
    file.seek(size - tail_bytes)
    tail = file.read(tail_bytes)
    file.seek(0)
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < _END_RECORD.size:
        lone_lf, crlf = _line_ends(file)
        raise FileRefused("zip_ascii_mode" if crlf and not lone_lf else "zip_truncated")
    *_, entries, directory_bytes, directory_start, _comment = _END_RECORD.unpack_from(tail, place)
    recorded_end, actual_end = directory_start + directory_bytes, size - tail_bytes + place
    is_zip64 = directory_start == 0xFFFFFFFF or entries == 0xFFFF  # noqa: PLR2004 - APPNOTE 4.4.1.4
    if recorded_end != actual_end and not is_zip64:
        lone_lf, crlf = _line_ends(file)
        carriage_returns_added = crlf > 0 and lone_lf == 0
        carriage_returns_lost = recorded_end > actual_end and crlf == 0
        raise FileRefused(
            "zip_ascii_mode" if carriage_returns_added or carriage_returns_lost else "zip_damaged"
        )
    return _zip64_entry_count(file, actual_end) if is_zip64 else int(entries)


def _zip64_entry_count(file: BinaryIO, end: int) -> int:
    """The number of entries in the ZIP64 end record; `end` is where the plain end record begins."""
    try:
        file.seek(end - _LOCATOR64.size)
        _, _, place, _ = _LOCATOR64.unpack(file.read(_LOCATOR64.size))
        file.seek(place)
        magic, *_, entries, _, _ = _END_RECORD64.unpack(file.read(_END_RECORD64.size))
    # OSError and OverflowError: a place that no file has.
    except (OSError, OverflowError, *DAMAGE) as error:
        raise FileRefused("zip_damaged") from error
    if magic != b"PK\x06\x06":
        raise FileRefused("zip_damaged")
    return int(entries)


def _line_ends(file: BinaryIO) -> tuple[int, int]:
    """How many LF have no CR before them, and how many have one.

    Compressed bytes have both kinds by chance. A transfer in ASCII mode leaves only one of them.
    """
    file.seek(0)
    lone, paired, last = 0, 0, b""
    while block := file.read(_BLOCK_BYTES):
        pairs = block.count(b"\r\n") + (last == b"\r" and block[:1] == b"\n")
        paired += pairs
        lone += block.count(b"\n") - pairs
        last = block[-1:]
    file.seek(0)
    return lone, paired
