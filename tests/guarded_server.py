"""A PostgreSQL server of the test's own that checks who connects: by rules that a test writes, or over TLS."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

import psycopg
from psycopg.conninfo import make_conninfo

from contactsync.database.embedded import cluster
from tests.acceptance.program import DEADLINE
from tests.faults.server import Server

ADMIN = f"local all {cluster.ROLE} trust\nhost all {cluster.ROLE} 127.0.0.1/32 trust\n"
"""The first lines of pg_hba.conf: the tests themselves always get in."""


class GuardedServer(Server):
    """It trusts nobody but the superuser, until `let_in` says otherwise."""

    def __init__(self, data_dir: Path, **settings: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        everybody = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_permissions": "0777",
            "port": str(self.port),
        }
        super().__init__(data_dir, **everybody, **settings)
        self.pgdata = data_dir / "pgdata"

    def _url(self, database: str, role: str) -> str:
        return make_conninfo(host=str(self._sockets()), port=self.port, user=role, dbname=database)

    def over_socket(self, **parameters: object) -> str:
        """A conninfo for the unix socket."""
        return make_conninfo(host=str(self.host), port=self.port, **parameters)

    def over_tcp(self, **parameters: object) -> str:
        return make_conninfo(host="127.0.0.1", port=self.port, **parameters)

    def let_in(self, *rules: str) -> None:
        """Replace the rules of pg_hba.conf for everybody but the superuser."""
        (self.pgdata / "pg_hba.conf").write_text(ADMIN + "".join(f"{rule}\n" for rule in rules))
        self.reload()

    def reload(self) -> None:
        """Have the server read its files again, and wait until it has: a new connection shows when it did."""
        before = self._loaded()
        self.execute("SELECT pg_reload_conf()")
        deadline = time.monotonic() + DEADLINE
        while self._loaded() == before:
            assert time.monotonic() < deadline, "the server reloads its configuration"

    def _loaded(self) -> object:
        with psycopg.connect(self.admin_url) as conn:
            return conn.execute("SELECT pg_conf_load_time()").fetchone()


class DebianServer:
    """A server of Debian's own package, which knows TLS; it trusts everybody who connects over TLS.

    PostgreSQL refuses to run as root, so root runs it as the user that the package creates.
    """

    def __init__(self, folder: Path) -> None:
        """`folder` is new, and reachable for other users; it belongs to the server afterwards."""
        self.user = "postgres" if os.geteuid() == 0 else None
        self.pgdata = folder / "pgdata"
        if self.user:
            shutil.chown(folder, self.user)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._run(
            "initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"
        )
        make_certificate(self.pgdata, "server")
        for name in ("server.key", "server.crt"):
            if self.user:
                shutil.chown(self.pgdata / name, self.user)
            (self.pgdata / name).chmod(0o600)
        (self.pgdata / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 trust\n")

    def __enter__(self) -> Self:
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "ssl": "on", "fsync": "off"}
        settings["unix_socket_directories"] = ""
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        self._run(
            "pg_ctl", "start", "--wait", "--silent", f"--log={self.pgdata / 'log'}", f"--options={options}"
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._run("pg_ctl", "stop", "--mode=immediate", "--wait", "--silent")

    def _run(self, program: str, *arguments: str) -> None:
        binaries = debian_binaries()
        assert binaries is not None
        command = [binaries / program, f"--pgdata={self.pgdata}", *arguments]
        # Its log stays open in the server: the child must not inherit a pipe that somebody waits for.
        subprocess.run(command, check=True, user=self.user, cwd="/", stdout=subprocess.DEVNULL)


def debian_binaries() -> Path | None:
    """The programs of the newest PostgreSQL that Debian has installed here."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    return found[-1].parent if found else None


def make_certificate(folder: Path, name: str) -> None:
    """Make `name.crt`, which no authority has signed, and its key."""
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "30",
        "-subj",
        f"/CN={name}",
    ]
    command += ["-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.crt")]
    subprocess.run(command, check=True, capture_output=True)
