"""What a cell holds once a spreadsheet's additions are removed, and e-mail addresses (protocol 2 and 3)."""

from __future__ import annotations

import re

from email_validator import EmailNotValidError, validate_email

from .phones import read_phone
from .values import AccountRules, trim

FORMULA_STARTS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"


def clean_cell(text: str, column: str, rules: AccountRules) -> str:
    """The value of a trimmed cell: `="…"` and an apostrophe before it are the spreadsheet's."""
    if found := re.fullmatch(r'="([^"]*)"', text):
        text = trim(found[1])
    if text.startswith("'") and _is_guard(text[1:], column, rules):
        text = trim(text[1:])
    return text


def _is_guard(rest: str, column: str, rules: AccountRules) -> bool:
    """Whether the apostrophe before `rest` protects it from a spreadsheet."""
    if rest[:1] and rest[0] in FORMULA_STARTS:
        return True
    if column == "email":
        return read_email(trim(rest)) is not None
    if column in ("phone", "mobile", "fax", "any_number"):
        return read_phone(trim(rest), rules) is not None
    return column in ("reference", "postal_code") and rest[:1].isdecimal()


def read_email(text: str) -> str | None:
    """The address as it is stored, or None if it is not valid."""
    try:
        return validate_email(text, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        return None
