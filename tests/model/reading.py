"""From a deposit's bytes to rows of cells (protocol 2), character by character."""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass, field

from .values import WHITE, AccountRules, header_key, known_headers, trim, windows_1252

DEPOSIT_LIMIT = 20 * 2**20
INFLATED_LIMIT = 512 * 2**20
LINE_LIMIT = 2**20
CELL_LIMIT = 32_768
COLUMN_LIMIT = 256
BOM = b"\xef\xbb\xbf"
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """The whole file goes to `ko`; the argument says why, for a human who debugs."""


@dataclass(frozen=True)
class Record:
    """One record of the CSV: the physical line on which it begins, and its cells untrimmed, quotes undone."""

    line: int
    cells: list[str]

    @property
    def blank(self) -> bool:
        return all(not trim(cell) for cell in self.cells)


@dataclass
class Sheet:
    """A file whose structure is good: rows as {column: trimmed text}, and the ragged rows it skips."""

    columns: list[str]
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    ragged: list[tuple[int, dict[str, str]]] = field(default_factory=list)


def read_sheet(content: bytes, rules: AccountRules) -> Sheet:
    """Everything of section 2 but the columns an action asks for. Raises `Refused`."""
    if len(content) > DEPOSIT_LIMIT:
        raise Refused("deposit too large")
    if content[:4] in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"):
        content = unzip(content)
    if not content:
        raise Refused("empty")
    if b"\0" in content:
        raise Refused("NUL byte")
    if any(len(line) > LINE_LIMIT for line in content.replace(b"\r", b"\n").split(b"\n")):
        raise Refused("line too long")
    records = [r for r in tokenize(decode(content, rules.encoding), rules.separator) if not r.blank]
    if not records:
        raise Refused("empty")
    header, *rows = records
    names = [trim(cell) for cell in header.cells]
    columns = match_header(names, rules)
    if not rows:
        raise Refused("header without rows")
    last_named = max(i for i, name in enumerate(names) if name)
    sheet = Sheet([c for c in columns if c])
    for record in rows:
        cells = [trim(cell) for cell in record.cells]
        values = {column: cell for column, cell in zip(columns, cells, strict=False) if column}
        if len(cells) <= last_named or any(cells[len(names) :]):
            if rules.syntax_errors != "skip":
                raise Refused(f"ragged row on line {record.line}")
            sheet.ragged.append((record.line, values))
        else:
            sheet.rows.append((record.line, values))
    return sheet


def match_header(names: list[str], rules: AccountRules) -> list[str | None]:
    """The column each header means; None for nameless and unknown ones."""
    known = known_headers(rules)
    columns = [known.get(header_key(name)) for name in names]
    found = [column for column in columns if column]
    if not found:
        raise Refused("no known column")
    if len(found) != len(set(found)):
        raise Refused("a column is named twice")
    return columns


def unzip(content: bytes) -> bytes:
    """The one file inside a zip. Raises `Refused`."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [m for m in archive.infolist() if not _ignored(m)]
            if len(members) != 1:
                raise Refused(f"{len(members)} files in the zip")
            if members[0].flag_bits & 1:
                raise Refused("encrypted zip")
            if members[0].file_size > INFLATED_LIMIT:
                raise Refused("too large while inflating")
            inner = archive.read(members[0])
    except ZIP_ERRORS as error:
        raise Refused(f"damaged zip: {error}") from error
    if inner[:4] in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"):
        raise Refused("nested zip")
    return inner


def _ignored(member: zipfile.ZipInfo) -> bool:
    name = member.filename
    return member.is_dir() or name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1] == ".DS_Store"


def decode(content: bytes, encoding: str) -> str:
    """The text of a CSV under the account's encoding. Raises `Refused`."""
    if encoding == "iso-8859-1":
        return windows_1252(content)
    if encoding == "utf-8" or content.startswith(BOM):
        try:
            return content.removeprefix(BOM).decode("utf-8")
        except UnicodeDecodeError as error:
            raise Refused("invalid UTF-8") from error
    try:
        return content.decode("utf-8")  # pure ASCII reads the same both ways
    except UnicodeDecodeError:
        return windows_1252(content)


def tokenize(text: str, separator: str) -> list[Record]:
    """All records of the text, blank ones too. Raises `Refused` for what no account may skip."""
    records: list[Record] = []
    cells: list[str] = []
    cell = ""
    state = "start"  # start | plain | quoted | quote (just seen inside a quoted field) | after
    line = begins = 1
    i = 0
    while i < len(text):
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
                raise Refused(f"text after a closing quote on line {line}")
            state = "after"
        elif state == "start" and char == '"':
            cell, state = "", "quoted"
        elif state == "start" and char in WHITE:
            cell += char
        else:
            cell += char
            state = "plain"
    if state == "quoted":
        raise Refused(f"unterminated quote in the record that begins on line {begins}")
    if cell or cells or state != "start":
        cells.append(_checked(cell))
        records.append(_record(begins, cells))
    return records


def _checked(cell: str) -> str:
    if len(cell) > CELL_LIMIT:
        raise Refused("cell too long")
    return cell


def _record(line: int, cells: list[str]) -> Record:
    if len(cells) > COLUMN_LIMIT:
        raise Refused(f"more than {COLUMN_LIMIT} columns on line {line}")
    return Record(line, cells)
