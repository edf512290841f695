"""The bytes of a column of texts: a look at them shows whether a costly rule has anything to do. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_NO_TEXT, _NO_BYTES = np.zeros(1, np.int32), np.zeros(0, np.uint8)


def pieces(column: pa.StringArray) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Where each text begins and ends in the bytes of the column, and these bytes; nothing is copied."""
    _, places, data = column.buffers()
    offsets = np.frombuffer(places, np.int32)[column.offset :][: len(column) + 1] if len(column) else _NO_TEXT
    low, high = int(offsets[0]), int(offsets[-1])
    return offsets - offsets[0], np.frombuffer(data, np.uint8)[low:high] if high > low else _NO_BYTES


def joined(column: pa.StringArray) -> bytes:
    """The texts of the column, one after the other.

    Copying a MB takes 0.05 ms, and looking for a byte in it as long. A pattern takes 10 ms.
    """
    return pieces(column)[1].tobytes()


def ends(column: pa.StringArray, length: int) -> pa.StringArray:
    """The last bytes of each text, a fifth of the time that characters take.

    The text must end in ASCII there; nothing may read the end of one that does not.
    """
    return pc.binary_slice(column.view(pa.binary()), -length).view(pa.string())


def prefixed(prefix: str, column: pa.StringArray) -> pa.StringArray:
    """Each text behind the prefix, a quarter of the time that joining them takes; null stays null."""
    return pc.binary_replace_slice(column.view(pa.binary()), 0, 0, prefix.encode()).view(pa.string())
