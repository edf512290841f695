"""Whatever happens to the log's reader, deposits are applied and the daemon stops when it is asked to."""

from __future__ import annotations

import fcntl
import os
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.program import DEADLINE, Program
from tests.acceptance.tables import people

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Lines that fill a pipe of the smallest size several times over.
DEPOSITS = 60


class Piped(Program):
    """A daemon whose log goes where the test wants."""

    def start_into(self, out: int | None) -> None:
        """Start it with this stdout; None: closed."""
        self._daemon = subprocess.Popen(
            [*(["sh", "-c", 'exec "$@" >&-', "sh"] if out is None else []), *self._command("run")],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.DEVNULL,
        )

    def works(self) -> None:
        """See many deposits applied, by two accounts."""
        for name in ("a", "b"):
            self.add_account(name)
        for n in range(DEPOSITS):
            self.drop("a", f"{n}.csv", people(1))
            self.drop("b", f"{n}.csv", people(1))
        self.until(
            lambda: all(len(self.files_in(name, "ok")) == DEPOSITS for name in ("a", "b")), "all are applied"
        )


@pytest.fixture
def piped(tmp_path: Path, database_url: str) -> Iterator[Piped]:
    """A daemon that the test starts."""
    with closing(Piped(tmp_path / "piped", database_url)) as program:
        yield program


def test_a_log_that_nobody_reads_stops_nobody(piped: Piped) -> None:
    """The pipe is full after a few lines. SIGTERM still ends the daemon, with status 0."""
    read, write = os.pipe()
    try:
        # The smallest pipe: one page.
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
        piped.start_into(write)
        piped.works()
        assert piped.terminate() == 0
    finally:
        os.close(read)
        os.close(write)


@pytest.mark.parametrize("kind", ["closed", "gone", "full"])
def test_a_log_that_cannot_be_written_stops_nobody(piped: Piped, kind: str) -> None:
    """stdout is closed, its reader has gone, or its disk is full."""
    if kind == "closed":
        piped.start_into(None)
    elif kind == "full":
        with open("/dev/full", "wb") as full:
            piped.start_into(full.fileno())
    else:
        read, write = os.pipe()
        os.close(read)
        piped.start_into(write)
        os.close(write)
    piped.works()
    assert piped.terminate() == 0


@pytest.mark.parametrize(
    "command", [["config", "show"], ["account", "list"], ["status"], ["doctor"], ["no-such-command"]]
)
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "| true"])
def test_a_command_whose_output_is_closed_does_not_crash(
    down: Program, command: list[str], closed: str
) -> None:
    """No traceback on the other stream, no death by a signal."""
    ran = subprocess.run(
        ["bash", "-c", f'"$@" {closed}; exit ${{PIPESTATUS[0]}}', "bash", *down._command(*command)],
        env=down._environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )
    assert ran.returncode in (0, 1, 2)
    assert "Traceback" not in ran.stdout + ran.stderr
    assert "a bug" not in ran.stdout + ran.stderr
