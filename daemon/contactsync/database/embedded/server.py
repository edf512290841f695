"""An embedded PostgreSQL, shared by the contactsync processes of one `data_dir`.

The process that holds the lock on `data_dir/postgresql.lock` owns the server, which is its child. Other
processes attach over the unix socket. When the owner ends, however it ends, the kernel releases the lock
and sends the server its death signal. So no file on disk is trusted: neither a pid file nor a socket.

    start → lock taken?  yes → end leftovers, make the cluster if new, run postgres, await ready  (owner)
                         no  → does the server accept connections?  yes → use it               (attached)
                                                                    no  → try again until the deadline
"""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg

from contactsync.database.embedded import cluster, server_files
from contactsync.database.embedded.owner_lock import OwnerLock, unusable
from contactsync.database.embedded.server_files import EmbeddedAway, EmbeddedUnavailable

__all__ = ["EmbeddedAway", "EmbeddedServer", "EmbeddedUnavailable"]

# Replaying max_wal_size after a crash takes tens of seconds on a slow disk.
START_SECONDS = 120.0
# A fast shutdown writes at most shared_buffers. After this, the server gets an immediate shutdown.
STOP_SECONDS = 30.0
# A first start takes 0.6 s, a later one 0.05 s.
POLL_SECONDS = 0.005

# The kernel sends the server of a killed owner SIGINT, a fast shutdown. It ends sessions and writes dirty
# buffers (at most shared_buffers), and the next start has nothing to recover. An immediate shutdown
# (SIGQUIT) leaves up to max_wal_size to replay. Measured in the middle of an update of 1 M rows: 0.25 s to
# stop + 0.05 s to start, against 0.04 s + 1.33 s. The next owner ends a server that hangs
# (`end_leftovers`).
DEATH_SIGNAL = signal.SIGINT


class EmbeddedServer:
    """The PostgreSQL of one `data_dir`, run as a child of this process or of another contactsync process.

    Start it from the main thread: the death signal is tied to the thread that starts the server
    (PR_SET_PDEATHSIG in prctl(2)), and any other thread may end before the process does.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        """Use the server of `data_dir`, which `start` makes. `durable=False` is for tests: fast and unsafe."""
        # One spelling: it is compared with /proc and names the socket folder.
        self._data_dir = data_dir.resolve()
        self._durable = durable
        self._lock = OwnerLock(self._data_dir)
        self._child: subprocess.Popen[bytes] | None = None
        self._attached = False
        # Whether our child has accepted connections.
        self._ready = False
        # The offset in the log at which this start's lines begin.
        self._log_start = 0

    @property
    def url(self) -> str:
        """The libpq URL of database `contactsync` over the unix socket; valid once `start` has returned."""
        return self._url(cluster.DATABASE)

    def start(self, seconds: float = START_SECONDS) -> None:
        """Start the server as its owner, or attach to another process's server; does nothing if it runs.

        Raises EmbeddedUnavailable. If recovery takes longer than `seconds`, the server continues; call
        again to wait again. Raises RuntimeError outside the main thread.
        """
        _require_main_thread()
        deadline = time.monotonic() + seconds
        while not self._take_lock():
            if self._accepts():
                self._attached = True
                return
            if time.monotonic() > deadline:
                raise EmbeddedAway(
                    f"{self._lock.path} is held by process {self._lock.holder()}, whose server does not accept"
                    f" connections at {self._sockets()}: stop that process"
                )
            # There is no event for "the lock is free, or the server accepts connections".
            time.sleep(POLL_SECONDS * 4)
        try:
            self._run(deadline)
        except BaseException:
            # An owner without a server would keep others from trying. Stay the owner of a server that is
            # still recovering.
            if self._child is None or self._child.poll() is not None:
                self._release()
            raise

    def stop(self) -> None:
        """Stop the server (fast shutdown) if this process owns it, otherwise leave it. Safe to repeat."""
        child = self._child
        if child is not None:
            for number, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, STOP_SECONDS)):
                # Popen sends nothing to a child that has ended.
                child.send_signal(number)
                try:
                    child.wait(seconds)
                    break
                except subprocess.TimeoutExpired:
                    continue
            else:
                child.kill()
                child.wait()
        self._release()

    def ensure(self, seconds: float = START_SECONDS) -> bool:
        """Start the server again if it has ended, or if its owner has; returns whether that was necessary.

        Costs one or two system calls if the server runs. Call it periodically, from the main thread.
        Raises EmbeddedUnavailable if the start failed or took longer than `seconds`; call it again later.
        """
        _require_main_thread()
        if self._ready and self._child is not None and self._child.poll() is None:
            return False
        if self._child is None and self._attached and not self._take_lock():
            # The owner is alive, and restarts its server itself.
            return False
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
    def _log_path(self) -> Path:
        return self._data_dir / "postgresql.log"

    def _sockets(self, *, make: bool = False) -> Path:
        try:
            return cluster.socket_folder(self._data_dir, make=make)
        except OSError as error:
            raise unusable(self._data_dir, error) from error

    def _url(self, database: str) -> str:
        host = quote(str(self._sockets()), safe="")
        return f"postgresql://{cluster.ROLE}@/{database}?host={host}&port={cluster.PORT}"

    def _take_lock(self) -> bool:
        if not self._lock.take():
            return False
        self._attached = False
        return True

    def _release(self) -> None:
        self._child, self._attached, self._ready = None, False, False
        self._lock.release()

    def _run(self, deadline: float) -> None:
        """Start the server, and wait until it and its database are ready; this process holds the lock."""
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
                raise unusable(self._data_dir, error) from error
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
                # Ctrl-C in a terminal must not reach postgres: we stop it after our own work.
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
                        f"PostgreSQL is not ready yet and continues to start: see {self._log_path}"
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
            raise EmbeddedAway(f"the embedded PostgreSQL could not create its database: {error}") from error

    def _accepts(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


def _require_main_thread() -> None:
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("start EmbeddedServer from the main thread: the server ends with its thread")


def _quoted(folder: Path) -> str:
    """The folder as one item of a PostgreSQL list, in which an unquoted comma separates items."""
    return '"' + str(folder).replace('"', '""') + '"'
