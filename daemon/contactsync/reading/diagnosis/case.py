"""A file that is about to be refused, as far as its diagnosis looks at it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from contactsync.domain.account import AUTO, SEPARATORS, Account
from contactsync.domain.deposit import Action
from contactsync.domain.errors import FileRefused
from contactsync.domain.headers.match import Header, match_header
from contactsync.domain.headers.names import HeaderRules
from contactsync.domain.windows_1252 import decode_windows_1252
from contactsync.reading.cells import cell_text
from contactsync.reading.header_line import MAX_COLUMNS, SEP_LINE, first_line
from contactsync.reading.scan import scan
from contactsync.reading.validate import check_header

HEAD_BYTES = 1 << 16
"""How much of the file's beginning is looked at. Bounds the time and the memory of a diagnosis."""

LONGEST_NAME = 64
"""No name of a column is as long; folding the longest headers again and again would take seconds."""

_BOM = "\ufeff"


@dataclass(frozen=True)
class Case:
    """The first bytes of a file, and what they were uploaded for.

    It has no slots, so that what several looks need is found once.
    """

    head: bytes
    account: Account
    action: Action

    @classmethod
    def of(cls, chunks: Iterable[bytes], account: Account, action: Action) -> Case:
        """The case of a file with these chunks; only the first of them is read."""
        head = next(iter(chunks), b"")[:HEAD_BYTES]
        return cls(head, account, action)

    @cached_property
    def rules(self) -> HeaderRules:
        """How the account's headers are matched."""
        return HeaderRules.of(self.account)

    @cached_property
    def separators(self) -> tuple[str, ...]:
        """Those that the account accepts."""
        return SEPARATORS if self.account.separator == AUTO else (self.account.separator,)

    @cached_property
    def is_utf8(self) -> bool:
        """Whether the bytes are UTF-8; the end may cut a character."""
        try:
            self.head[:-3].decode()
        except UnicodeDecodeError as error:
            return error.end >= len(self.head) - 3
        return True

    @cached_property
    def text(self) -> str:
        """The beginning of the text, without a byte order mark."""
        text = self.head.decode("utf-8", "ignore") if self.is_utf8 else decode_windows_1252(self.head)
        return text.removeprefix(_BOM)

    @cached_property
    def without_sep_line(self) -> bytes:
        """The text in UTF-8 without the text of Excel's `sep=` line."""
        return SEP_LINE.sub(b"", self.text.encode(), count=1)

    @cached_property
    def header_line(self) -> str:
        """The first line that is not blank."""
        return (
            (first_line(self.without_sep_line) or self.without_sep_line)
            .decode("utf-8", "replace")
            .strip("\r\n")
        )

    def known(self, line: str, separators: Sequence[str] = SEPARATORS) -> int:
        """How many columns are known if this is the header line and its best separator splits it."""
        return max(
            len(self.match(cells).positions) for each in separators for cells in [split(line, each) or []]
        )

    def match(self, cells: Sequence[str]) -> Header:
        """The cells as the header line."""
        return match_header([cell[:LONGEST_NAME] for cell in cells], self.rules)

    def accepts(self, cells: Sequence[str]) -> bool:
        """Whether a file with these headers would be accepted."""
        header = self.match(cells)
        try:
            check_header(header, self.account, self.action)
        except FileRefused:
            return False
        return not header.doubled


def split(line: str, separator: str) -> list[str] | None:
    """The cells of a line, which may hold line ends in quotes; None if its quotes are misplaced."""
    rows = scan(line.encode("utf-8", "replace"), separator, final=True)
    if rows.errors or len(rows.first) != 1:
        return None
    return [cell_text(field) for field in rows.fields(0)[:MAX_COLUMNS]]


def whole_line(line: str) -> str | None:
    """What is in the quotes of a line that is in quotes as a whole; None if it is not. Blank cells may follow."""
    if not line.lstrip().startswith('"'):
        return None
    for separator in SEPARATORS:
        cells = split(line, separator)
        if cells and not any(cells[1:]):
            return cells[0]
    return None
