"""A contactsync process with its own embedded server, and ways to look at that server."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path

import psycopg

from contactsync.database.embedded import server_files

REPOSITORY = Path(__file__).parents[4]
PATIENCE = 60.0


# Runs one method of its server per input line, and prints the result.
PROCESS = """
import sys
from pathlib import Path
from contactsync.database.embedded.server import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]), durable=False)
server.start()
print("started", server.admin_url, flush=True)
for command in sys.stdin:
    print(getattr(server, command.strip())(), flush=True)
"""


class Process:
    """A contactsync process with its own EmbeddedServer."""

    def __init__(self, data_dir: Path, python: str = sys.executable, user: int | None = None) -> None:
        packages = str(Path(psycopg.__file__).parents[1])
        self.popen = subprocess.Popen(
            [python, "-c", PROCESS, str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": f"{REPOSITORY / 'daemon'}:{packages}", "PATH": os.environ["PATH"]},
            cwd="/",
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )

    def read_line(self) -> str:
        assert self.popen.stdout is not None
        assert select.select([self.popen.stdout], [], [], PATIENCE)[0], "the process prints nothing"
        return self.popen.stdout.readline().strip()

    def url(self) -> str:
        """Wait until the server has started; returns its URL."""
        word, _, url = self.read_line().partition(" ")
        assert word == "started"
        return url

    def call(self, method: str) -> str:
        """Call a method of its server; returns the result as text."""
        assert self.popen.stdin is not None
        self.popen.stdin.write(method + "\n")
        self.popen.stdin.flush()
        return self.read_line()

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()
        for pipe in (self.popen.stdin, self.popen.stdout):
            assert pipe is not None
            pipe.close()


def query(url: str, statement: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def postmaster(data_dir: Path) -> int:
    return server_files.postmaster_status(data_dir / "pgdata")[0]


def no_server(data_dir: Path) -> bool:
    return not server_files.processes_in(data_dir / "pgdata")
