"""Recognises text files of another format by their beginning. Only a file that is refused anyway is looked at. Pure."""

from __future__ import annotations

import re

_SPREADSHEET = re.compile(
    r"urn:schemas-microsoft-com:office:spreadsheet|progid=[\"']Excel\.Sheet", re.IGNORECASE
)
_HTML = re.compile(
    r"<(?:!doctype\s+html|html|head|body|table|meta|title|script|style|div|br|b|p)\b", re.IGNORECASE
)

# The beginning of the text → a key of words.KINDS. Nothing of them can begin a header line.
_KINDS = (
    (re.compile(r"\{\\rtf\d"), "RTF"),
    (re.compile(r"(?:\[\s*)?\{\s*(?:\"[^\"]*\"\s*:|\})|\[\s*(?:\[|\]|\")"), "JSON"),
    (re.compile(r"BEGIN:VCARD\b", re.IGNORECASE), "vCard"),
    (re.compile(r"BEGIN:VCALENDAR\b", re.IGNORECASE), "iCalendar"),
    (re.compile(r"(?:version: *\d+\s+)?dn: ?\S+=", re.IGNORECASE), "LDIF"),
    (re.compile(r"MIME-Version:.{0,4000}?Content-Type: *(?:multipart/related|text/html)", re.IGNORECASE | re.DOTALL), "MHTML"),
    (re.compile(r"(?:Return-Path|Received|Delivered-To|MIME-Version|Message-ID|X-[\w-]+): ", re.IGNORECASE), "mail"),
    (re.compile(r"ID;P[^\r\n]*[\r\n]+P;P"), "SYLK"),
    (re.compile(r"#!|<\?php\b"), "program"),
    (re.compile(r"(?:--.*[\r\n]+\s*)*(?:/\*!\d+ |INSERT\s+INTO\s|CREATE\s+(?:TABLE|DATABASE)\s|DROP\s+TABLE\s)", re.IGNORECASE), "SQL"),
    (re.compile(r"-- (?:MySQL|MariaDB|phpMyAdmin|PostgreSQL|Adminer)\b.*dump", re.IGNORECASE), "SQL"),
)  # fmt: skip

# First bytes of formats that hold NUL bytes → the same.
_BINARY = (
    (re.compile(rb"SQLite format 3\0"), "SQLite"),
    (re.compile(rb"\0\x01\0\0Standard (?:Jet|ACE) DB\0"), "Access"),
    (re.compile(rb"GIF8[79]a"), "GIF"),
    (re.compile(rb"RIFF.{4}WEBP|II\*\0|MM\0\*|BM.{4}\0{4}", re.DOTALL), "image"),
    (re.compile(rb".{257}ustar", re.DOTALL), "tar"),
    # zstd, compress, Microsoft cabinet.
    (re.compile(rb"\x28\xb5\x2f\xfd|\x1f\x9d|MSCF\0"), "archive"),
    (re.compile(rb"!BDN"), "Outlook"),
    # dBase III and later: the version, a date, and bytes that are reserved.
    (re.compile(rb"[\x03\x30\x83\x8b\xf5][\x00-\xff][\x01-\x0c][\x01-\x1f].{8}\0\0", re.DOTALL), "dBase"),
)


def kind_of(head: bytes, text: str) -> str | None:
    """What a file is that is not a CSV, as a key of `words.KINDS`; None if it may be one."""
    for magic, kind in _BINARY:
        if magic.match(head):
            return kind
    bare = text.lstrip()
    for pattern, kind in _KINDS:
        if pattern.match(bare):
            return kind
    return _markup(bare) if bare.startswith("<") else None


def _markup(text: str) -> str | None:
    if text.startswith("<?xml") and _SPREADSHEET.search(text):
        return "XML"
    if _HTML.search(text) and not (text.startswith("<?xml") and "<html" not in text.lower()):
        return "HTML"
    return "other XML" if re.match(r"<\?xml\b|<[A-Za-z][^<>;,|\t]*>\s*<", text) else None
