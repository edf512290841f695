"""What a deposit is, by its bytes and never by its name: a CSV, a zip of one CSV, or a refusal (protocol 2)."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from contactsync.domain.deposit import FileIdentity
from contactsync.domain.errors import FileRefused
from contactsync.reading.zip_end import DAMAGE, entry_count, zip_directory_is_readable

CHUNK_BYTES = 1 << 20
"""The size of every chunk but the last one."""

MAX_ZIP_ENTRIES = 1_000
"""Checked against the end record first: opening a directory of 200,000 entries takes 192 MB (measured)."""

_WORKBOOK_MEMBERS = ("xl/", "content.xml", "Index/")

# First bytes → the format's name for the reason; OLE2 (.xls) is a workbook.
_FOREIGN = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", None),
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
    """The CSV bytes of a deposit; each call of `chunks()` starts from the beginning."""

    zipped: bool
    chunks: Callable[[], Iterator[bytes]]


def open_content(path: Path, *, max_inflated_bytes: int) -> Content:
    """Find the CSV in the file at `path`, which must be the daemon's own copy.

    Raises FileRefused: empty, a workbook, another format, or a zip that is not exactly one CSV. A zip that
    inflates to more than `max_inflated_bytes`, or is damaged further on, is refused while `chunks()` is read.
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


def looks_whole(fd: int, identity: FileIdentity) -> bool:
    """Whether a file can be a finished upload (protocol 1).

    It is not empty, has no hole, and ends as it should: a zip with its end record, a CSV with a line end.
    """
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
    entries = entry_count(file)
    if entries > MAX_ZIP_ENTRIES:
        raise FileRefused("zip_several_files", {"count": entries})
    try:
        with zipfile.ZipFile(file) as archive:
            members = [info for info in archive.infolist() if _counts(info)]
    except DAMAGE as error:
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
    """Whether a member is the uploader's: no folder, nothing that macOS adds."""
    parts = info.filename.split("/")
    return not info.filename.endswith("/") and parts[0] != "__MACOSX" and parts[-1] != ".DS_Store"


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
        # zipfile raises RuntimeError itself where a password is needed.
        except RuntimeError as error:
            raise FileRefused("zip_encrypted") from error
        except DAMAGE as error:
            raise FileRefused("zip_damaged") from error
        except OSError as error:
            # The disk's errors have a number; bz2 raises OSError without one for damaged data.
            if error.errno is not None:
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
