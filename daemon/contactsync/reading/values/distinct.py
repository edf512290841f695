"""A rule of one value, for a whole column. Pure."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa


def map_distinct(column: pa.StringArray, rule: Callable[[str], str | None]) -> pa.StringArray:
    """What `rule` says of each value, asked once for each distinct one; null stays null."""
    coded = column.dictionary_encode()
    answers = pa.array([rule(value) for value in coded.dictionary.to_pylist()], pa.string())
    return answers.take(coded.indices)
