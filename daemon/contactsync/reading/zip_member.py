"""The members of a zip: their list, and the bytes of one (protocol 2).

zipfile is not used, because it lets a file decide how much memory it takes: it reads a directory of any size
(395,312 entries took 184 MB), and it inflates bzip2 and LZMA (a zip of 2.4 kB took 6.2 GB). Here a directory has
a limit, and zlib, the only decompressor, never returns more than a piece.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from contactsync.domain.errors import FileRefused
from contactsync.reading.zip_end import ZipEnd, damage

MAX_DIRECTORY_BYTES = 1 << 20
"""A directory of 1 MiB has at least six entries, and at most 22,795, which are listed in 20 ms."""

PIECE_BYTES = 1 << 20
"""How much a member is inflated at a time."""

# APPNOTE 4.3.12
_ENTRY = struct.Struct("<4s6H3L5H2L")
# APPNOTE 4.3.7
_LOCAL = struct.Struct("<4s5H3L2H")
# APPNOTE 4.5.1
_EXTRA = struct.Struct("<2H")
_ZIP64 = 1

_LARGEST_ENTRY = _ENTRY.size + 3 * 0xFFFF
_ELSEWHERE = 0xFFFFFFFF

# APPNOTE 4.4.4
_ENCRYPTED, _UTF8 = 1 << 0, 1 << 11
# APPNOTE 4.4.5
_STORED, _DEFLATED = 0, 8


@dataclass(frozen=True, slots=True)
class Member:
    """An entry of a zip's directory. `name` is for people and never a path; `start` is its place in the file."""

    name: str
    encrypted: bool
    method: int
    checksum: int
    packed_bytes: int
    start: int

    @property
    def can_be_inflated(self) -> bool:
        """Whether it is stored or deflated; the memory of other methods has no useful bound."""
        return self.method in (_STORED, _DEFLATED)


def members(file: BinaryIO, end: ZipEnd) -> list[Member]:
    """Every entry of the directory. Raises FileRefused: `zip_several_files` for a directory over the limit, `zip_damaged`."""
    if end.directory_bytes > MAX_DIRECTORY_BYTES:
        at_least = end.directory_bytes // _LARGEST_ENTRY
        raise FileRefused("zip_several_files", {"count": max(end.entries, at_least)})
    file.seek(end.directory_start)
    data = file.read(end.directory_bytes)
    found, place = list[Member](), 0
    while data[place : place + 4] == b"PK\x01\x02":
        if place + _ENTRY.size > len(data):
            raise FileRefused("zip_damaged")
        *_, name_bytes, extra_bytes, comment_bytes, _, _, _, _ = fields = _ENTRY.unpack_from(data, place)
        name_end = place + _ENTRY.size + name_bytes
        extra = data[name_end : name_end + extra_bytes]
        found.append(_member(fields, data[name_end - name_bytes : name_end], extra, end.foreign_bytes))
        place = name_end + extra_bytes + comment_bytes
    # APPNOTE 4.3.13: a digital signature may follow.
    if place != len(data) and data[place : place + 4] != b"PK\x05\x05":
        raise FileRefused("zip_damaged")
    return found


def _member(fields: tuple[int, ...], name: bytes, extra: bytes, foreign_bytes: int) -> Member:
    _, _, _, flags, method, _, _, checksum, packed_bytes, size, *_, offset = fields
    if _ELSEWHERE in (packed_bytes, size, offset):
        size, packed_bytes, offset = _zip64_values(extra, size, packed_bytes, offset)
    return Member(
        name.decode("utf-8" if flags & _UTF8 else "cp437", "replace"),
        bool(flags & _ENCRYPTED),
        method,
        checksum,
        packed_bytes,
        offset + foreign_bytes,
    )


def _zip64_values(extra: bytes, *values: int) -> list[int]:
    """The values with those that are in the ZIP64 extra field instead (APPNOTE 4.5.3)."""
    place = 0
    while place + _EXTRA.size <= len(extra):
        kind, size = _EXTRA.unpack_from(extra, place)
        place += _EXTRA.size
        if kind == _ZIP64:
            wide = iter(struct.unpack_from(f"<{size // 8}Q", extra[place : place + size].ljust(size, b"\0")))
            return [next(wide, value) if value == _ELSEWHERE else value for value in values]
        place += size
    return list(values)


def inflated(file: BinaryIO, member: Member) -> Iterator[bytes]:
    """The bytes of a stored or deflated member, in pieces of at most PIECE_BYTES.

    Raises FileRefused if they are damaged, which may be known only at the end.
    """
    try:
        file.seek(member.start)
        local = file.read(_LOCAL.size)
    except (OSError, OverflowError) as error:
        raise FileRefused("zip_damaged") from error
    if len(local) < _LOCAL.size or not local.startswith(b"PK\x03\x04"):
        raise damage(file)
    *_, name_bytes, extra_bytes = _LOCAL.unpack(local)
    file.seek(member.start + _LOCAL.size + name_bytes + extra_bytes)
    packed = _packed(file, member.packed_bytes)
    checksum = 0
    for piece in packed if member.method == _STORED else _deflated(packed):
        checksum = zlib.crc32(piece, checksum)
        yield piece
    if checksum != member.checksum:
        raise FileRefused("zip_damaged")


def _packed(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size and (block := file.read(min(size, PIECE_BYTES))):
        size -= len(block)
        yield block
    if size:
        raise FileRefused("zip_damaged")


def _deflated(packed: Iterator[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    held = b""
    while not inflater.eof:
        block = held or next(packed, b"")
        try:
            piece = inflater.decompress(block, PIECE_BYTES)
        except zlib.error as error:
            raise FileRefused("zip_damaged") from error
        held = inflater.unconsumed_tail
        if piece:
            yield piece
        elif not block:
            raise FileRefused("zip_damaged")
