"""What a deposit is, by its bytes and never by its name: a CSV, a zip of one CSV, or a refusal (protocol 2)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from contactsync.domain.deposit import FileIdentity
from contactsync.domain.errors import FileRefused
from contactsync.reading import zip_end
from contactsync.reading.encoding import END_MARK
from contactsync.reading.zip_member import Member, inflated, members

CHUNK_BYTES = 1 << 20
"""The size of every chunk but the last one."""

_HEAD_BYTES = 64

# APPNOTE 4.3.7, 8.5.3 and 8.5.4: a local header, which the markers of a split or spanned zip may precede; and a zip of nothing.
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x07\x08", b"PK00PK\x03\x04", b"PK\x05\x06")

# First bytes → the format's name for the reason; OLE2 (.xls) is a workbook.
_FOREIGN = (
    (re.compile(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), None),
    (re.compile(rb"\x1f\x8b"), "gzip"),
    (re.compile(rb"BZh[1-9]"), "bzip2"),
    (re.compile(rb"\xfd7zXZ\x00"), "xz"),
    (re.compile(rb"7z\xbc\xaf\x27\x1c"), "7-Zip"),
    (re.compile(rb"Rar!\x1a\x07"), "RAR"),
    (re.compile(rb"%PDF-"), "PDF"),
    (re.compile(rb"\x89PNG\r\n"), "PNG"),
    (re.compile(rb"\xff\xd8\xff"), "JPEG"),
    (re.compile(rb"\x7fELF"), "program"),
    # A CSV may begin with these two letters, but has no NUL.
    (re.compile(rb"MZ[^\0]{0,61}\0"), "program"),
)

# First member that only such a file has → the format's name for the reason; None is a workbook.
_OFFICE = (
    (re.compile(r"xl/workbook|Index/.*\.iwa"), None),
    (re.compile(r"word/document"), "Word"),
    (re.compile(r"ppt/presentation"), "PowerPoint"),
)
_OPENDOCUMENT = "application/vnd.oasis.opendocument."

# A local header with its name; of a stored `mimetype`, which is always the first member, also its content.
_LOCAL_NAME = re.compile(rb"PK\x03\x04(?=.{26}([\x20-\x7e]{1,64}))", re.DOTALL)

# What programs add to a zip beside the uploader's own files.
_ADDED = frozenset({".ds_store", "thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True)
class Content:
    """The CSV bytes of a deposit; each call of `chunks()` starts from the beginning. `member` is its name in a zip."""

    member: str | None
    chunks: Callable[[], Iterator[bytes]]


def open_content(
    path: Path, *, max_inflated_bytes: int, between_chunks: Callable[[], None] = lambda: None
) -> Content:
    """Find the CSV in the file at `path`, which must be the daemon's own copy.

    Raises FileRefused: empty, a workbook, another format, or a zip that is not exactly one CSV. A zip that
    inflates to more than `max_inflated_bytes`, or is damaged further on, is refused while `chunks()` is read.
    `between_chunks` is called after each chunk of each pass.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        if not head:
            raise FileRefused("empty_file")
        if not head.startswith(_ZIP_STARTS):
            _refuse_foreign(head)
        member = _only_member(file, is_zip=head.startswith(_ZIP_STARTS))
    if member is None:
        return Content(None, lambda: _interrupted(_plain(path), between_chunks))
    return Content(
        member.name, lambda: _interrupted(_member_chunks(path, member, max_inflated_bytes), between_chunks)
    )


def _interrupted(chunks: Iterator[bytes], between_chunks: Callable[[], None]) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk
        between_chunks()


def looks_whole(fd: int, identity: FileIdentity) -> bool:
    """Whether a file can be a finished upload (protocol 1).

    It is not empty, has no hole, and ends as it should: a zip with its directory, a CSV with a line end, which the
    end mark of DOS may follow.
    """
    if not identity.size:
        return False
    try:
        if os.lseek(fd, 0, os.SEEK_HOLE) < identity.size:
            return False
    except OSError:
        pass
    with os.fdopen(os.dup(fd), "rb") as file:
        file.seek(-min(identity.size, 2), os.SEEK_END)
        ends_a_line = file.read(2).removesuffix(END_MARK).endswith((b"\n", b"\r"))
        file.seek(0)
        is_zip = file.read(_HEAD_BYTES).startswith(_ZIP_STARTS)
        return (ends_a_line and not is_zip) or zip_end.locate(file) is not None


def _refuse_foreign(head: bytes) -> None:
    for magic, found in _FOREIGN:
        if magic.match(head):
            raise _refusal_of(found)


def _refusal_of(found: str | None) -> FileRefused:
    return FileRefused("not_csv", {"found": found}) if found else FileRefused("workbook")


def _plain(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _only_member(file: BinaryIO, *, is_zip: bool) -> Member | None:
    """The one member that counts; every other zip is refused with its own reason.

    A file that does not begin like a zip may be one all the same, behind foreign bytes; None if it is not.
    """
    end = zip_end.locate(file)
    if end is None or not (is_zip or end.directory_bytes):
        if is_zip:
            raise zip_end.damage(file)
        return None
    listed = members(file, end)
    _refuse_office(file, listed)
    counted = [member for member in listed if _counts(member.name)]
    if not counted:
        raise FileRefused("zip_empty")
    if len(counted) > 1:
        names = [member.name for member in counted]
        raise FileRefused("zip_several_files", {"count": len(names), "names": names})
    (member,) = counted
    if member.encrypted:
        raise FileRefused("zip_encrypted")
    if not member.can_be_inflated:
        raise FileRefused("zip_method")
    return member


def _refuse_office(file: BinaryIO, listed: Iterable[Member]) -> None:
    """Refuse a zip that is a workbook or a document: its members have fixed names."""
    for member in listed:
        for name, found in _OFFICE:
            if name.match(member.name):
                raise _refusal_of(found)
        if member.name == "mimetype" and member.can_be_inflated:
            kind = next(inflated(file, member), b"").decode("ascii", "replace")
            if not kind.startswith(_OPENDOCUMENT):
                continue
            raise _refusal_of("OpenDocument" if kind.startswith(f"{_OPENDOCUMENT}text") else None)


def _counts(name: str) -> bool:
    """Whether a member is the uploader's: no folder, nothing that macOS or Windows adds."""
    *folders, base = name.replace("\\", "/").split("/")
    return (
        bool(base) and "__MACOSX" not in folders and not base.startswith("._") and base.lower() not in _ADDED
    )


def _member_chunks(path: Path, member: Member, max_bytes: int) -> Iterator[bytes]:
    """The member inflated, in chunks of exactly CHUNK_BYTES but for the last one."""
    total, held = 0, bytearray()
    with path.open("rb") as file:
        for piece in inflated(file, member):
            if total == 0:
                _refuse_nested(piece)
            total += len(piece)
            if total > max_bytes:
                raise FileRefused("inflated_too_large", {"limit": max_bytes >> 20})
            held += piece
            if len(held) >= CHUNK_BYTES:
                yield bytes(held[:CHUNK_BYTES])
                del held[:CHUNK_BYTES]
    if total == 0:
        raise FileRefused("empty_file")
    if held:
        yield bytes(held)


def _refuse_nested(piece: bytes) -> None:
    """Refuse a member that is no CSV, by the beginning of its bytes."""
    if not piece.startswith(_ZIP_STARTS):
        _refuse_foreign(piece)
        return
    for name in _LOCAL_NAME.finditer(piece):
        text = name[1].decode("cp437")
        for pattern, found in _OFFICE:
            if pattern.match(text):
                raise _refusal_of(found)
        if text.startswith(f"mimetype{_OPENDOCUMENT}"):
            raise _refusal_of("OpenDocument" if text.startswith(f"mimetype{_OPENDOCUMENT}text") else None)
    raise FileRefused("zip_nested")
