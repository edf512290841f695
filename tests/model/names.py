"""What a file name means: its text, and the list that an import of that name fills (protocol 1 and 4)."""

from __future__ import annotations

import re

from .encoding import windows_1252

# File managers add these to the name of a copy, before the extension.
COPY = re.compile(r"(?: - Copie| - Copy|(?: - Copie| - Copy)? \([0-9]+\))\Z")

CHECK = re.compile(r"\.check(?=(?:\.csv\.zip|\.csv|\.zip)\Z)", re.IGNORECASE)


def name_text(name: bytes) -> str:
    """A file name as text: UTF-8, else Windows-1252 (a byte without a character there as in ISO-8859-1)."""
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return windows_1252(name)


def list_name(file_name: str) -> tuple[str, bool]:
    """The list an import fills, and whether the file is a corrected `.rejected.csv` of an earlier one."""
    if original := original_name(file_name):
        bare = re.sub(r"\A[0-9]{10}_", "", original, count=1)
        return list_name(bare or original)[0], True
    bare = re.sub(r"\A[0-9]{10}_", "", CHECK.sub("", file_name), count=1)
    for extension in (".csv.zip", ".csv", ".zip"):
        if bare.lower().endswith(extension):
            bare = bare[: -len(extension)]
            break
    return bare or file_name, False


def is_check(file_name: str) -> bool:
    """Whether the file, or the one that it corrects, is only checked."""
    while original := original_name(file_name):
        file_name = re.sub(r"\A[0-9]{10}_", "", original, count=1) or original
    return bool(CHECK.search(file_name)) and not CHECK.match(file_name)


def original_name(file_name: str) -> str | None:
    """The claimed name of the deposit that a corrected file completes; None for any other file."""
    if not file_name.lower().endswith(".csv"):
        return None
    stem = COPY.sub("", file_name[: -len(".csv")])
    suffix = ".rejected"
    if not stem.lower().endswith(suffix) or len(stem) == len(suffix):
        return None
    return stem[: -len(suffix)]
