"""Applies a rule for one value to a whole column. Pure."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa


def map_distinct(column: pa.StringArray, rule: Callable[[str], str | None]) -> pa.StringArray:
    """The result of `rule` for each value; it is called once per distinct value, and null stays null."""
    coded = column.dictionary_encode()
    answers = pa.array([rule(value) for value in coded.dictionary.to_pylist()], pa.string())
    return answers.take(coded.indices)
