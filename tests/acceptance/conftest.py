"""Daemons and FTP servers that a whole test file shares: each test then works in accounts of its own."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.crowd import add_crowd
from tests.acceptance.ftp import FtpServer
from tests.acceptance.program import SETTLE_SECONDS, Program
from tests.acceptance.service import run_as_service
from tests.acceptance.systemd import Systemd
from tests.acceptance.watched import Watched

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
    """A running daemon that waits for the end of uploads, and an hour for a file that looks incomplete."""
    waits = {"settle_seconds": SETTLE_SECONDS, "grace_seconds": 3600, "rescan_seconds": 0.3}
    folder = tmp_path_factory.mktemp("patient")
    with databases() as url, closing(Program(folder, url, **waits)) as program, program:
        yield program


@pytest.fixture
def down(tmp_path: Path, database_url: str) -> Iterator[Program]:
    """A program that the test starts itself."""
    with closing(Program(tmp_path / "down", database_url)) as program:
        yield program


@pytest.fixture
def waiting(tmp_path: Path, database_url: str) -> Iterator[Program]:
    """A program that waits an hour for the rest of a file that looks incomplete."""
    program = Program(
        tmp_path / "p", database_url, settle_seconds=0.2, grace_seconds=3600, rescan_seconds=0.3
    )
    yield program
    program.close()


@pytest.fixture
def watched(tmp_path: Path, database_url: str) -> Iterator[Watched]:
    """A daemon that the test starts."""
    with closing(Watched(tmp_path / "watched", database_url)) as program:
        yield program


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    """A notification socket on a path."""
    with Systemd(tmp_path) as listener:
        yield listener


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, databases: Databases
) -> Iterator[tuple[Program, Systemd]]:
    """A service with a watchdog, and what listens to it, for all tests that leave it as it was."""
    folder = tmp_path_factory.mktemp("running")
    with databases() as url, Systemd(folder) as systemd, closing(Program(folder, url)) as program:
        run_as_service(program, systemd)
        program.configure(rescan_seconds=5)
        program.add_account("acme")
        program.start()
        systemd.until("READY=1")
        yield program, systemd


@pytest.fixture
def service(down: Program, systemd: Systemd) -> Program:
    """A program that will be started as a service with a watchdog."""
    run_as_service(down, systemd)
    return down


@pytest.fixture(scope="module")
def eager(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Program]:
    """A running daemon that claims files at first sight, with an account for each hostile file."""
    with databases() as url, closing(Program(tmp_path_factory.mktemp("hostile"), url)) as program:
        add_crowd(program)
        with program:
            yield program
