"""Which cells are at fault, and by which code: typing errors, and what a spreadsheet made of a value. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from contactsync.reading.cells import Mask
from contactsync.reading.values import phones, plain_numbers, references

_CHANGED_NUMBERS = {"scientific_notation": phones.is_scientific, "decimal_number": plain_numbers.is_decimal}
_DESTROYED = {"scientific_notation": references.is_scientific, "spreadsheet_error": references.is_error}


def faults_of(
    cells: Mapping[str, pa.StringArray], invalid: Mapping[str, Mask]
) -> list[tuple[str, str, Mask]]:
    """The invalid cells as (column, code, mask). Numbers that a spreadsheet changed have their own codes."""
    faults = []
    for key, mask in invalid.items():
        left = mask
        if key in ("phone", "mobile") and mask.any():
            for code, rule in _CHANGED_NUMBERS.items():
                changed = mask & as_mask(rule(cells[key]))
                faults.append((key, code, changed))
                left = left & ~changed
        faults.append((key, f"invalid_{key}", left))
    return faults


def destroyed_references(cells: Mapping[str, pa.StringArray]) -> dict[str, Mask]:
    """The rows whose Référence a spreadsheet has destroyed, by code; empty if there are none."""
    if "reference" not in cells:
        return {}
    masks = {code: as_mask(rule(cells["reference"])) for code, rule in _DESTROYED.items()}
    return {code: mask for code, mask in masks.items() if mask.any()}


def as_mask(column: pa.BooleanArray) -> Mask:
    """A column of yes and no as a mask; null counts as no."""
    return pc.fill_null(column, fill_value=False).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]  # pyarrow is untyped
