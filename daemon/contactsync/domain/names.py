"""The names of deposits, lists and claimed files (protocol 1, 4). Pure."""

from __future__ import annotations

import hashlib
import re

from contactsync.domain.windows_1252 import decode_windows_1252

MAX_NAME_BYTES = 255
"""The longest file name (NAME_MAX, limits.h(0p))."""

MAX_CLAIMED_BYTES = 240
"""Leaves room for `.rejected.csv` within the 255 bytes of a file name (protocol 1)."""

_EXTENSION = re.compile(rb"((?:\.rejected)?\.csv(?:\.zip)?|\.[^. ]{1,12})\Z", re.IGNORECASE)
_LIST_SUFFIX = re.compile(r"(\.csv\.zip|\.csv|\.zip)\Z", re.IGNORECASE)

_COPY = "(?:copy|copie|kopie|copia|kopi)"
_COPY_MARK = rf"(?: ?\([0-9]+\)|[ _-][0-9]{{1,3}}| (?:- )?{_COPY}(?: [0-9]+)?| \((?:[\w.]+ )?{_COPY}(?: [0-9]+)?\)){{0,3}}"
"""What file managers and browsers add to the name of a copy, in the languages of Western Europe.

Before the extension: ` - Copie`, ` - Copie (2)`, ` (1)`, `-1`, ` copy 2`, ` (3. Kopie)`.
"""
_COPY_OF = re.compile(r"\A(?:copy of|copie de|kopie von|kopie van|copia de|copia di) (?=.)", re.IGNORECASE)
_REJECTED_SUFFIX = re.compile(
    rf"(?<=.)\.rejected{_COPY_MARK}(?:\.csv{_COPY_MARK}(?:\.csv|\.zip)?|\.zip)\Z", re.IGNORECASE | re.DOTALL
)
_CHECK = re.compile(rf"(?<=.)\.check{_COPY_MARK}(?=(?:\.csv\.zip|\.csv|\.zip)\Z)", re.IGNORECASE | re.DOTALL)
_STAMP = re.compile(r"^[0-9]{10}_")
_CLAIMED = re.compile(rb"^([0-9]+)_(.+)\Z", re.DOTALL)


_CONFIRM = b".confirm"
"""Appended to the claimed name of a deposit that waits for a confirmation (protocol 10)."""


def is_confirmation(name: bytes) -> bool:
    """Whether an upload of this name confirms a refused deposit."""
    return name.lower().endswith(_CONFIRM) and len(name) > len(_CONFIRM)


def confirmed_name(name: bytes) -> bytes:
    """The claimed name of the deposit that this upload confirms."""
    return name[: -len(_CONFIRM)]


def is_check(name: bytes) -> bool:
    """Whether an upload of this name is only checked: `x.check.csv`, `x.check.zip`, and corrections of its rejects."""
    return _CHECK.search(_without_corrections(as_text(name))) is not None


def without_check(name: bytes) -> bytes:
    """The name under which a checked file is to be uploaded."""
    return re.sub(_CHECK.pattern.encode(), b"", name, flags=re.IGNORECASE | re.DOTALL)


def as_text(name: bytes) -> str:
    """A file name as text: read as UTF-8 if it is valid UTF-8, else as Windows-1252 (protocol 1)."""
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return decode_windows_1252(name)


def printable(name: bytes) -> str:
    """A file name for a log line: control characters and backslashes escaped."""
    return "".join(c if c.isprintable() and c != "\\" else repr(c)[1:-1] for c in as_text(name))


def claimed_name(stamp: int, name: bytes) -> bytes:
    """`<stamp>_<name>`, at most 240 bytes: a longer name is shortened before its extension, with a hash."""
    whole = b"%d_%s" % (stamp, name)
    if len(whole) <= MAX_CLAIMED_BYTES:
        return whole
    match = _EXTENSION.search(name)
    extension = match[0] if match else b""
    tail = b"~" + hashlib.sha256(name).hexdigest()[:8].encode() + extension
    stem = whole[: MAX_CLAIMED_BYTES - len(tail)]
    return _whole_characters(stem, like=name) + tail


def _whole_characters(stem: bytes, *, like: bytes) -> bytes:
    """Drop an incomplete UTF-8 character at the end, if the name is UTF-8."""
    try:
        like.decode("utf-8")
    except UnicodeDecodeError:
        return stem
    return stem.decode("utf-8", "ignore").encode()


def split_claimed(claimed: bytes) -> tuple[int, bytes]:
    """The stamp and the name of a file in `on/`; a name without a stamp has the stamp 0."""
    match = _CLAIMED.match(claimed)
    return (int(match[1]), match[2]) if match else (0, claimed)


def is_rejected_file(name: str) -> bool:
    """Whether the name is that of a rejected file coming back, also with what a file manager adds to it (protocol 4).

    Zipping such a file may replace its extension: `x.csv.rejected.zip`.
    """
    return _REJECTED_SUFFIX.search(name) is not None


def claimed_original(name: str) -> str:
    """The claimed name of the deposit whose rejected file this is."""
    return _COPY_OF.sub("", _REJECTED_SUFFIX.sub("", name), count=1) if is_rejected_file(name) else name


def list_name(name: str) -> str:
    """The list that an import of this file fills.

    It is the file's name without `.check`, `.csv`, `.zip`, `.csv.zip` and a leading stamp. A rejected file completes the
    original's list: each correction added one stamp and one `.rejected.csv`, so all of them are removed first.
    """
    original = _CHECK.sub("", _without_corrections(name))
    return _STAMP.sub("", _LIST_SUFFIX.sub("", original)) or name


def _without_corrections(name: str) -> str:
    """The name of the first upload, if this is a rejected file that came back, also several times."""
    while is_rejected_file(name):
        name = _STAMP.sub("", claimed_original(name))
    return name
