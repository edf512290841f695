"""Reads whole deposits, or catches why they are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from contactsync.domain.errors import FileRefused
from contactsync.reading.container import open_content

LIMIT = 1 << 24

Read: TypeAlias = Callable[..., bytes]
Refusal: TypeAlias = Callable[..., FileRefused]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads the CSV of a deposit with these bytes."""

    def go(data: bytes, limit: int = LIMIT) -> bytes:
        path = tmp_path / "deposit"
        path.write_bytes(data)
        return b"".join(open_content(path, max_inflated_bytes=limit).chunks())

    return go


@pytest.fixture
def refusal(read: Read) -> Callable[..., FileRefused]:
    """Why a deposit is refused."""

    def go(data: bytes, limit: int = LIMIT) -> FileRefused:
        with pytest.raises(FileRefused) as caught:
            read(data, limit)
        return caught.value

    return go
