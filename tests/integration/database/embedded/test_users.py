"""The embedded PostgreSQL as root and as a user id without a name, both of which PostgreSQL refuses."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from contactsync.database.embedded.server import EmbeddedServer, EmbeddedUnavailable
from tests.integration.database.embedded.process import REPOSITORY, Process, postmaster, query

# Has no name in /etc/passwd, as in many containers.
ORDINARY_UID = 1234


def _python_for(uid: int) -> str:
    """A Python that this user can run with our packages; root's may be out of reach."""
    packages = str(Path(psycopg.__file__).parents[1])
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            tried = subprocess.run(
                [python, "-c", "import psycopg"],
                env={"PYTHONPATH": packages},
                user=uid,
                cwd="/",
                capture_output=True,
                check=False,
            )
        except OSError:
            continue
        if tried.returncode == 0:
            return python
    pytest.skip("no Python that an ordinary user can run")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_ordinary_user_without_a_name(
    tmp_path_factory: pytest.TempPathFactory, process: Callable[..., Process]
) -> None:
    """A user id that is not in /etc/passwd can run it. Root attaches to it, but does not start it."""
    # tmp_path is closed to other users.
    top = Path("/tmp") / f"contactsync-test-{os.getpid()}"
    top.mkdir()
    try:
        os.chown(top, ORDINARY_UID, ORDINARY_UID)
        other = process(top, python=_python_for(ORDINARY_UID), user=ORDINARY_UID)
        url = other.url()
        assert Path(f"/proc/{postmaster(top)}").stat().st_uid == ORDINARY_UID
        with EmbeddedServer(top, durable=False) as attached:
            assert attached.url == url
            assert query(attached.url, "SELECT 1") == 1
        other.call("stop")
        with pytest.raises(
            EmbeddedUnavailable, match="belongs to user id 1234: run contactsync as that user"
        ):
            EmbeddedServer(top).start()
    finally:
        shutil.rmtree(top)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_runs_it_without_root_rights(server: EmbeddedServer, tmp_path: Path) -> None:
    """Run by root, the server has no capabilities, and root owns the files."""
    server.start()
    status = Path(f"/proc/{postmaster(tmp_path / 'data')}/status").read_text()
    assert "CapEff:\t0000000000000000" in status
    assert (tmp_path / "data/pgdata/PG_VERSION").stat().st_uid == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_forbidden_namespaces_are_named(tmp_path: Path) -> None:
    """If root may not make a user namespace, as in many containers, the error names the fix."""
    start = (
        "import sys; from pathlib import Path; from contactsync.database.embedded.server import EmbeddedServer;"
        "EmbeddedServer(Path(sys.argv[1])).start()"
    )
    # The limit applies inside the new namespace only.
    forbid = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    stderr = subprocess.run(
        ["unshare", "-Ur", "sh", "-c", forbid, "sh", sys.executable, "-c", start, str(tmp_path / "data")],
        env={"PYTHONPATH": str(REPOSITORY / "daemon"), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    ).stderr
    assert "run contactsync as an ordinary user, or set database_url" in stderr
