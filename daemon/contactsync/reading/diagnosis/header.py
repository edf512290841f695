"""Why a header line cannot be used, and what would have worked (protocol 2). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from contactsync.domain.account import AUTO, SEPARATORS
from contactsync.domain.errors import FileRefused, LineError
from contactsync.domain.headers.unknown import UnknownColumns, looks_personal
from contactsync.reading.diagnosis.case import Case, split, whole_line
from contactsync.reading.diagnosis.encodings import wrong_encoding
from contactsync.reading.diagnosis.kinds import kind_of
from contactsync.reading.diagnosis.unknown import explained
from contactsync.reading.header_line import OTHER_LINE_ENDS

MAX_LINES_ABOVE = 50
"""How many lines above the header line are looked through."""

_OTHER_SEPARATORS = re.compile(r"[:^~#/\xa7\xa6\uff1b\uff0c\x1f]| +")
"""What separates the columns of other programs: any of these characters, or spaces."""

_OTHER_LINE_ENDS = re.compile("|".join(mark.decode() for mark in OTHER_LINE_ENDS))

_APOSTROPHES = "'`\xb4"
_TYPOGRAPHIC = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\xab\xbb\u2039\u203a"

_OF_THE_HEADER = frozenset(
    {"no_known_column", "missing_column", "means_not_recognised", "wrong_separator", "text_after_quote",
     "unterminated_quote"}
)  # fmt: skip
_OF_ANOTHER_FORMAT = _OF_THE_HEADER | {
    "duplicate_column", "nul_byte", "line_too_long", "too_many_columns", "cell_too_long", "invalid_utf8",
}  # fmt: skip


def may_refine(refusal: FileRefused) -> bool:
    """Whether the content can explain the refusal. A budget or a damaged zip is not explained by reading on."""
    return refusal.code in _OF_ANOTHER_FORMAT


def refine(refusal: FileRefused, case: Case) -> FileRefused:
    """The refusal of a file for its header line, or before it, as what the program saw."""
    if kind := kind_of(case.head, case.text):
        return FileRefused("not_csv", {"found": kind})
    if refusal.code not in _OF_THE_HEADER:
        return refusal
    looks = (
        *(_quoted_lines, _other_line_ends, _wrong_separator, _wrong_quotes, _wrong_encoding),
        *(_below_other_lines, _no_header),
    )
    found = (look(refusal, case) for look in looks)
    return next((each for each in found if each), None) or _unknown(refusal, case)


def _quoted_lines(_refusal: FileRefused, case: Case) -> FileRefused | None:
    """The header line is in quotes as a whole."""
    inner = whole_line(case.header_line)
    if (
        inner is None
        or not any(len(split(inner, each) or ()) > 1 for each in SEPARATORS)
        or not case.known(inner)
    ):
        return None
    number, line = next(_lines(case))
    rows = [whole_line(each) for _, each in _lines(case) if each != line]
    if all(row is not None for row in rows):
        return FileRefused("quoted_lines", {"line": number, "lines": [number], "count": 1, "variant": "all"})
    errors = [LineError(number, None, "quoted_lines")]
    return FileRefused("quoted_lines", {"line": number, "lines": [number], "count": 1}, errors)


def _other_line_ends(_refusal: FileRefused, case: Case) -> FileRefused | None:
    """The header line contains the first row too: a line end of another system is between them."""
    first = _OTHER_LINE_ENDS.split(case.header_line, maxsplit=1)[0]
    if first == case.header_line or not any(
        case.accepts(split(first, each) or ()) for each in case.separators
    ):
        return None
    return FileRefused("no_rows", {"variant": "line_ends"})


def _wrong_separator(refusal: FileRefused, case: Case) -> FileRefused | None:
    """All cells are in quotes, with another separator between them; or the separator is one that no account has."""
    expected = case.account.written_separator
    if refusal.code == "no_known_column":
        for mark in set(_OTHER_SEPARATORS.findall(case.header_line)):
            if len(case.match([cell.strip() for cell in case.header_line.split(mark)]).positions) > 1:
                return FileRefused(
                    "wrong_separator", {"found": ",", "expected": expected, "variant": "other"}
                )
    if refusal.code not in ("text_after_quote", "unterminated_quote") or case.account.separator == AUTO:
        return None
    for found in SEPARATORS:
        cells = split(case.header_line, found)
        if found != expected and cells and len(cells) > 1 and case.match(cells).positions:
            return FileRefused("wrong_separator", {"found": found, "expected": expected})
    return None


def _wrong_quotes(refusal: FileRefused, case: Case) -> FileRefused | None:
    """The headers are in apostrophes, in typographic quotes, or in two pairs of quotes."""
    for marks, variant in ((_APOSTROPHES, ""), (_TYPOGRAPHIC, "typographic")):
        for separator in SEPARATORS:
            cells = split(case.header_line, separator) or []
            bare = [cell.strip(marks + " \xa0") if cell[:1] in marks else cell for cell in cells]
            if len(case.match(bare).positions) > len(case.match(cells).positions):
                return FileRefused("wrong_quotes", {"variant": variant})
    once = case.header_line.replace('""', '"')
    if refusal.code == "text_after_quote" and case.known(once) > case.known(case.header_line):
        return FileRefused("wrong_quotes", {"variant": "doubled"})
    return None


def _wrong_encoding(refusal: FileRefused, case: Case) -> FileRefused | None:
    if refusal.code == "wrong_separator":
        return None
    variant = wrong_encoding(case)
    return None if variant is None else FileRefused("wrong_encoding", {"variant": variant})


def _below_other_lines(refusal: FileRefused, case: Case) -> FileRefused | None:
    """The header line stands below a title."""
    if refusal.code != "no_known_column":
        return None
    for number, line in _lines(case):
        for separator in SEPARATORS:
            cells = split(line, separator) or []
            # A row may hold one word that is a header too.
            if len(case.match(cells).positions) > 1 and case.accepts(cells):
                return FileRefused("no_known_column", {"line": number, "variant": "below"})
        if number > MAX_LINES_ABOVE:
            break
    return None


def _no_header(refusal: FileRefused, case: Case) -> FileRefused | None:
    """The first line is a person's row."""
    if refusal.code != "no_known_column":
        return None
    cells = [cell for each in case.separators for cell in split(case.header_line, each) or ()]
    if not any(map(looks_personal, cells)):
        return None
    return FileRefused(refusal.code, {**refusal.details, "unknown": UnknownColumns(), "variant": "no_header"})


def _unknown(refusal: FileRefused, case: Case) -> FileRefused:
    """The same refusal with what its unknown headers may mean."""
    unknown = refusal.details.get("unknown")
    if not isinstance(unknown, UnknownColumns):
        return refusal
    rows = [line for _, line in _lines(case)][1:]
    details = {
        **refusal.details,
        "unknown": explained(unknown, case, rows, is_header=refusal.code != "no_known_column"),
    }
    return FileRefused(refusal.code, details, refusal.errors)


def _lines(case: Case) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their numbers; the last one may be cut."""
    text = case.without_sep_line.decode().replace("\r\n", "\n").replace("\r", "\n")
    return ((number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip(' \t;,|"'))
