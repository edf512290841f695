"""What validation decides about a batch: the rows to apply, the rows to reject, the warnings. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is not applied: its place in the batch's rows, the French header to look at, and why.

    `variant` chooses the sentence, as in `row_errors.ERRORS`.
    """

    place: int
    column: str | None
    code: str
    variant: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The rows to apply: their places in the batch's rows, and their stored columns, one value per row.

    For an import, `columns` has the file's columns, `identity` and `kept`. For opt-out and opt-in it has only
    `key`, the address; for delete only `key`, the identity.
    """

    places: npt.NDArray[np.int64]
    columns: Mapping[str, pa.Array]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The rules' decision on a batch.

    `warnings` has the places of the rows behind each warning, by its key (see `findings.Findings`), `given` how many
    cells of each means of contact the accepted rows fill, `dropped` how many values of a column are dropped, `broken` the places of rejected rows with a destroyed
    Référence. `spared` are the references of rejected rows: mode 3 leaves their contacts in the list.
    """

    accepted: Accepted
    rejects: tuple[Reject, ...]
    spared: pa.StringArray
    warnings: Mapping[str, npt.NDArray[np.int64]] = field(default_factory=dict)
    given: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)
    broken: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
