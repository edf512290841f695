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

from contactsync.database import roles
from contactsync.database.embedded import cluster, launch, provision, server_files
from contactsync.database.embedded.owner_lock import OwnerLock, unusable
from contactsync.database.embedded.server_files import EmbeddedAway, EmbeddedUnavailable
from contactsync.database.embedded.server_user import let_enter, server_user

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
        """The libpq URL of database `contactsync` over the unix socket; valid once `start` has returned.

        Its role is the daemon's (sql/roles.sql), not a superuser.
        """
        return self._url(cluster.DATABASE, roles.DAEMON)

    @property
    def admin_url(self) -> str:
        """The same database as the superuser."""
        return self._url(cluster.DATABASE, cluster.ROLE)

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
                # For an owner of an older version, without roles.
                provision.create_missing_roles(self.admin_url)
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

    def _url(self, database: str, role: str) -> str:
        host = quote(str(self._sockets()), safe="")
        return f"postgresql://{role}@/{database}?host={host}&port={cluster.PORT}"

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
                user = server_user(self._data_dir)
                let_enter(self._data_dir, user)
                server_files.end_leftovers(pgdata)
                cluster.make_cluster(binaries, self._data_dir, user=user, durable=self._durable)
                server_files.clear_stale_files(pgdata, self._sockets(make=True), cluster.PORT)
                self._child = self._spawn(binaries / "postgres", pgdata)
            except OSError as error:
                raise unusable(self._data_dir, error) from error
        self._await_ready(self._child, deadline)
        provision.make_database(self._url("postgres", cluster.ROLE))
        provision.create_roles(self.admin_url)
        self._ready = True

    def _spawn(self, postgres: Path, pgdata: Path) -> subprocess.Popen[bytes]:
        log = os.open(self._log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(log).st_size > cluster.LOG_BYTES:
                os.ftruncate(log, 0)
            self._log_start = os.fstat(log).st_size
            return subprocess.Popen(  # noqa: S603 - our own program and arguments
                launch.command(
                    postgres,
                    "-D",
                    pgdata,
                    *cluster.server_options(self._sockets(), durable=self._durable),
                    user=server_user(self._data_dir),
                    folders=(self._data_dir, self._sockets()),
                    death_signal=DEATH_SIGNAL,
                ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=launch.environment(),
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
                raise launch.explain(status, log.read(), f"PostgreSQL (log: {self._log_path})")

    def _accepts(self) -> bool:
        try:
            psycopg.connect(self.admin_url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


def _require_main_thread() -> None:
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("start EmbeddedServer from the main thread: the server ends with its thread")
