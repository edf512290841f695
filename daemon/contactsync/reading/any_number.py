"""Splits a column of numbers of any type into mobiles and others (protocol 2, `headers = known`). Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from contactsync.domain.account import Account
from contactsync.domain.columns import KEPT_BITS
from contactsync.reading.table import Table
from contactsync.reading.values import phones
from contactsync.reading.values.number_types import can_be_mobile
from contactsync.reading.verdict import Accepted


@dataclass(frozen=True, slots=True)
class Split:
    """A table whose `phone` and `mobile` no longer share their cells.

    `absent` has the bits of `kept` for the columns that each row does not fill: they keep their stored value.
    """

    table: Table
    absent: npt.NDArray[np.int16]

    def keep(self, accepted: Accepted) -> Accepted:
        """The accepted rows of an import, with the columns that they do not fill marked as kept."""
        if "kept" not in accepted.columns:
            return accepted
        at = np.searchsorted(self.table.places, accepted.places)
        kept = accepted.columns["kept"].to_numpy(zero_copy_only=False) | self.absent[at]
        return Accepted(accepted.places, {**accepted.columns, "kept": pa.array(kept)})


def split(table: Table, account: Account) -> Split:
    """Give each number to the column of its type: mobiles, and numbers that may be of either type, to `mobile`.

    What is not a number stays in `phone`.
    """
    cells = table.columns["mobile"]
    numbers = phones.normalise(cells, account.region, account.phone_check)
    is_mobile = can_be_mobile(numbers)
    blank = pa.scalar(None, pa.string())
    columns = {"mobile": pc.if_else(is_mobile, cells, blank), "phone": pc.if_else(is_mobile, blank, cells)}
    absent = sum(
        column.is_null().to_numpy(zero_copy_only=False) * np.int16(KEPT_BITS[key])
        for key, column in columns.items()
    )
    return Split(table.with_columns(columns), np.asarray(absent, np.int16))
