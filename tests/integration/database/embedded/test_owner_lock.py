"""One owner, any number of attached processes: who starts, stops and restarts the server."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from contactsync.database.embedded.server import EmbeddedServer
from tests.integration.database.embedded.process import Process, no_server, query


def test_two_processes_at_once_share_one_server(tmp_path: Path, process: Callable[..., Process]) -> None:
    """Of two concurrent first starts, one makes the server and the other attaches to it."""
    both = [process(tmp_path / "data"), process(tmp_path / "data")]
    urls = [one.url() for one in both]
    assert urls[0] == urls[1]
    starts = {query(url, "SELECT pg_postmaster_start_time()") for url in urls}
    assert len(starts) == 1
    log = (tmp_path / "data/postgresql.log").read_text()
    assert log.count("starting PostgreSQL") == 1


def test_attached_process_leaves_the_server_running(tmp_path: Path, process: Callable[..., Process]) -> None:
    """`stop` in an attached process does not stop the server."""
    owner = process(tmp_path / "data")
    url = owner.url()
    with EmbeddedServer(tmp_path / "data", durable=False) as attached:
        assert not attached.ensure()
    assert query(url, "SELECT 1") == 1


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_ensure_restarts_it_when_the_owner_has_ended(
    tmp_path: Path, process: Callable[..., Process], how: str
) -> None:
    """The remaining process becomes the owner, with the data, even if it has other threads."""
    owner = process(tmp_path / "data")
    query(owner.url(), "CREATE TABLE kept AS SELECT 7 AS n")
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    try:
        with EmbeddedServer(tmp_path / "data", durable=False) as server:
            if how == "stopped":
                owner.call("stop")
            owner.kill()
            assert server.ensure()
            assert not server.ensure()
            assert query(server.admin_url, "SELECT n FROM kept") == 7
        assert no_server(tmp_path / "data")
    finally:
        over.set()
        thread.join()
