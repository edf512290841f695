"""Which rows are valid for an action, and what their cells become (protocol 2 to 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .cells import read_email
from .dates import is_slashed, only_month_first, read_date
from .phones import is_mobile, is_scientific, read_phone
from .reading import Row, Sheet, Warnings
from .references import is_destroyed, normal_reference
from .references import is_scientific as is_scientific_reference
from .refusal import Refused
from .synonyms import ANY_NUMBER
from .values import MEANS, MEDIUM_MEANS, REFERENCE_LIMIT, AccountRules, Value, medium_of

if TYPE_CHECKING:
    from collections.abc import Mapping

Contact = dict[str, Value]


@dataclass(frozen=True)
class Rejected:
    """A rejected row: its cells, the column and the code of its first error (`None` for ragged rows)."""

    line: int
    row: Row
    column: str | None
    code: str


@dataclass
class Sorted:
    """The valid rows as values, the rejected rows, and warnings as {code: lines}.

    Invalid values are absent from a row; blank ones are None.
    """

    good: list[tuple[int, Contact]] = field(default_factory=list)
    bad: list[Rejected] = field(default_factory=list)
    warnings: Warnings = field(default_factory=dict)

    def warn(self, code: str, line: int) -> None:
        lines = self.warnings.setdefault(code, [])
        if line not in lines:
            lines.append(line)


@dataclass(frozen=True)
class Original:
    """A deposit that had rejected rows.

    `references` maps each line to its Référence and to whether the row was rejected for it.
    """

    references: Mapping[int, tuple[str, bool]]


def require_columns(sheet: Sheet, action: str, rules: AccountRules, mode: int | None) -> None:
    """Refuses a file that lacks the columns its action requires, or would change every triplet."""
    if action == "delete" and rules.dedup == "none":
        raise Refused("no_criterion")
    has = sheet.columns
    if action == "import" or (action == "delete" and rules.dedup == "triplet"):
        if not has & set(MEANS):
            raise Refused("missing_column", "no means of contact")
    elif action != "delete" and MEDIUM_MEANS[medium_of(action)] not in has:
        raise Refused("missing_column", MEDIUM_MEANS[medium_of(action)])
    if rules.dedup == "reference" and action in ("import", "delete") and "reference" not in has:
        raise Refused("missing_column", "no Référence")
    changes_triplets = action == "delete" or (action == "import" and mode == 3)
    if rules.dedup == "triplet" and changes_triplets and sheet.headers.untaken_means:
        raise Refused("untaken_means", "a header looks like a means of contact")


def sort_out(sheet: Sheet, action: str, rules: AccountRules, original: Original | None) -> Sorted:
    """The file's rows, valid and rejected. Raises `Refused` if none is valid."""
    result = Sorted(warnings=dict(sheet.warnings))
    result.bad += [Rejected(line, row, None, "ragged") for line, row in sheet.ragged]
    _warn_of_repeated(sheet, result)
    month_first = rules.date_order == "dmy" and any(
        only_month_first(row.get("birth_date", "")) for _, row in sheet.rows
    )
    for line, row in sheet.rows:
        values, invalid = _read_row(row, rules, action, month_first=month_first)
        error = _changed(sheet, line, row, original) or _error(values, invalid, row, action, rules)
        if error:
            result.bad.append(Rejected(line, row, *error))
            continue
        result.good.append((line, values))
        for column in invalid:
            dropped_by_order = column == "birth_date" and month_first and is_slashed(row[column])
            result.warn("month_first_dates" if dropped_by_order else f"invalid_{column}", line)
        if is_destroyed(row.get("reference", "")) and action == "import":
            result.warn("destroyed_reference", line)
    if not result.good:
        raise Refused("no_valid_row")
    return result


def _warn_of_repeated(sheet: Sheet, result: Sorted) -> None:
    seen: set[str] = set()
    for line, row in sorted([*sheet.rows, *sheet.ragged], key=lambda each: each[0]):
        reference = normal_reference(row.get("reference", ""))
        if reference in seen:
            result.warn("repeated_reference", line)
        if reference:
            seen.add(reference)


def _changed(sheet: Sheet, line: int, row: Row, original: Original | None) -> tuple[str, str] | None:
    """Whether a corrected row no longer has the Référence of its line in the original."""
    before = sheet.lines_before.get(line, "")
    if original is None or "reference" not in row or not before.isdecimal():
        return None
    reference, was_the_error = original.references.get(int(before), ("", True))
    if was_the_error or normal_reference(row["reference"]) == reference:
        return None
    return "reference", "changed_reference"


def _error(
    values: Contact, invalid: set[str], row: Row, action: str, rules: AccountRules
) -> tuple[str, str] | None:
    """The column and code of what makes a row invalid for this action; None for a valid row."""
    if action in ("import", "delete") and rules.dedup == "reference":
        reference = str(values.get("reference") or "")
        if not reference:
            return "reference", "missing_reference"
        if is_destroyed(reference):
            scientific = is_scientific_reference(reference)
            return "reference", "scientific_notation" if scientific else "error_value"
        if action == "delete":
            return None
        if len(reference) > REFERENCE_LIMIT:
            return "reference", "reference_too_long"
    if action in ("import", "delete"):
        wrong = [column for column in MEANS if column in invalid]
        if not any(values.get(column) for column in MEANS) or (action == "delete" and wrong):
            return (wrong[0], _invalid(wrong[0], row)) if wrong else ("email", "missing_means")
        return None
    means = MEDIUM_MEANS[medium_of(action)]
    if values.get(means) is not None:
        return None
    return means, _invalid(means, row) if means in invalid else f"missing_{means}"


def _invalid(column: str, row: Row) -> str:
    numeric = column in ("phone", "mobile")
    scientific = numeric and is_scientific(row.get(column, row.get(ANY_NUMBER, "")))
    return "scientific_notation" if scientific else f"invalid_{column}"


def _read_row(row: Row, rules: AccountRules, action: str, *, month_first: bool) -> tuple[Contact, set[str]]:
    """The row's values by column, and the columns whose value is invalid (absent from the values)."""
    values: Contact = {}
    invalid: set[str] = set()
    for name, cell in row.items():
        column, text = name, cell
        value: Value = text or None
        if action == "import" and column in (*MEANS, ANY_NUMBER):
            # Google writes several addresses or numbers in one cell like this; the first is the main one.
            text = text.split(" ::: ")[0]
        if text and column == "email":
            value = read_email(text)
        elif text and column in ("phone", "mobile", ANY_NUMBER):
            value = read_phone(text, rules)
        elif text and column == "birth_date":
            value = None if month_first and is_slashed(text) else read_date(text, rules.date_order)
        elif text and column == "reference":
            value = normal_reference(text)
        if column == ANY_NUMBER:
            if not text:
                continue
            column = "mobile" if value and is_mobile(str(value)) else "phone"
        if text and value is None:
            invalid.add(column)
        else:
            values[column] = value
    return values, invalid
