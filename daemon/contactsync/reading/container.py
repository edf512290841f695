"""What a deposit is, by its bytes and never by its name: a CSV, a zip with one CSV, or something to refuse (protocol 2)."""

from __future__ import annotations

import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from contactsync.domain.deposit import FileIdentity
from contactsync.domain.errors import FileRefused

CHUNK_BYTES = 1 << 20
"""The size of every chunk but the last one."""

MAX_ZIP_ENTRIES = 1_000
"""A zip directory of 200,000 entries takes 192 MB to open (measured): its end record is looked at first."""

_END_RECORD = struct.Struct("<4s4H2LH")  # PKWARE APPNOTE 4.3.16
_LOCATOR64 = struct.Struct("<4sLQL")  # 4.3.15, just before the end record
_END_RECORD64 = struct.Struct("<4sQ2H2L4Q")  # 4.3.14
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, IndexError, struct.error)
_WORKBOOK_MEMBERS = ("xl/", "content.xml", "Index/")
_FOREIGN = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", None),  # OLE2: .xls
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"%PDF-", "PDF"),
    (b"\x89PNG\r\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
)


@dataclass(frozen=True, slots=True)
class Content:
    """The CSV bytes of a deposit; `chunks()` may be called again and starts from the beginning each time."""

    zipped: bool
    chunks: Callable[[], Iterator[bytes]]


def open_content(path: Path, *, max_inflated_bytes: int) -> Content:
    """Find the CSV in the file at `path`, which must be the daemon's own copy.

    Raises FileRefused: empty, a workbook, another format, or a zip that is not exactly one CSV. A zip over
    `max_inflated_bytes`, or damaged further on, is refused while `chunks()` is read.
    """
    with path.open("rb") as file:
        head = file.read(8)
        if not head:
            raise FileRefused("empty_file")
        if head.startswith(b"PK\x03\x04"):
            member = _only_member(file)
            return Content(True, lambda: _inflated(path, member, max_inflated_bytes))
        if head.startswith(b"PK\x05\x06"):
            raise FileRefused("zip_empty")
    _refuse_foreign(head)
    return Content(False, lambda: _plain(path))


def zip_directory_is_readable(file: BinaryIO) -> bool:
    """Whether a file that begins like a zip has its end: the claim's test for a whole upload (protocol 1)."""
    try:
        _end_record(file)
    except (FileRefused, *_DAMAGE):
        return False
    return True


def _refuse_foreign(head: bytes) -> None:
    for magic, found in _FOREIGN:
        if head.startswith(magic):
            raise FileRefused("not_csv", {"found": found}) if found else FileRefused("workbook")


def _plain(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _only_member(file: BinaryIO) -> zipfile.ZipInfo:
    """The one member that counts; every other zip is refused with its own reason."""
    entries = _end_record(file)
    if entries > MAX_ZIP_ENTRIES:
        raise FileRefused("zip_several_files", {"count": entries})
    try:
        with zipfile.ZipFile(file) as archive:
            members = [info for info in archive.infolist() if _counts(info)]
    except _DAMAGE as error:
        raise FileRefused("zip_damaged") from error
    except NotImplementedError as error:
        raise FileRefused("zip_method") from error
    if any(info.filename.startswith(_WORKBOOK_MEMBERS) for info in members):
        raise FileRefused("workbook")
    if not members:
        raise FileRefused("zip_empty")
    if len(members) > 1:
        names = [info.filename for info in members]
        raise FileRefused("zip_several_files", {"count": len(members), "names": names})
    if members[0].flag_bits & 0x1:
        raise FileRefused("zip_encrypted")
    return members[0]


def _counts(info: zipfile.ZipInfo) -> bool:
    parts = info.filename.split("/")
    return not info.filename.endswith("/") and parts[0] != "__MACOSX" and parts[-1] != ".DS_Store"


def _end_record(file: BinaryIO) -> int:
    """The number of entries that the zip's end record tells; refuses a zip without a sound end."""
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
    told, found = directory_start + directory_bytes, size - tail_bytes + place
    is_zip64 = directory_start == 0xFFFFFFFF or entries == 0xFFFF  # noqa: PLR2004 - APPNOTE 4.4.1.4
    if told != found and not is_zip64:
        lone_lf, crlf = _line_ends(file)
        carriage_returns_added = crlf > 0 and lone_lf == 0
        carriage_returns_lost = told > found and crlf == 0
        raise FileRefused(
            "zip_ascii_mode" if carriage_returns_added or carriage_returns_lost else "zip_damaged"
        )
    return _entries_of_zip64(file, found) if is_zip64 else int(entries)


def _entries_of_zip64(file: BinaryIO, end: int) -> int:
    """The number of entries that the ZIP64 end record tells; `end` is where the plain end record begins."""
    try:
        file.seek(end - _LOCATOR64.size)
        _, _, place, _ = _LOCATOR64.unpack(file.read(_LOCATOR64.size))
        file.seek(place)
        magic, *_, entries, _, _ = _END_RECORD64.unpack(file.read(_END_RECORD64.size))
    except (OSError, OverflowError, *_DAMAGE) as error:  # a place that no file has
        raise FileRefused("zip_damaged") from error
    if magic != b"PK\x06\x06":
        raise FileRefused("zip_damaged")
    return int(entries)


def _line_ends(file: BinaryIO) -> tuple[int, int]:
    """How many LF stand alone and how many follow a CR.

    In compressed bytes chance leaves both kinds; a transfer in ASCII mode leaves one of them only.
    """
    file.seek(0)
    lone, paired, last = 0, 0, b""
    while chunk := file.read(CHUNK_BYTES):
        pairs = chunk.count(b"\r\n") + (last == b"\r" and chunk[:1] == b"\n")
        paired += pairs
        lone += chunk.count(b"\n") - pairs
        last = chunk[-1:]
    file.seek(0)
    return lone, paired


def _inflated(path: Path, member: zipfile.ZipInfo, max_bytes: int) -> Iterator[bytes]:
    total = 0
    with path.open("rb") as file, zipfile.ZipFile(file) as archive:
        try:
            with archive.open(member) as stream:
                while chunk := _read_full(stream):
                    if total == 0:
                        _refuse_nested(chunk)
                    total += len(chunk)
                    if total > max_bytes:
                        raise FileRefused("inflated_too_large", {"limit": max_bytes >> 20})
                    yield chunk
        except NotImplementedError as error:
            raise FileRefused("zip_method") from error
        except RuntimeError as error:  # zipfile raises it bare where a password is needed
            raise FileRefused("zip_encrypted") from error
        except _DAMAGE as error:
            raise FileRefused("zip_damaged") from error
        except OSError as error:
            if error.errno is not None:  # the disk's; bz2 raises it bare for damaged data
                raise
            raise FileRefused("zip_damaged") from error
    if total == 0:
        raise FileRefused("empty_file")


def _read_full(stream: IO[bytes]) -> bytes:
    """Exactly CHUNK_BYTES unless the stream ends: line lengths are measured from chunk to chunk."""
    parts, wanted = [], CHUNK_BYTES
    while wanted and (part := stream.read(wanted)):
        parts.append(part)
        wanted -= len(part)
    return b"".join(parts)


def _refuse_nested(chunk: bytes) -> None:
    if chunk.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        nested = b"xl/" in chunk[:4096] or b"[Content_Types].xml" in chunk[:4096]
        raise FileRefused("workbook" if nested else "zip_nested")
    _refuse_foreign(chunk)


def looks_whole(fd: int, identity: FileIdentity) -> bool:
    """Whether a file can be a finished upload: not empty, no hole, a zip with its end, a CSV with its last line end."""
    if not identity.size:
        return False
    try:
        if os.lseek(fd, 0, os.SEEK_HOLE) < identity.size:
            return False
    except OSError:
        pass
    with os.fdopen(os.dup(fd), "rb") as file:
        file.seek(0)
        if file.read(4) == b"PK\x03\x04":
            return zip_directory_is_readable(file)
        file.seek(-1, os.SEEK_END)
        return file.read(1) in (b"\n", b"\r")
