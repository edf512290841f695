"""Which rows are valid, how they are stored, and why the others are rejected (protocol 3, 4). Pure.

Rules examine whole columns. A cell that is filled but invalid becomes null and gets its bit in `kept`: it must
not overwrite the stored value, not even where blank cells clear it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from contactsync.domain.account import Account
from contactsync.domain.columns import FRENCH, KEPT_BITS, MEANS, Header
from contactsync.domain.deposit import Action
from contactsync.domain.errors import FileRefused
from contactsync.reading.cells import Mask
from contactsync.reading.values import dates, emails, phones
from contactsync.reading.verdict import Accepted, Reject, Verdict

MAX_REFERENCE_CHARACTERS = 255

TRIPLET_MARK = "|"
"""Joins the three means into one identity. No stored phone contains it, so two triplets never join alike."""


def check_header(header: Header, account: Account, action: Action) -> None:
    """Refuse a file that lacks the columns its action needs (protocol 2)."""
    if action.kind == "delete" and account.dedup == "none":
        raise FileRefused("no_criterion")
    if action.medium:
        if action.means not in header.positions:
            raise FileRefused("missing_column", {"column": FRENCH[action.means]})
        return
    lacks_reference = account.dedup == "reference" and "reference" not in header.positions
    by_means = action.kind == "import" or account.dedup == "triplet"
    lacks_means = by_means and not any(key in header.positions for key in MEANS)
    if lacks_means:
        variant = "reference_and_means" if lacks_reference else "means"
        raise FileRefused("missing_column", {"variant": variant, "column": FRENCH["reference"]})
    if lacks_reference:
        raise FileRefused("missing_column", {"column": FRENCH["reference"]})


def validate(frame: pd.DataFrame, account: Account, action: Action) -> Verdict:
    """Judge the rows of a batch's frame, whose cells are trimmed text or null."""
    cells = {key: _arrow(frame[key]) for key in frame.columns}
    if action.medium:
        return _validate_addresses(frame, cells, account, action.means)
    if action.kind == "delete":
        return _validate_identities(frame, cells, account)
    return _validate_contacts(frame, cells, account)


def _validate_contacts(frame: pd.DataFrame, cells: dict[str, pa.StringArray], account: Account) -> Verdict:
    stored, invalid = _normalise(cells, account)
    reference = (
        _validity(cells["reference"]) if account.dedup == "reference" else np.ones(len(frame), np.bool_)
    )
    too_long = _over_length(cells.get("reference")) if account.dedup == "reference" else ~reference
    reachable = _any(_validity(stored[key]) for key in MEANS if key in stored)
    rules: list[tuple[Mask, str | None, str]] = [
        (~reference, "reference", "missing_reference"),
        (too_long, "reference", "reference_too_long"),
        *((~reachable & mask, key, code) for key, code, mask in _faults(cells, invalid) if key in MEANS),
        (~reachable, None, "missing_means"),
    ]
    rejects, rejected = _first_fault(frame, rules)
    warnings = _count(_faults(cells, invalid), ~rejected)
    kept = np.zeros(len(frame), np.int16)
    for key, mask in invalid.items():
        kept[mask] |= KEPT_BITS[key]
    columns = {**cells, **stored}
    columns |= {"identity": _identity(columns, account), "kept": pa.array(kept)}
    accepted = _select(frame, columns, ~rejected)
    spared = (
        cells["reference"].filter(pa.array(rejected & reference))
        if account.dedup == "reference"
        else _NO_TEXT
    )
    return Verdict(accepted, rejects, warnings, spared)


def _validate_addresses(
    frame: pd.DataFrame, cells: dict[str, pa.StringArray], account: Account, means: str
) -> Verdict:
    only = {means: cells[means]}
    stored, invalid = _normalise(only, account)
    rules: list[tuple[Mask, str | None, str]] = [
        (~_validity(cells[means]), means, f"missing_{means}"),
        *((mask, key, code) for key, code, mask in _faults(only, invalid)),
    ]
    rejects, rejected = _first_fault(frame, rules)
    return Verdict(_select(frame, {"key": stored[means]}, ~rejected), rejects, Counter(), _NO_TEXT)


def _validate_identities(frame: pd.DataFrame, cells: dict[str, pa.StringArray], account: Account) -> Verdict:
    if account.dedup == "reference":
        rules: list[tuple[Mask, str | None, str]] = [
            (~_validity(cells["reference"]), "reference", "missing_reference")
        ]
        stored: Mapping[str, pa.StringArray] = cells
    else:
        means = {key: cells[key] for key in MEANS if key in cells}
        stored, invalid = _normalise(means, account)
        rules = [
            *((mask, key, code) for key, code, mask in _faults(means, invalid)),
            (~_any(_validity(column) for column in stored.values()), None, "missing_means"),
        ]
    rejects, rejected = _first_fault(frame, rules)
    return Verdict(
        _select(frame, {"key": _identity(stored, account)}, ~rejected), rejects, Counter(), _NO_TEXT
    )


def _normalise(
    cells: Mapping[str, pa.StringArray], account: Account
) -> tuple[dict[str, pa.StringArray], dict[str, Mask]]:
    """The columns that have a rule, in their stored form, and which of their cells are filled but invalid."""
    stored: dict[str, pa.StringArray] = {}
    if "email" in cells:
        stored["email"] = emails.normalise(cells["email"])
    if numbers := [key for key in ("phone", "mobile") if key in cells]:
        # Both have the same rule. One column means half the calls, which a small file notices.
        both = pa.concat_arrays([cells[key] for key in numbers])
        answers = phones.normalise(both, account.region, account.phone_check)
        length = len(cells[numbers[0]])
        stored |= {key: answers.slice(n * length, length) for n, key in enumerate(numbers)}
    if "birth_date" in cells:
        stored["birth_date"] = dates.normalise(cells["birth_date"])
    return stored, {key: _validity(cells[key]) & ~_validity(column) for key, column in stored.items()}


def _faults(cells: Mapping[str, pa.StringArray], invalid: Mapping[str, Mask]) -> list[tuple[str, str, Mask]]:
    """The invalid cells as (column, code, mask). Numbers that a spreadsheet shortened have their own code."""
    faults = []
    for key, mask in invalid.items():
        shortened = np.zeros_like(mask)
        if key in ("phone", "mobile") and mask.any():
            scientific = pc.fill_null(phones.is_scientific(cells[key]), fill_value=False)
            shortened = mask & scientific.to_numpy(zero_copy_only=False)
            faults.append((key, "scientific_notation", shortened))
        faults.append((key, f"invalid_{key}", mask & ~shortened))
    return faults


def _first_fault(
    frame: pd.DataFrame, rules: list[tuple[Mask, str | None, str]]
) -> tuple[tuple[Reject, ...], Mask]:
    """The rejected rows in the order of the file, each with the first rule that it breaks, and their mask."""
    rejected = np.zeros(len(frame), np.bool_)
    rejects: list[Reject] = []
    index = frame.index.to_numpy()
    for mask, key, code in rules:
        header = FRENCH[key] if key else None
        rejects += [Reject(int(place), header, code) for place in index[mask & ~rejected]]
        rejected |= mask
    return tuple(sorted(rejects, key=lambda reject: reject.place)), rejected


def _count(faults: list[tuple[str, str, Mask]], among: Mask) -> Counter[str]:
    counted: Counter[str] = Counter()
    for _, code, mask in faults:
        counted[code] += int((mask & among).sum())
    return +counted


def _identity(stored: Mapping[str, pa.StringArray], account: Account) -> pa.StringArray:
    """The text by which a row finds its contact; null under `none`, where it never does (protocol 3)."""
    length = len(next(iter(stored.values())))
    if account.dedup == "none":
        return pa.nulls(length, pa.string())
    if account.dedup == "reference":
        return stored["reference"]
    blank = pa.array([""] * length, pa.string()) if len(stored.keys() & set(MEANS)) < len(MEANS) else None
    parts = [pc.fill_null(stored[key], "") if key in stored else blank for key in MEANS]
    return pc.binary_join_element_wise(*parts, TRIPLET_MARK)


def _select(frame: pd.DataFrame, columns: Mapping[str, pa.Array], wanted: Mask) -> Accepted:
    places = frame.index.to_numpy()
    if wanted.all():
        return Accepted(places, columns)
    mask = pa.array(wanted)
    return Accepted(places[wanted], {name: column.filter(mask) for name, column in columns.items()})


def _arrow(series: pd.Series) -> pa.StringArray:
    return pa.chunked_array(series.array.__arrow_array__()).combine_chunks()


def _validity(column: pa.Array) -> Mask:
    return column.is_valid().to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]  # pyarrow is untyped


def _over_length(column: pa.StringArray | None) -> Mask:
    lengths = pc.fill_null(pc.utf8_length(column), 0)
    return pc.greater(lengths, MAX_REFERENCE_CHARACTERS).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]  # pyarrow is untyped


def _any(masks: object) -> Mask:
    return np.logical_or.reduce(list(masks))  # type: ignore[call-overload, no-any-return]  # masks is an iterable of them


_NO_TEXT = pa.array([], pa.string())
