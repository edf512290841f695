"""Reads plain dates, `27/4/2015` and `27.04.2015`, a whole column at a time: digits as numbers (protocol 3). Pure.

`dates.normalise_one` takes 8 µs for a date, and a big file has tens of thousands of distinct ones.
`tests/unit/reading/values/test_dates.py` compares the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from contactsync.reading.values import texts

if TYPE_CHECKING:
    from contactsync.domain.account import DateOrder

_PLAIN = "|".join(f"[0-9]{{1,2}}{mark}[0-9]{{1,2}}{mark}[0-9]{{4}}" for mark in ("/", "-", r"\."))
_STORED = np.frombuffer(b"YYYY-MM-DD", np.uint8)

_DAYS = np.array([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_FEBRUARY, _DECEMBER = 2, 12
_ZERO = ord("0")


def read(column: pa.StringArray, order: DateOrder) -> tuple[pa.StringArray, pa.BooleanArray]:
    """The plain dates that exist as `YYYY-MM-DD`, and which other texts are left to judge."""
    plain = pc.match_substring_regex(column, f"^(?:{_PLAIN})$")
    is_plain = pc.fill_null(plain, fill_value=False).to_numpy(zero_copy_only=False)
    left = pc.fill_null(pc.invert(plain), fill_value=False)
    offsets, data = texts.pieces(column)
    first, second, year = _numbers(data, offsets[:-1][is_plain], offsets[1:][is_plain])
    if order == "mdy":
        slashed = data[offsets[1:][is_plain] - 5] == ord("/")
        first, second = np.where(slashed, second, first), np.where(slashed, first, second)
    exists = _exist(first, second, year)
    valid = is_plain.copy()
    valid[is_plain] = exists
    found = _texts(first[exists], second[exists], year[exists])
    places = np.zeros(len(column) + 1, np.int32)
    np.cumsum(valid * np.int32(len(_STORED)), out=places[1:])
    nulls = pa.py_buffer(np.packbits(valid, bitorder="little"))
    return pa.StringArray.from_buffers(len(column), pa.py_buffer(places), pa.py_buffer(found), nulls), left


def _numbers(
    data: npt.NDArray[np.uint8], begins: npt.NDArray[np.int32], ends: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """The three numbers of the texts between these places, which have 8 to 10 characters."""

    def digit(places: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        return data[places].astype(np.int32) - _ZERO

    year = digit(ends - 4) * 1000 + digit(ends - 3) * 100 + digit(ends - 2) * 10 + digit(ends - 1)
    # What stands before the second number: its first digit, or the mark, which is less than any digit.
    tens = digit(ends - 7)
    long = tens >= 0
    second = digit(ends - 6) + np.where(long, tens, 0) * 10
    mark = ends - 7 - long
    first = digit(mark - 1) + np.where(mark - begins > 1, digit(begins), 0) * 10
    return first, second, year


def _exist(
    day: npt.NDArray[np.int32], month: npt.NDArray[np.int32], year: npt.NDArray[np.int32]
) -> npt.NDArray[np.bool_]:
    """Whether the days are in the Gregorian calendar, in the years 1 to 9999."""
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    real = (month >= 1) & (month <= _DECEMBER)
    possible: npt.NDArray[np.bool_] = real & (day >= 1) & (day <= _DAYS[np.where(real, month, 0)])
    possible &= (year >= 1) & (leap | (month != _FEBRUARY) | (day < 29))  # noqa: PLR2004 - 29 February
    return possible


def _texts(
    day: npt.NDArray[np.int32], month: npt.NDArray[np.int32], year: npt.NDArray[np.int32]
) -> npt.NDArray[np.uint8]:
    """The bytes of `YYYY-MM-DD`, one row for each date."""
    rows = np.repeat(_STORED[np.newaxis], len(day), axis=0)
    for place, number, power in (
        *((place, year, power) for place, power in enumerate((1000, 100, 10, 1))),
        *((5, month, 10), (6, month, 1), (8, day, 10), (9, day, 1)),
    ):
        rows[:, place] = number // power % 10 + _ZERO
    return rows
