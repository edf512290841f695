"""The embedded PostgreSQL of root, which runs as another user, and of a user id without a name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from contactsync.database.embedded.cluster import find_binaries
from contactsync.database.embedded.server import EmbeddedServer, EmbeddedUnavailable
from contactsync.database.embedded.server_user import server_user
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
            assert attached.admin_url == url
            assert query(attached.admin_url, "SELECT 1") == 1
        other.call("stop")
        with pytest.raises(
            EmbeddedUnavailable, match="belongs to user id 1234: run contactsync as that user"
        ):
            EmbeddedServer(top).start()
    finally:
        shutil.rmtree(top)


def reachable(folder: Path) -> bool:
    """Whether every user may pass through to this folder."""
    return all(parent.stat().st_mode & 0o001 for parent in (folder, *folder.parents))


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def _user_of(data_dir: Path) -> dict[str, list[str]]:
    """The server's ids, groups and capabilities, as /proc/PID/status lists them."""
    lines = Path(f"/proc/{postmaster(data_dir)}/status").read_text().splitlines()
    return {key: value.split() for key, _, value in (line.partition(":") for line in lines)}


def _start(*prefix: str, data_dir: Path) -> subprocess.CompletedProcess[str]:
    """Start a server and stop it, in a process with fewer rights."""
    start = (
        "import sys; from pathlib import Path; from contactsync.database.embedded.server import EmbeddedServer;"
        "server = EmbeddedServer(Path(sys.argv[1]), durable=False); server.start(); server.stop()"
    )
    return subprocess.run(
        [*prefix, sys.executable, "-c", start, str(data_dir)],
        env={"PYTHONPATH": str(REPOSITORY / "daemon"), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may pass through; tmp_path is below one that is closed."""
    folder = Path("/tmp") / f"contactsync-open-{os.getpid()}"
    folder.mkdir(mode=0o755)
    yield folder
    shutil.rmtree(folder)


@needs_root
def test_root_runs_it_as_another_user(server: EmbeddedServer, tmp_path: Path) -> None:
    """The server has neither root's id nor a group or capability of root, and owns its cluster.

    The inheritable set grants nothing alone (capabilities(7)), and some containers fill it for every process.
    """
    server.start()
    user = server_user(tmp_path / "data")
    assert user is not None
    assert user.uid != 0
    status = _user_of(tmp_path / "data")
    assert status["Uid"] == [str(user.uid)] * 4
    assert status["Gid"] == [str(user.gid)] * 4
    assert status["Groups"] == []
    assert {status[f"Cap{kind}"][0] for kind in ("Prm", "Eff", "Amb")} == {"0" * 16}
    owners = {path.lstat().st_uid for path in (tmp_path / "data/pgdata").rglob("*")}
    assert owners == {user.uid}


@needs_root
def test_not_even_its_superuser_writes_or_reads_files_of_root(server: EmbeddedServer, tmp_path: Path) -> None:
    """`COPY TO` and `COPY FROM` act with the rights of the server's user; programs do too."""
    server.start()
    secret = tmp_path / "secret"
    secret.write_text("geheim")
    secret.chmod(0o600)
    for target in ("/etc/contactsync-test", "/root/contactsync-test", str(secret)):
        with pytest.raises(psycopg.Error):
            query(server.admin_url, f"COPY (SELECT 1) TO '{target}'")
    with pytest.raises(psycopg.Error):
        query(server.admin_url, f"SELECT pg_read_file('{secret}')")
    assert secret.read_text() == "geheim"
    query(server.admin_url, "CREATE TABLE who (id text)")
    query(server.admin_url, "COPY who FROM PROGRAM 'id -u'")
    assert query(server.admin_url, "SELECT id FROM who") != "0"


def test_the_daemons_connection_is_no_superuser(server: EmbeddedServer) -> None:
    """It can neither act on files nor change the schema."""
    server.start()
    assert query(server.url, "SELECT usesuper FROM pg_user WHERE usename = current_user") is False
    for statement in (
        "COPY (SELECT 1) TO '/tmp/x'",
        "COPY (SELECT 1) TO PROGRAM 'id'",
        "CREATE TABLE public.x ()",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            query(server.url, statement)


@needs_root
def test_a_cluster_of_root_is_taken_over(server: EmbeddedServer, tmp_path: Path) -> None:
    """A cluster of an older version belongs to root: the next start gives it to the server's user, with its data."""
    server.start()
    query(server.admin_url, "CREATE TABLE kept AS SELECT 7 AS n")
    server.stop()
    data = tmp_path / "data"
    for path in (data, *data.rglob("*")):
        os.chown(path, 0, 0, follow_symlinks=False)
    data.chmod(0o700)
    # A crash in the middle of that change: the folder itself comes last.
    os.chown(data / "pgdata/PG_VERSION", 1234, 1234)
    server.start()
    assert query(server.admin_url, "SELECT n FROM kept") == 7
    owners = {path.lstat().st_uid for path in (data / "pgdata", *(data / "pgdata").rglob("*"))}
    assert owners == {int(_user_of(data)["Uid"][0])}
    assert 0 not in owners


@needs_root
def test_only_the_server_may_enter_roots_data_dir(server: EmbeddedServer, tmp_path: Path) -> None:
    """Everybody else is kept out of it, and even the server cannot list it."""
    server.start()
    found = (tmp_path / "data").stat()
    assert (found.st_uid, found.st_mode & 0o777) == (0, 0o710)
    assert found.st_gid == int(_user_of(tmp_path / "data")["Gid"][0])


@needs_root
def test_root_without_the_right_to_mount(open_folder: Path) -> None:
    """As in many containers: it works where every user may pass, otherwise the error names the folder and the fix."""
    without = ("setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin")
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    refused = _start(*without, data_dir=closed / "data").stderr
    assert f"cannot pass through a folder above data_dir or PostgreSQL ({closed}: " in refused
    assert "run contactsync as an ordinary user, or set database_url" in refused
    if not reachable(find_binaries()):
        pytest.skip("PostgreSQL is installed below a folder that is closed to other users")
    done = _start(*without, data_dir=open_folder / "data")
    assert done.returncode == 0, done.stderr


@needs_root
def test_root_that_cannot_become_another_user(open_folder: Path) -> None:
    """The error names the fix, and nothing runs as root."""
    for without in (("setpriv", "--bounding-set=-setuid", "--inh-caps=-setuid"), ("unshare", "-Ur")):
        stderr = _start(*without, data_dir=open_folder / "data").stderr
        assert "run contactsync as an ordinary user, or set database_url" in stderr
        assert not (open_folder / "data/pgdata").exists()
