"""What lies in `ok/` and `ko/`: a deposit, its result files beside it, each found by the deposit's claimed name."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress

RESULT, REJECTED = b".result.json", b".rejected.csv"


def result_names(claimed: bytes) -> tuple[bytes, bytes]:
    """The names that a deposit's result files may have."""
    return claimed + REJECTED, claimed + RESULT


def lies_in(folder: int, name: bytes) -> bool:
    """Whether there is anything of that name."""
    try:
        os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    return True


def remove(folder: int, claimed: bytes, spared: Collection[bytes]) -> int:
    """Remove a deposit, its results first; returns the bytes. A folder in its place is not ours, and stays."""
    return remove_results(folder, claimed, spared) + _remove(folder, claimed)


def remove_results(folder: int, claimed: bytes, spared: Collection[bytes]) -> int:
    """Remove the result files of a deposit; returns their bytes.

    `spared` are names of deposits: an upload may be called `x.rejected.csv`, and have come in the second of `x`.
    """
    return sum(_remove(folder, name) for name in result_names(claimed) if name not in spared)


def _remove(folder: int, name: bytes) -> int:
    with suppress(FileNotFoundError, IsADirectoryError):
        size = os.lstat(name, dir_fd=folder).st_size
        os.unlink(name, dir_fd=folder)
        return size
    return 0
