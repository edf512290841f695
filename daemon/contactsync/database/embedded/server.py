"""An embedded PostgreSQL, shared by the contactsync processes of one `data_dir`.

Whoever holds the lock on `data_dir/postgresql.lock` owns the server, which is its child; the others attach
over the unix socket. The kernel lets go of the lock however its holder ends, and sends the server its death
signal, so the state on disk is never believed: not a pid file, not a socket.

    start → lock got?  yes → end leftovers, make the cluster if new, run postgres, wait until ready (owner)
                       no  → does it accept connections? → use it                                (attached)
                             neither → try both again until the deadline
"""

import errno
import fcntl
import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg

from contactsync.database.embedded import cluster, server_files
from contactsync.database.embedded.server_files import EmbeddedAway, EmbeddedUnavailable

__all__ = ["EmbeddedAway", "EmbeddedServer", "EmbeddedUnavailable"]

START_SECONDS = 120.0  # replaying max_wal_size after a crash takes tens of seconds on a slow disk
STOP_SECONDS = 30.0  # a fast shutdown writes at most shared_buffers; after that it is told to stop at once
POLL_SECONDS = 0.005  # a first start takes 0.6 s, a later one 0.05 s

# What a killed owner's server gets: a fast shutdown. It ends sessions and writes what is dirty, at most
# shared_buffers, and the next start has nothing to recover; an immediate one (SIGQUIT) leaves up to
# max_wal_size to replay. Measured in the middle of an update of 1 M rows: 0.25 s to end + 0.05 s to start,
# against 0.04 + 1.33. One that hangs is ended by the next owner (`end_leftovers`).
DEATH_SIGNAL = signal.SIGINT


class EmbeddedServer:
    """The PostgreSQL of one `data_dir`, run as a child of this process or of another contactsync process.

    Starting happens in the main thread: the death signal is tied to the thread that starts the server
    (PR_SET_PDEATHSIG in prctl(2)), and any other may end before the process does.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        """Take the server of `data_dir`, made at start; `durable=False` is for tests: quick, unsafe."""
        self._data_dir = (
            data_dir.resolve()
        )  # one spelling: it is compared with /proc and names the socket folder
        self._durable = durable
        self._lock: int | None = None  # descriptor of the lock file while we are the owner
        self._child: subprocess.Popen[bytes] | None = None
        self._attached = False
        self._ready = False  # whether our child has accepted connections
        self._log_start = 0  # where in the log this start's lines begin

    @property
    def url(self) -> str:
        """The libpq URL of database `contactsync` over the unix socket; good once `start` has returned."""
        return self._url(cluster.DATABASE)

    def start(self, seconds: float = START_SECONDS) -> None:
        """Make the server be running: become its owner, or attach to another process's; nothing if it is.

        Raises EmbeddedUnavailable; after `seconds` in recovery the server goes on, and calling again waits
        again. Raises RuntimeError outside the main thread.
        """
        _require_main_thread()
        deadline = time.monotonic() + seconds
        while not self._take_lock():
            if self._accepts():
                self._attached = True
                return
            if time.monotonic() > deadline:
                raise EmbeddedAway(
                    f"{self._lock_path} is held by process {self._holder()}, whose server does not accept"
                    f" connections at {self._sockets()}: stop that process"
                )
            time.sleep(POLL_SECONDS * 4)  # a lock has no event to wait for beside a connection
        try:
            self._run(deadline)
        except BaseException:
            # An owner without a server would keep others from trying; one whose server is still recovering
            # stays.
            if self._child is None or self._child.poll() is not None:
                self._let_go()
            raise

    def stop(self) -> None:
        """End the server (fast shutdown) if this process owns it, otherwise leave it. Can be called again."""
        child = self._child
        if child is not None:
            for number, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, STOP_SECONDS)):
                child.send_signal(number)  # does nothing once it has ended
                try:
                    child.wait(seconds)
                    break
                except subprocess.TimeoutExpired:
                    continue
            else:
                child.kill()
                child.wait()
        self._let_go()

    def ensure(self, seconds: float = START_SECONDS) -> bool:
        """Start the server again if it is gone: our child ended, or the process that owned it did.

        Costs a system call or two when all is well. Call it from the main thread, now and then. Returns
        whether it had to. Raises EmbeddedUnavailable when that failed, or has not come to its end after
        `seconds`; call it again later.
        """
        _require_main_thread()
        if self._ready and self._child is not None and self._child.poll() is None:
            return False
        if self._child is None and self._attached and not self._take_lock():
            return False  # the owner lives, and brings its server back itself
        self.start(seconds)
        return True

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def _lock_path(self) -> Path:
        return self._data_dir / "postgresql.lock"

    @property
    def _log_path(self) -> Path:
        return self._data_dir / "postgresql.log"

    def _sockets(self, *, make: bool = False) -> Path:
        try:
            return cluster.socket_folder(self._data_dir, make=make)
        except OSError as error:
            raise self._unwritable(error) from error

    def _url(self, database: str) -> str:
        host = quote(str(self._sockets()), safe="")
        return f"postgresql://{cluster.ROLE}@/{database}?host={host}&port={cluster.PORT}"

    def _unwritable(self, error: OSError) -> EmbeddedUnavailable:
        passes = error.errno in (
            errno.ENOSPC,
            errno.EDQUOT,
            errno.EIO,
            errno.EMFILE,
            errno.ENFILE,
            errno.ENOMEM,
        )
        return (EmbeddedAway if passes else EmbeddedUnavailable)(
            f"data_dir {self._data_dir} cannot be used ({error.strerror}: {error.filename}):"
            " make it a folder that this user may write, or set database_url"
        )

    def _take_lock(self) -> bool:
        """Try to become, or be already, the owner."""
        if self._lock is not None:
            return True
        try:
            self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            owner = self._data_dir.stat().st_uid
            foreign = os.geteuid() == 0 and owner != 0
            # Root in another user's data_dir may attach. It must leave no file there that the user cannot
            # open, and its server, without root's capabilities, could not work there.
            lock = os.open(self._lock_path, os.O_RDWR | os.O_CLOEXEC | (0 if foreign else os.O_CREAT), 0o600)
        except FileNotFoundError:
            raise self._belongs_to(self._data_dir.stat().st_uid) from None
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return False
        if foreign:
            os.close(lock)
            raise self._belongs_to(owner)
        with suppress(OSError):  # a full disk; it is for people and for one message, and never believed
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        self._lock, self._attached = lock, False
        return True

    def _belongs_to(self, owner: int) -> EmbeddedUnavailable:
        return EmbeddedUnavailable(
            f"data_dir {self._data_dir} belongs to user id {owner}: run contactsync as that user"
        )

    def _holder(self) -> str:
        return self._lock_path.read_text().strip() or "unknown"

    def _let_go(self) -> None:
        self._child, self._attached, self._ready = None, False, False
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _run(self, deadline: float) -> None:
        """Start the server and wait until it is ready, with its database; the lock is held."""
        if self._child is None or self._child.poll() is not None:
            self._child, self._ready = None, False
            binaries = cluster.find_binaries()
            pgdata = self._data_dir / "pgdata"
            try:
                server_files.end_leftovers(pgdata)
                cluster.make_cluster(binaries, self._data_dir, durable=self._durable)
                server_files.clear_stale_files(pgdata, self._sockets(make=True), cluster.PORT)
                self._child = self._spawn(binaries / "postgres", pgdata)
            except OSError as error:
                raise self._unwritable(error) from error
        self._await_ready(self._child, deadline)
        self._make_database()
        self._ready = True

    def _spawn(self, postgres: Path, pgdata: Path) -> subprocess.Popen[bytes]:
        settings = cluster.SETTINGS | {"unix_socket_directories": _quoted(self._sockets())}
        settings |= {} if self._durable else cluster.NOT_DURABLE
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        log = os.open(self._log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(log).st_size > cluster.LOG_BYTES:
                os.ftruncate(log, 0)
            self._log_start = os.fstat(log).st_size
            return subprocess.Popen(  # noqa: S603 - our own program and arguments
                cluster.command(postgres, "-D", pgdata, *options, death_signal=DEATH_SIGNAL),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=cluster.environment(),
                cwd=self._data_dir,
                # Ctrl-C in the terminal is ours: postgres stops after us, when we say so
                start_new_session=True,
            )
        finally:
            os.close(log)

    def _await_ready(self, child: subprocess.Popen[bytes], deadline: float) -> None:
        while server_files.postmaster_status(self._data_dir / "pgdata") != (child.pid, "ready"):
            try:
                status = child.wait(POLL_SECONDS)
            except subprocess.TimeoutExpired:
                if time.monotonic() > deadline:
                    raise EmbeddedAway(
                        f"PostgreSQL is not ready yet and goes on: see {self._log_path}"
                    ) from None
                continue
            with self._log_path.open(errors="replace") as log:
                log.seek(self._log_start)
                raise cluster.explain(status, log.read(), f"PostgreSQL (log: {self._log_path})")

    def _make_database(self) -> None:
        """Create the database unless it exists, as after a crash between initdb and here."""
        try:
            with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
                found = connection.execute(
                    "SELECT FROM pg_database WHERE datname = %s", [cluster.DATABASE]
                ).rowcount
                if not found:
                    connection.execute(f"CREATE DATABASE {cluster.DATABASE}")
        except psycopg.Error as error:
            raise EmbeddedAway(f"the embedded PostgreSQL did not make its database: {error}") from error

    def _accepts(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


def _require_main_thread() -> None:
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("EmbeddedServer is started from the main thread: the server ends with its thread")


def _quoted(folder: Path) -> str:
    """Return the folder as one item of a PostgreSQL list, where a bare comma separates."""
    return '"' + str(folder).replace('"', '""') + '"'
