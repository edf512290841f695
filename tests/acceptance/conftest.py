"""Daemons and FTP servers that a whole test file shares: each test then works in accounts of its own."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.ftp import FtpServer
from tests.acceptance.program import SETTLE_SECONDS, Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Databases


@pytest.fixture(scope="session")
def ftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FtpServer]:
    """An FTP server whose root holds every test's folders."""
    with FtpServer(tmp_path_factory.getbasetemp()) as server:
        yield server


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Program]:
    """A running daemon that waits for the end of uploads, two minutes for what does not look whole."""
    waits = {"settle_seconds": SETTLE_SECONDS, "grace_seconds": 120, "rescan_seconds": 0.3}
    folder = tmp_path_factory.mktemp("patient")
    with databases() as url, closing(Program(folder, url, **waits)) as program, program:
        yield program


@pytest.fixture
def down(tmp_path: Path, database_url: str) -> Iterator[Program]:
    """A program that the test starts itself."""
    with closing(Program(tmp_path / "down", database_url)) as program:
        yield program
