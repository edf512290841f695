"""From text to records of cells, character by character (protocol 2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .refusal import Refused
from .values import WHITE, trim

CELL_LIMIT = 32_768
COLUMN_LIMIT = 256
SEP_LINE = re.compile('("?)sep=(.)\\1[ \xa0]*(?:\r\n|\r|\n|\\Z)')


@dataclass(frozen=True)
class Record:
    """One record of the CSV: the physical line on which it begins, and its cells untrimmed, quotes undone."""

    line: int
    cells: list[str]

    @property
    def blank(self) -> bool:
        return all(not trim(cell) for cell in self.cells)


def sep_line(text: str) -> tuple[str | None, str]:
    """The separator that Excel's `sep=X` on the first line names, and the text without that line's content.

    The line end stays, so that line numbers remain those of the file.
    """
    found = SEP_LINE.match(text)
    if not found:
        return None, text
    end = re.search("[\r\n]", text)
    return found[2], text[end.start() :] if end else ""


def tokenize(text: str, separator: str) -> list[Record]:
    """All records of the text, blank ones too. Raises `Refused` for what no account may skip."""
    records: list[Record] = []
    cells: list[str] = []
    cell = ""
    state = "start"  # start | plain | quoted | quote (just seen inside a quoted field) | after
    line = begins = 1
    i = 0
    ordinary = re.compile(f'[^"\r\n{re.escape(separator)}]+')
    while i < len(text):
        # Files of 20 MiB take minutes one character at a time.
        if state in ("plain", "quoted") and (run := ordinary.match(text, i)):
            cell += run[0]
            i = run.end()
            continue
        char = text[i]
        if char == "\r" and text[i + 1 : i + 2] == "\n":
            char = "\r\n"
        i += len(char)
        end_of_line = char in ("\n", "\r", "\r\n")
        if end_of_line:
            line += 1
        if state == "quoted":
            if char == '"':
                state = "quote"
            else:
                cell += char
        elif state == "quote" and char == '"':
            cell += char
            state = "quoted"
        elif char == separator or end_of_line:
            cells.append(_checked(cell))
            cell, state = "", "start"
            if end_of_line:
                records.append(_record(begins, cells))
                cells, begins = [], line
        elif state in ("quote", "after"):
            if char not in WHITE:
                raise Refused("text_after_quote", f"text after a closing quote on line {line}")
            state = "after"
        elif state == "start" and char == '"':
            cell, state = "", "quoted"
        elif state == "start" and char in WHITE:
            cell += char
        else:
            cell += char
            state = "plain"
    if state == "quoted":
        raise Refused("unterminated_quote", f"in the record that begins on line {begins}")
    if cell or cells or state != "start":
        cells.append(_checked(cell))
        records.append(_record(begins, cells))
    return records


def _checked(cell: str) -> str:
    if len(cell) > CELL_LIMIT:
        raise Refused("cell_too_long")
    return cell


def _record(line: int, cells: list[str]) -> Record:
    """Blank columns at the right do not count as columns."""
    used = len(cells)
    while used > COLUMN_LIMIT and not trim(cells[used - 1]):
        used -= 1
    if used > COLUMN_LIMIT:
        raise Refused("too_many_columns", f"line {line}")
    return Record(line, cells)
