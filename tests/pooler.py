"""pgbouncer between the program and a server: unpacked by `make servers`, started in any mode."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

from psycopg.conninfo import make_conninfo

from contactsync.database import roles
from tests.acceptance.program import DEADLINE
from tests.acceptance.servers.server import libraries, program

PROGRAM = program("pgbouncer")
"""Empty if it is neither unpacked nor installed."""


class Pooler:
    """A pgbouncer in front of the server at a TCP port of this host, which trusts everybody."""

    def __init__(self, folder: Path, server_port: int, mode: str, **settings: object) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        # It refuses to run as root.
        self.user = "games" if os.geteuid() == 0 else None
        users = "".join(f'"{name}" ""\n' for name in (roles.DAEMON, roles.MIGRATOR, "contactsync"))
        given = {
            "listen_addr": "127.0.0.1",
            "listen_port": self.port,
            "unix_socket_dir": "",
            "pool_mode": mode,
        }
        given |= {"auth_type": "trust", "auth_file": folder / "users", **settings}
        (folder / "users").write_text(users)
        lines = ["[databases]", f"* = host=127.0.0.1 port={server_port}", "[pgbouncer]"]
        self.configuration = folder / "pgbouncer.ini"
        self.configuration.write_text(
            "\n".join([*lines, *(f"{key} = {value}" for key, value in given.items()), ""])
        )
        self.log = folder / "pgbouncer.log"

    def url(self, database: str, user: str = roles.DAEMON) -> str:
        return make_conninfo(host="127.0.0.1", port=self.port, user=user, dbname=database)

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            self._child = subprocess.Popen(
                [PROGRAM, self.configuration],
                user=self.user,
                cwd="/",
                env={**os.environ, **libraries("pgbouncer")},
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + DEADLINE
        while not self._accepts():
            assert self._child.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.01)
        return self

    def _accepts(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
        except ConnectionRefusedError:
            return False
        return True

    def __exit__(self, *_: object) -> None:
        self._child.kill()
        self._child.wait()
