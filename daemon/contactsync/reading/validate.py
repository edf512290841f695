"""Which rows are valid, how they are stored, and why the others are rejected (protocol 3, 4). Pure.

Rules examine whole columns. A cell that is filled but invalid becomes null and gets its bit in `kept`: it must
not overwrite the stored value, not even where blank cells clear it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from contactsync.domain.account import Account
from contactsync.domain.columns import FRENCH, KEPT_BITS, MEANS
from contactsync.domain.deposit import Action, Mode
from contactsync.domain.errors import FileRefused
from contactsync.domain.headers.match import Header
from contactsync.reading.cells import Mask
from contactsync.reading.faults import as_mask, destroyed_references, faults_of, first_fault
from contactsync.reading.table import Table
from contactsync.reading.values import dates, emails, phones, references
from contactsync.reading.verdict import Accepted, Verdict

MAX_REFERENCE_CHARACTERS = 255

_STORED_REFERENCE = {"scientific_notation": "scientific_notation in_reference"}

TRIPLET_MARK = "|"
"""Joins the three means into one identity. No stored phone contains it, so two triplets never join alike."""


def check_header(header: Header, account: Account, action: Action) -> None:
    """Refuse a file that lacks the columns its action needs (protocol 2)."""
    if action.kind == "delete" and account.dedup == "none":
        raise FileRefused("no_criterion")
    if action.medium:
        if action.means not in header.positions:
            raise FileRefused("missing_column", {"column": FRENCH[action.means], "unknown": header.unknown})
        return
    lacks_reference = account.dedup == "reference" and "reference" not in header.positions
    by_means = action.kind == "import" or account.dedup == "triplet"
    lacks_means = by_means and not any(key in header.positions for key in MEANS)
    if lacks_means:
        variant = "reference_and_means" if lacks_reference else "means"
        details = {"variant": variant, "column": FRENCH["reference"], "unknown": header.unknown}
        raise FileRefused("missing_column", details)
    if lacks_reference:
        raise FileRefused("missing_column", {"column": FRENCH["reference"], "unknown": header.unknown})


def check_triplets(header: Header, account: Account, action: Action, mode: Mode | None) -> None:
    """Refuse a file that removes contacts by a triplet while a header that looks like a means was not taken.

    Without that means each triplet would be another one (protocol 2).
    """
    removes = action.kind == "delete" or mode is Mode.SYNC
    if account.dedup == "triplet" and removes and header.untaken_means:
        name, key = header.untaken_means[0]
        raise FileRefused("means_not_recognised", {"header": name, "column": FRENCH[key]})


def validate(table: Table, account: Account, action: Action, *, month_first: bool = False) -> Verdict:
    """Judge the rows of a batch, whose cells are trimmed text or null, without their guards.

    With `month_first`, another date of the file is only possible with the month first: no slashed date counts.
    """
    cells = dict(table.columns)
    if "reference" in cells:
        cells["reference"] = references.normalise(cells["reference"])
    if action.medium:
        return _validate_addresses(table, cells, account, action.means)
    if action.kind == "delete":
        return _validate_identities(table, cells, account)
    return _validate_contacts(table, cells, account, month_first=month_first)


def _validate_contacts(
    table: Table, cells: dict[str, pa.StringArray], account: Account, *, month_first: bool
) -> Verdict:
    stored, invalid = _normalise(cells, account)
    slashed = np.zeros(len(table), np.bool_)
    if month_first and "birth_date" in cells:
        slashed = as_mask(dates.is_slashed(cells["birth_date"]))
        stored["birth_date"] = pc.if_else(
            pa.array(slashed), pa.scalar(None, pa.string()), stored["birth_date"]
        )
        invalid["birth_date"] |= slashed
    by_reference = account.dedup == "reference"
    reference = _validity(cells["reference"]) if by_reference else np.ones(len(table), np.bool_)
    too_long = _over_length(cells.get("reference")) if by_reference else ~reference
    destroyed = destroyed_references(cells)
    faults = faults_of(cells, invalid)
    reachable = _any(_validity(stored[key]) for key in MEANS if key in stored)
    rules: list[tuple[Mask, str | None, str]] = [
        (~reference, "reference", "missing_reference"),
        (too_long, "reference", "reference_too_long"),
        *((mask, "reference", code) for code, mask in destroyed.items() if by_reference),
        *((~reachable & mask, key, code) for key, code, mask in faults if key in MEANS),
        (~reachable, None, "missing_means"),
    ]
    rejects, rejected = first_fault(table, rules, account.region)
    found = [(code, mask & ~slashed if key == "birth_date" else mask) for key, code, mask in faults]
    found.append(("month_first_dates", slashed))
    if not by_reference:
        found += [(_STORED_REFERENCE.get(code, code), mask) for code, mask in destroyed.items()]
    kept = np.zeros(len(table), np.int16)
    for key, mask in invalid.items():
        kept[mask] |= KEPT_BITS[key]
    columns = {**cells, **stored}
    columns |= {"identity": _identity(columns, account), "kept": pa.array(kept)}
    accepted = _select(table, columns, ~rejected)
    spared = cells["reference"].filter(pa.array(rejected & reference)) if by_reference else _NO_TEXT
    broken = _any(destroyed.values()) if by_reference and destroyed else np.zeros(len(table), np.bool_)
    return Verdict(
        accepted,
        rejects,
        spared,
        _places(table, found, ~rejected),
        _filled(cells, ~rejected),
        {key: int((mask & ~rejected).sum()) for key, mask in invalid.items()},
        table.places[broken],
    )


def _validate_addresses(
    table: Table, cells: dict[str, pa.StringArray], account: Account, means: str
) -> Verdict:
    only = {means: cells[means]}
    stored, invalid = _normalise(only, account)
    rules: list[tuple[Mask, str | None, str]] = [
        (~_validity(cells[means]), means, f"missing_{means}"),
        *((mask, key, code) for key, code, mask in faults_of(only, invalid)),
    ]
    rejects, rejected = first_fault(table, rules, account.region)
    return Verdict(_select(table, {"key": stored[means]}, ~rejected), rejects, _NO_TEXT)


def _validate_identities(table: Table, cells: dict[str, pa.StringArray], account: Account) -> Verdict:
    if account.dedup == "reference":
        rules: list[tuple[Mask, str | None, str]] = [
            (~_validity(cells["reference"]), "reference", "missing_reference"),
            *((mask, "reference", code) for code, mask in destroyed_references(cells).items()),
        ]
        stored: Mapping[str, pa.StringArray] = cells
    else:
        means = {key: cells[key] for key in MEANS if key in cells}
        stored, invalid = _normalise(means, account)
        rules = [
            *((mask, key, code) for key, code, mask in faults_of(means, invalid)),
            (~_any(_validity(column) for column in stored.values()), None, "missing_means"),
        ]
    rejects, rejected = first_fault(table, rules, account.region)
    return Verdict(_select(table, {"key": _identity(stored, account)}, ~rejected), rejects, _NO_TEXT)


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
        stored["birth_date"] = dates.normalise(cells["birth_date"], account.date_order)
    return stored, {key: _validity(cells[key]) & ~_validity(column) for key, column in stored.items()}


def _filled(cells: Mapping[str, pa.StringArray], among: Mask) -> dict[str, int]:
    means = [key for key in MEANS if key in cells]
    if among.all():
        return {key: len(cells[key]) - cells[key].null_count for key in means}
    return {key: int((_validity(cells[key]) & among).sum()) for key in means}


def _places(table: Table, found: list[tuple[str, Mask]], among: Mask) -> dict[str, npt.NDArray[np.int64]]:
    """The places of the rows behind each warning, in the order of the file; a row counts once per cell."""
    places: dict[str, npt.NDArray[np.int64]] = {}
    index = table.places
    for code, mask in found:
        if (mask & among).any():
            before = places.get(code, index[:0])
            places[code] = np.sort(np.concatenate((before, index[mask & among])))
    return places


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


def _select(table: Table, columns: Mapping[str, pa.Array], wanted: Mask) -> Accepted:
    places = table.places
    if wanted.all():
        return Accepted(places, columns)
    mask = pa.array(wanted)
    return Accepted(places[wanted], {name: column.filter(mask) for name, column in columns.items()})


def _validity(column: pa.Array) -> Mask:
    return column.is_valid().to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]  # pyarrow is untyped


def _over_length(column: pa.StringArray | None) -> Mask:
    lengths = pc.fill_null(pc.utf8_length(column), 0)
    return pc.greater(lengths, MAX_REFERENCE_CHARACTERS).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]  # pyarrow is untyped


def _any(masks: object) -> Mask:
    return np.logical_or.reduce(list(masks))  # type: ignore[call-overload, no-any-return]  # masks is an iterable of them


_NO_TEXT = pa.array([], pa.string())
