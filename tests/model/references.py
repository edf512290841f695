"""The Référence of a row as a key (protocol 3)."""

from __future__ import annotations

import re
import unicodedata

# Spreadsheets write one digit before the point and at least two in the exponent; `0E5` is a Référence.
SCIENTIFIC = re.compile(r"[+-]?[0-9](?:[.,][0-9]+)?E[+-][0-9]{2,3}", re.IGNORECASE)
ERRORS = frozenset(
    {
        "#N/A", "#REF!", "#VALUE!", "#VALEUR!", "#NAME?", "#NOM?", "#DIV/0!", "#NUM!", "#NOMBRE!", "#NULL!",
        "#NUL!", "#NV", "#WERT!", "#BEZUG!", "#ZAHL!",
    }
)  # fmt: skip


def normal_reference(text: str) -> str:
    """The Référence as it is stored and compared: in Unicode's normal form C."""
    return unicodedata.normalize("NFC", text)


def is_destroyed(reference: str) -> bool:
    """Whether a spreadsheet has replaced the digits of the Référence."""
    return is_scientific(reference) or reference.upper() in ERRORS


def is_scientific(reference: str) -> bool:
    """Whether the Référence is in a spreadsheet's scientific notation."""
    return SCIENTIFIC.fullmatch(reference) is not None
