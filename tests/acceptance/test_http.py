"""The HTTP server of a running daemon: where it listens, whom it answers, and that nothing there stops the work."""

from __future__ import annotations

import json
import os
import re
import socket
import stat
from contextlib import ExitStack
from typing import TYPE_CHECKING

from tests.acceptance.program import Program
from tests.acceptance.tables import people
from tests.acceptance.watched import HOST, Watched

if TYPE_CHECKING:
    from pathlib import Path


def test_slow_clients_disturb_nothing(watched: Watched) -> None:
    """With 200 of them, 20 of 20 health checks are answered, deposits are settled, and SIGTERM ends it as always."""
    watched.add_account("acme")
    with watched, ExitStack() as stack:
        watched.until(lambda: watched.health()[0] == 200, "it answers")
        for _ in range(200):
            link = stack.enter_context(socket.create_connection((HOST, watched.port), 30))
            link.sendall(b"GET /metrics HTTP/1.1\r\n")
        assert [watched.get("/healthz")[0] for _ in range(20)] == [200] * 20
        watched.drop("acme", "list.csv", people(3))
        assert watched.settled("acme", "list.csv").state == "ok"
        # The connections are still open.
        assert watched.terminate() == 0
        assert watched.events("bug") == []


def test_names_need_the_token(watched: Watched) -> None:
    """Without it, /healthz shows counts: neither an account nor a file, working or waiting or in trouble."""
    watched.configure(grace_seconds=3600)
    for account in ("acme", "zenith"):
        watched.add_account(account)
    in_the_way = watched.box("acme", "ok", "delete")
    in_the_way.rmdir()
    in_the_way.touch()
    with watched:
        watched.drop("zenith", "secret-plans.csv", people(3)[:-1])
        watched.until(lambda: watched.health()[1].get("waiting"), "the file waits")
        watched.until(lambda: watched.health()[1].get("troubles"), "the account is in trouble")
        assert re.search("acme.*zenith.*secret-plans", json.dumps(watched.health()[1]))
        status, body = watched.get("/healthz")
        assert (status, json.loads(body)["problems"]) == (200, ["1 accounts wait"])
        assert json.loads(body)["accounts_in_trouble"] == 1
        assert not re.search(r"acme|zenith|secret|csv|Not a directory", body)
        assert watched.get("/healthz", Authorization="Bearer guess")[0] == 401


def test_a_page_of_another_site_cannot_read_it(watched: Watched) -> None:
    """A name that resolves to this host by DNS rebinding gets no answer, for any path."""
    with watched:
        watched.until(lambda: watched.health()[0] == 200, "it answers")
        for path in ("/metrics", "/healthz"):
            assert watched.get(path, Host="rebound.example")[0] == 421
            assert watched.get(path, Host=f"localhost:{watched.port}")[0] == 200


def test_it_is_served_on_a_unix_socket(down: Program, tmp_path: Path) -> None:
    """For the daemon's user and group only, without any port; a clean stop removes the socket."""
    path = tmp_path / "http.sock"
    down.configure(metrics_socket=str(path))
    with down:
        down.until(lambda: down.events("metrics.served"), "it is served")
        assert stat.S_IMODE(path.lstat().st_mode) == 0o660
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(str(path))
            link.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = b"".join(iter(lambda: link.recv(65_536), b""))
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert down.terminate() == 0
        assert not path.exists()


def test_a_taken_port_does_not_stop_the_work(watched: Watched) -> None:
    """The daemon logs it and settles deposits, and serves the metrics once the port is free."""
    watched.add_account("acme")
    with socket.socket() as other:
        other.bind((HOST, watched.port))
        other.listen()
        with watched:
            watched.drop("acme", "list.csv", people(3))
            assert watched.settled("acme", "list.csv").state == "ok"
            (body,) = watched.until(lambda: watched.events("metrics.unavailable"), "it is logged")
            assert (body["reason"], body["port"]) == ("Address already in use", watched.port)
            other.close()
            watched.until(lambda: watched.health()[0] == 200, "it is served")


def test_nothing_is_served_without_metrics_port(down: Program) -> None:
    """Without metrics_port no TCP port is listened to."""
    with down:
        inodes = {os.readlink(f"/proc/{down.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{down.pid}/fd")}
        for table_name in ("tcp", "tcp6"):
            with open(f"/proc/{down.pid}/net/{table_name}", encoding="ascii") as lines:
                listening = {
                    f"socket:[{line.split()[9]}]" for line in list(lines)[1:] if line.split()[3] == "0A"
                }
            assert not listening & inodes
