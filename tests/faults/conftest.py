"""Databases and subjects for the tests that inject faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults import kill_points, scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def injection() -> None:
    """Skips where faults cannot be injected."""
    if reason := kill_points.why_not():
        pytest.skip(reason)


@pytest.fixture
def run(tmp_path: Path, database_url: str) -> Iterator[scene.Run]:
    """A program with a root and a database of its own, which the test starts."""
    program = scene.Run(tmp_path / "run", database_url)
    try:
        yield program
    finally:
        program.__exit__()
