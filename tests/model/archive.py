"""The one CSV inside a zip, and files that are neither CSV nor zip (protocol 2)."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from .refusal import Refused

INFLATED_LIMIT = 256 * 2**20
ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"PK00PK\x03\x04")
PROGRAMS = (b"MZ", b"\x7fELF")
UNWANTED = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
ENCRYPTED = 1
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
NOT_CSV = re.compile(
    rb"\x1f\x8b|%PDF|\s*(?:\xef\xbb\xbf)?\s*(?:<!doctype|<html|<\?xml|<table|\[?\s*\{|BEGIN:VCARD)",
    re.IGNORECASE,
)


def refuse_program(content: bytes) -> None:
    """Refuses an executable, even if an archive follows the program."""
    if content.startswith(PROGRAMS) and b"\0" in content:
        raise Refused("not_csv", "a program")


def refuse_other_formats(content: bytes) -> None:
    """Refuses a file that is certainly of another format; runs only before another refusal."""
    if NOT_CSV.match(content):
        raise Refused("not_csv")


def is_zip(content: bytes) -> bool:
    """Whether the bytes are an archive, whatever bytes precede it."""
    if content.startswith(ZIP_STARTS):
        return True
    return b"PK\x03\x04" in content and zipfile.is_zipfile(io.BytesIO(content))


def unzip(content: bytes) -> bytes:
    """The one file inside a zip. Raises `Refused`."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            inner = archive.read(_the_one(archive.infolist()))
    except ZIP_ERRORS as error:
        raise Refused("zip_damaged", f"damaged zip: {error}") from error
    if inner.startswith(ZIP_STARTS):
        raise Refused("workbook" if _is_workbook(inner) else "zip_nested")
    return inner


def _the_one(members: list[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    names = [m.filename for m in members]
    if "[Content_Types].xml" in names or "mimetype" in names:
        raise Refused(
            "workbook" if any(n.startswith("xl/") or n == "content.xml" for n in names) else "not_csv"
        )
    files = [m for m in members if not _ignored(m.filename)]
    if not files:
        raise Refused("zip_empty")
    if len(files) > 1:
        raise Refused("zip_several_files", f"{len(files)} files in the zip")
    if files[0].flag_bits & ENCRYPTED:
        raise Refused("zip_encrypted")
    if files[0].compress_type not in METHODS:
        raise Refused("zip_method")
    if files[0].file_size > INFLATED_LIMIT:
        raise Refused("inflated_too_large")
    return files[0]


def _ignored(name: str) -> bool:
    """Whether a member is a folder or one of the files that systems add to a zip."""
    base = re.split(r"[/\\]", name)[-1]
    return not base or name.startswith("__MACOSX/") or base in UNWANTED or base.startswith("._")


def _is_workbook(content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return any(n.startswith("xl/") or n == "content.xml" for n in archive.namelist())
    except ZIP_ERRORS:
        return False
