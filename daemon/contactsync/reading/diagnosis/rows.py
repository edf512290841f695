"""Why rows are malformed, and what would have worked (protocol 2). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contactsync.domain.account import SEPARATORS
from contactsync.domain.columns import FRENCH, MEANS
from contactsync.domain.errors import FileRefused, LineError
from contactsync.domain.headers.match import Header
from contactsync.reading.diagnosis.case import Case, split, whole_line
from contactsync.reading.diagnosis.kinds import kind_of
from contactsync.reading.diagnosis.malformed import Malformed

_FEWEST_DIGITS = 6
_STRAIGHT = str.maketrans(dict.fromkeys("'`\xb4", '"'))
_STRAIGHT_TYPOGRAPHIC = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\xab\xbb\u2039\u203a", '"')
)


@dataclass(frozen=True, slots=True)
class _Cause:
    """Why a row is malformed: the code of a reason, the separator found in the row, a variant of the sentence."""

    code: str
    found: str = ""
    variant: str = ""


_CELLS_LEFT_OUT = _Cause("missing_empty_cells")


def refine(refusal: FileRefused, case: Case, header: Header, malformed: Malformed) -> FileRefused:
    """The refusal of a file for its malformed rows, as what the program saw.

    The sentence is about the rows that have the same cause as the first one.
    """
    if kind := kind_of(case.head, case.text):
        return FileRefused("not_csv", {"found": kind})
    look = _Look(case, header)
    causes = [look.cause_of(row.decode("utf-8", "replace")) if row else None for row in malformed.rows]
    if malformed.is_cut and causes[0] == _CELLS_LEFT_OUT:
        causes[0] = None
    errors = [
        LineError(error.line, None, cause.code) if cause else error
        for error, cause in zip(malformed.errors, causes, strict=True)
    ]
    first = causes[0]
    if first is None:
        variant = "" if any(causes) else _common_variant(malformed)
        lines = [error.line for error in errors]
        return FileRefused(refusal.code, {**refusal.details, "lines": lines, "variant": variant}, errors)
    same = [error.line for error, cause in zip(malformed.errors, causes, strict=True) if cause == first]
    count = malformed.count if len(same) == len(causes) else len(same)
    some = "some" if first.code == "mixed_separators" and count < malformed.rows_read else ""
    details = {
        "count": count,
        "lines": same,
        "found": first.found,
        "expected": case.account.separator,
        "column": FRENCH[look.always_filled],
        "variant": f"{first.variant} {some}".strip(),
    }
    return FileRefused(first.code, details, errors)


def _common_variant(malformed: Malformed) -> str:
    """The remedy that fits all malformed rows, as a variant of the sentence."""
    codes = {error.code for error in malformed.errors}
    if codes == {"too_few_fields"} and (malformed.errors[0].line or 0) > malformed.last_good > 0:
        return "footer"
    return "every" if codes == {"too_many_fields"} and malformed.count == malformed.rows_read > 1 else ""


class _Look:
    """Looks at one malformed row after the other."""

    def __init__(self, case: Case, header: Header) -> None:
        self._case, self._header = case, header
        self._separator = case.account.separator

    @property
    def always_filled(self) -> str:
        """A column of the file that should have no blank cell."""
        positions = self._header.positions
        return next(key for key in ("reference", *MEANS, *positions) if key in positions)

    def cause_of(self, row: str) -> _Cause | None:
        """Why the row is malformed; None if nothing is known that would have made it a contact."""
        cells = split(row, self._separator)
        if (inner := whole_line(row)) is not None:
            if self._fits(split(inner, self._separator)):
                return _Cause("quoted_lines")
            row = inner
        others = [each for each in SEPARATORS if each != self._separator]
        if (cells is None or len(cells) < self._header.named_width) and (
            found := next((each for each in others if self._fits(split(row, each))), None)
        ):
            return _Cause("mixed_separators", found)
        if self._fits(split(row.translate(_STRAIGHT), self._separator)):
            return _Cause("wrong_quotes")
        if self._fits(split(row.translate(_STRAIGHT_TYPOGRAPHIC), self._separator)):
            return _Cause("wrong_quotes", variant="typographic")
        if cells and len(cells) < self._header.named_width and self._is_contact(cells):
            return _CELLS_LEFT_OUT
        return None

    def _fits(self, cells: Sequence[str] | None) -> bool:
        """Whether the cells are as many as the headers, and a contact."""
        if not cells or len(cells) < self._header.named_width or any(cells[self._header.width :]):
            return False
        return self._is_contact(cells)

    def _is_contact(self, cells: Sequence[str]) -> bool:
        """Whether the cells look as the action needs them, each in its column."""
        account, action = self._case.account, self._case.action
        values = {
            key: cells[place]
            for key, place in self._header.positions.items()
            if place < len(cells) and cells[place]
        }
        if any(not _looks_like(key, value) for key, value in values.items() if key in MEANS):
            return False
        by_reference = account.dedup == "reference" and not action.medium
        if by_reference and "reference" not in values:
            return False
        if by_reference and action.kind == "delete":
            return True
        means = (action.means,) if action.medium else MEANS
        return any(key in values for key in means)


def _looks_like(key: str, value: str) -> bool:
    if key == "email":
        return "@" in value
    return "@" not in value and sum(c.isdecimal() for c in value) >= _FEWEST_DIGITS
