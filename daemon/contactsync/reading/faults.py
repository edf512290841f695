"""Which cells are at fault, and by which code: typing errors, and what a spreadsheet made of a value. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

from contactsync.domain.columns import FRENCH
from contactsync.reading.cells import Mask
from contactsync.reading.table import Table
from contactsync.reading.values import phones, plain_numbers, references
from contactsync.reading.verdict import Reject

_CHANGED_NUMBERS = {"scientific_notation": phones.is_scientific, "decimal_number": plain_numbers.is_decimal}
_OF_NUMBERS = ("invalid_phone", "invalid_mobile")
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


def first_fault(
    table: Table, rules: Iterable[tuple[Mask, str | None, str]], region: str
) -> tuple[tuple[Reject, ...], Mask]:
    """The rejected rows in the order of the file, each with the first rule that it breaks, and their mask."""
    rejected = np.zeros(len(table), np.bool_)
    rejects: list[Reject] = []
    index = table.places
    for mask, key, code in rules:
        header = FRENCH[key] if key else None
        new = mask & ~rejected
        if key and code in _OF_NUMBERS and new.any():
            variants = [
                "foreign" if _is_foreign(number, region) else ""
                for number in table.columns[key].filter(pa.array(new)).to_pylist()
            ]
            rejects += [
                Reject(int(place), header, code, variant)
                for place, variant in zip(index[new], variants, strict=True)
            ]
        else:
            rejects += [Reject(int(place), header, code) for place in index[new]]
        rejected |= mask
    return tuple(sorted(rejects, key=lambda reject: reject.place)), rejected


def _is_foreign(number: str, region: str) -> bool:
    """Whether an invalid number was written as one of another country than the account's."""
    digits = number.strip(" (").removeprefix("+" if "+" in number[:2] else "00")
    international = digits != number.strip(" (")
    own = str(phonenumbers.country_code_for_region(region))
    return international and not digits.strip(" ()").startswith(own)


def as_mask(column: pa.BooleanArray) -> Mask:
    """A column of yes and no as a mask; null counts as no."""
    return pc.fill_null(column, fill_value=False).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]  # pyarrow is untyped
