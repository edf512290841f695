"""Which rows are valid for an action, and what their cells become (protocol 2 to 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .reading import Refused, Sheet
from .values import (
    MEANS,
    MEDIUM_MEANS,
    REFERENCE_LIMIT,
    AccountRules,
    Value,
    read_date,
    read_email,
    read_phone,
)

if TYPE_CHECKING:
    from collections.abc import Callable

Contact = dict[str, Value]
Row = dict[str, str]


def require_columns(sheet: Sheet, action: str, rules: AccountRules) -> None:
    """Refuses a file that lacks the columns its action asks for."""
    if action == "delete" and rules.dedup == "none":
        raise Refused("delete without a criterion")
    has = set(sheet.columns)
    if action == "import" or (action == "delete" and rules.dedup == "triplet"):
        if not has & set(MEANS):
            raise Refused("no means of contact among the columns")
    elif action != "delete" and MEDIUM_MEANS[action.removeprefix("optout").removeprefix("optin")] not in has:
        raise Refused("the medium's means is not among the columns")
    if rules.dedup == "reference" and action in ("import", "delete") and "reference" not in has:
        raise Refused("no Référence among the columns")


def sort_out(
    sheet: Sheet, action: str, rules: AccountRules
) -> tuple[list[tuple[int, Contact]], list[tuple[int, Row]]]:
    """Valid rows as values (invalid ones are left out, blank ones None), and rejected rows as they were."""
    asks = _question(action, rules)
    good: list[tuple[int, Contact]] = []
    bad = list(sheet.ragged)
    for line, row in sheet.rows:
        values, invalid = _read_row(row, rules)
        if asks(values, invalid):
            good.append((line, values))
        else:
            bad.append((line, row))
    if not good:
        raise Refused("no valid row")
    return good, bad


def _question(action: str, rules: AccountRules) -> Callable[[Contact, set[str]], bool]:
    """What makes a row valid for this action."""
    if action == "import":
        return lambda row, _: (
            any(row.get(m) for m in MEANS)
            and (rules.dedup != "reference" or 0 < len(str(row["reference"] or "")) <= REFERENCE_LIMIT)
        )
    if action == "delete" and rules.dedup == "reference":
        return lambda row, _: row["reference"] is not None
    if action == "delete":
        return lambda row, invalid: any(row.get(m) for m in MEANS) and not invalid & set(MEANS)
    means = MEDIUM_MEANS[action.removeprefix("optout").removeprefix("optin")]
    return lambda row, _: row.get(means) is not None


def _read_row(row: Row, rules: AccountRules) -> tuple[Contact, set[str]]:
    """The row's values by column, and the columns whose value is invalid (absent from the values)."""
    values: Contact = {}
    invalid: set[str] = set()
    for column, text in row.items():
        value: Value = text or None
        if text and column == "email":
            value = read_email(text)
        elif text and column in ("phone", "mobile"):
            value = read_phone(text, rules)
        elif text and column == "birth_date":
            value = read_date(text)
        if text and value is None:
            invalid.add(column)
        else:
            values[column] = value
    return values, invalid
