"""A PostgreSQL server of the test's own, with settings of its own, which may be crashed at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING
from unittest.mock import patch

import psycopg

from contactsync.database.embedded import cluster, launch
from contactsync.database.embedded.server import START_SECONDS, EmbeddedServer
from contactsync.database.migrations import migrate

if TYPE_CHECKING:
    from pathlib import Path

REPLICATING = {"wal_level": "replica", "max_wal_senders": "4", "hot_standby": "on"}


class Server(EmbeddedServer):
    """The embedded server under other settings; `schema` makes it one that the program can use."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        super().__init__(data_dir, durable=False)
        self.settings = settings

    def start(self, seconds: float = START_SECONDS) -> None:
        with patch.dict(cluster.SETTINGS, self.settings):
            super().start(seconds)

    @property
    def host(self) -> Path:
        """The folder of its socket."""
        return self._sockets()

    @property
    def log_path(self) -> Path:
        """The file that the server logs to."""
        return self._data_dir / "postgresql.log"

    def schema(self) -> None:
        with psycopg.connect(self.admin_url) as conn:
            migrate(conn)

    def execute(self, *statements: str) -> None:
        """As the superuser, each on its own."""
        with psycopg.connect(self.admin_url, autocommit=True) as conn:
            for statement in statements:
                conn.execute(statement)

    def crash(self) -> None:
        """`pg_ctl stop -m immediate`."""
        crash(self)

    def copy_to(self, data_dir: Path) -> None:
        """A base backup that is a standby of this server when it is started."""
        data_dir.mkdir(mode=0o700)
        basebackup = cluster.find_binaries() / "pg_basebackup"
        target = data_dir / "pgdata"
        link = f"host={self.host} port={cluster.PORT} user={cluster.ROLE}"
        command = [basebackup, "-D", target, "-R", "-X", "stream", "-c", "fast", "-d", link]
        # The server's start gives the copy to the server's user.
        subprocess.run(command, check=True, capture_output=True, env=launch.environment())


def crash(server: EmbeddedServer) -> None:
    """`pg_ctl stop -m immediate`."""
    child = server._process.child
    assert child is not None
    os.kill(child.pid, signal.SIGQUIT)
    child.wait()
