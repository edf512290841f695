"""From a deposit's bytes to rows of cells (protocol 2)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .archive import is_zip, refuse_other_formats, refuse_program, unzip
from .cells import clean_cell
from .encoding import decode
from .headers import Headers, match_headers
from .headers import header_key as key_of
from .refusal import Refused
from .tokens import Record, sep_line, tokenize
from .values import SEPARATORS, AccountRules, trim

if TYPE_CHECKING:
    from collections.abc import Sequence

DEPOSIT_LIMIT = 20 * 2**20
LINE_LIMIT = 2**20
DOS_END_OF_FILE = b"\x1a"

Row = dict[str, str]
Warnings = dict[str, list[int]]


@dataclass
class Sheet:
    """A file whose structure is good.

    `rows` and `ragged` hold the line and the cells as {column: value}; `ragged` are the rows that
    `syntax_errors = skip` rejects. `warnings` maps codes to lines. `lines_before` holds the columns
    `Ligne` of a corrected file: {line: the text of that cell}.
    """

    headers: Headers
    separator: str
    rows: list[tuple[int, Row]] = field(default_factory=list)
    ragged: list[tuple[int, Row]] = field(default_factory=list)
    warnings: Warnings = field(default_factory=dict)
    lines_before: dict[int, str] = field(default_factory=dict)

    @property
    def columns(self) -> set[str]:
        """The columns that the file fills; one for any number fills two."""
        found = {column for column in self.headers.columns if column}
        return found | {"phone", "mobile"} if "any_number" in found else found


def read_sheet(content: bytes, rules: AccountRules) -> Sheet:
    """Everything of protocol 2 except the columns that an action requires. Raises `Refused`."""
    if len(content) > DEPOSIT_LIMIT:
        raise Refused("file_too_large")
    refuse_program(content)
    if is_zip(content):
        content = unzip(content)
    content = content.removesuffix(DOS_END_OF_FILE)
    if not content:
        raise Refused("empty_file")
    try:
        return _read_csv(content, rules)
    except Refused:
        refuse_other_formats(content)
        raise


def _read_csv(content: bytes, rules: AccountRules) -> Sheet:
    if b"\0" in content:
        raise Refused("nul_byte")
    if any(len(line) > LINE_LIMIT for line in content.replace(b"\r", b"\n").split(b"\n")):
        raise Refused("line_too_long")
    decoded = decode(content, rules.encoding)
    named, text = sep_line(decoded.text)
    separator = named or "" if rules.separator == "auto" else rules.separator
    if named and named != separator:
        raise Refused("wrong_separator", f"sep={named}")
    separator = separator or _header_separator(text, rules)
    records = tokenize(text, separator)
    header, rows, footer = _parts(records)
    names = [trim(cell) for cell in header.cells]
    trimmed = [[trim(cell) for cell in record.cells] for record in rows]
    try:
        headers = match_headers(names, trimmed, rules)
    except Refused as error:
        if error.code == "no_known_column" and _another_separator(text, separator, rules):
            raise Refused("wrong_separator") from error
        raise
    if not rows:
        raise Refused("no_rows")
    sheet = Sheet(headers, separator)
    for code, lines in (
        ("mixed_encoding", decoded.mixed),
        ("suspect_encoding", decoded.suspect),
        ("footer", [record.line for record in footer]),
        ("unknown_column", [header.line] if headers.unknown else []),
        ("mapped_headers", [header.line] if headers.mapped else []),
    ):
        if lines:
            sheet.warnings[code] = lines
    _fill(sheet, names, rows, rules)
    return sheet


def _fill(sheet: Sheet, names: list[str], records: Sequence[Record], rules: AccountRules) -> None:
    """Puts the records in the sheet. Raises `Refused` at a ragged row, unless the account skips them."""
    last_named = max(i for i, name in enumerate(names) if name)
    ligne = next((i for i, name in enumerate(names) if key_of(name) == "ligne"), None)
    for record in records:
        cells = [trim(cell) for cell in record.cells]
        row = {
            column: clean_cell(cell, column, rules)
            for column, cell in zip(sheet.headers.columns, cells, strict=False)
            if column
        }
        if ligne is not None and ligne < len(cells):
            sheet.lines_before[record.line] = cells[ligne]
        if len(cells) > last_named and not any(cells[len(names) :]):
            sheet.rows.append((record.line, row))
        elif rules.syntax_errors == "skip":
            sheet.ragged.append((record.line, row))
        else:
            code = "too_few_fields" if len(cells) <= last_named else "too_many_fields"
            raise Refused(code, f"ragged row on line {record.line}")


def _parts(records: Sequence[Record]) -> tuple[Record, list[Record], list[Record]]:
    """The header, the rows and the footer; blank records are none of them."""
    header_at = next((n for n, record in enumerate(records) if not record.blank), None)
    if header_at is None:
        raise Refused("empty_file")
    header = records[header_at]
    named = [n for n, cell in enumerate(header.cells) if trim(cell)]
    rows_end = len(records)
    # A row of a file with one column has one cell too; it is no footer.
    if named[-1] > 0:
        tail = len(records)
        while tail > header_at + 1 and (records[tail - 1].blank or len(records[tail - 1].cells) == 1):
            tail -= 1
            if records[tail].blank:
                rows_end = tail
    rows = [record for record in records[header_at + 1 : rows_end] if not record.blank]
    footer = [record for record in records[rows_end:] if not record.blank]
    return header, rows, footer


def _header_separator(text: str, rules: AccountRules) -> str:
    """The separator by which the header line has the most known columns; the first of equals."""
    return max(SEPARATORS, key=lambda separator: _known_columns(text, separator, rules))


def _another_separator(text: str, separator: str, rules: AccountRules) -> bool:
    return any(_known_columns(text, each, rules) for each in SEPARATORS if each != separator)


def _known_columns(text: str, separator: str, rules: AccountRules) -> int:
    """How many known columns the header line has if this separator splits it; 0 if it does not."""
    line = next((line for line in re.split("[\r\n]", text) if trim(line)), "")
    try:
        names = [trim(cell) for cell in tokenize(line, separator)[0].cells]
        columns = match_headers(names, [], rules).columns
    except (Refused, IndexError):
        return 0
    return len([column for column in columns if column]) if len(names) > 1 else 0
