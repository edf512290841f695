"""A lasting failure is logged in a handful of lines, however often it is retried."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from pathlib import Path

from contactsync.database.embedded.server import EmbeddedServer
from tests.acceptance.watched import Watched


def test_a_stuck_account_is_logged_at_each_doubling(tmp_path: Path, database_url: str) -> None:
    """Its tries are counted in the metrics; the log has the 1st, 2nd, 4th, 8th …"""
    with closing(Watched(tmp_path / "watched", database_url)) as program:
        program.add_account("acme")
        in_the_way = program.box("acme", "ok", "delete")
        in_the_way.rmdir()
        in_the_way.touch()
        with program:
            program.until(lambda: (program.value("troubles_total", kind="deposit") or 0) >= 6, "six tries")
            logged = [line["failures"] for line in program.events("deposit.waits")]
            tries = program.value("troubles_total", kind="deposit") or 0
        assert logged == [2**n for n in range(len(logged))]
        assert 4 <= logged[-1] <= tries


def test_an_embedded_server_that_dies_again_and_again(tmp_path: Path) -> None:
    """It is restarted each time, and logged each time the number of restarts doubles."""
    folder = tmp_path / "embedded"
    with closing(Watched(folder, EmbeddedServer(folder / "data").admin_url)) as program:
        del program._environment["CONTACTSYNC_DATABASE_URL"]
        program.configure(rescan_seconds=0.05)
        with program:
            server = 0
            for _ in range(4):
                server = program.until(lambda last=server: _server(folder, other_than=last), "it runs")
                os.kill(server, signal.SIGKILL)
            program.until(lambda last=server: _server(folder, other_than=last), "it runs")
            program.until(lambda: program.health()[1].get("status") == "ok", "it is well")
            # A kill during a start makes it fail; any other kill causes one more restart.
            logged = [program.events(f"database.{how}") for how in ("restarted", "unavailable")]
            assert [[line["times"] for line in lines] for lines in logged] == [
                [1, 2, 4][: len(lines)] for lines in logged
            ]
            assert logged[0]
            assert len(program.events("database.away")) <= 4


def _server(folder: Path, other_than: int) -> int:
    """The running server's process id, once it takes connections; 0 where there is none, or it is the one before."""
    try:
        lines = (folder / "data/pgdata/postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return 0
    pid = int(lines[0])
    ready = len(lines) > 7 and lines[7].strip() == "ready"
    return pid if ready and pid != other_than and Path(f"/proc/{pid}").exists() else 0
