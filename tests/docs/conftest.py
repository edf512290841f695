"""A folder for scripts that become other users."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


@pytest.fixture
def work() -> Iterator[Path]:
    """A folder that every user may enter, unlike tmp_path."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)
