"""An embedded PostgreSQL, shared by the contactsync processes of one `data_dir`.

The process that holds the lock on `data_dir/postgresql.lock` owns the server, which is its child. Other
processes attach over the unix socket. When the owner ends, however it ends, the kernel releases the lock
and sends the server its death signal. So no file on disk is trusted: neither a pid file nor a socket.

    start → lock taken?  yes → end leftovers, make the cluster if new, run postgres, await ready  (owner)
                         no  → does the server accept connections?  yes → use it               (attached)
                                                                    no  → try again until the deadline
"""

import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg

from contactsync.database import roles
from contactsync.database.embedded import cluster, provision
from contactsync.database.embedded.owner_lock import OwnerLock, unusable
from contactsync.database.embedded.server_files import EmbeddedAway, EmbeddedUnavailable
from contactsync.database.embedded.server_process import ServerProcess

__all__ = ["EmbeddedAway", "EmbeddedServer", "EmbeddedUnavailable"]

# Replaying max_wal_size after a crash takes tens of seconds on a slow disk.
START_SECONDS = 120.0
# How often to look whether the lock is free, or the server of its holder accepts connections.
POLL_SECONDS = 0.02


class EmbeddedServer:
    """The PostgreSQL of one `data_dir`, run as a child of this process or of another contactsync process.

    Start it from the main thread: the death signal is tied to the thread that starts the server
    (PR_SET_PDEATHSIG in prctl(2)), and any other thread may end before the process does.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        """Use the server of `data_dir`, which `start` makes. `durable=False` is for tests: fast and unsafe."""
        # One spelling: it is compared with /proc and names the socket folder.
        self._data_dir = data_dir.resolve()
        self._lock = OwnerLock(self._data_dir)
        self._process = ServerProcess(self._data_dir, durable=durable)
        self._attached = False
        # Whether our process has accepted connections.
        self._ready = False

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
            time.sleep(POLL_SECONDS)
        try:
            self._run(deadline)
        except BaseException:
            # An owner without a server would keep others from trying. Stay the owner of a server that is
            # still recovering.
            if not self._process.runs:
                self._release()
            raise

    def stop(self) -> None:
        """Stop the server (fast shutdown) if this process owns it, otherwise leave it. Safe to repeat."""
        self._process.stop()
        self._release()

    def ensure(self, seconds: float = START_SECONDS) -> bool:
        """Start the server again if it has ended, or if its owner has; returns whether that was necessary.

        Costs one or two system calls if the server runs. Call it periodically, from the main thread.
        Raises EmbeddedUnavailable if the start failed or took longer than `seconds`; call it again later.
        """
        _require_main_thread()
        if self._ready and self._process.runs:
            return False
        if self._process.child is None and self._attached and not self._take_lock():
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

    def _sockets(self) -> Path:
        try:
            return cluster.socket_folder(self._data_dir)
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
        self._process.child, self._attached, self._ready = None, False, False
        self._lock.release()

    def _run(self, deadline: float) -> None:
        """Start the server, and wait until it and its database are ready; this process holds the lock."""
        if not self._process.runs:
            self._ready = False
            self._process.start()
        self._process.await_ready(deadline)
        provision.make_database(self._url("postgres", cluster.ROLE))
        provision.create_roles(self.admin_url)
        self._ready = True

    def _accepts(self) -> bool:
        try:
            psycopg.connect(self.admin_url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


def _require_main_thread() -> None:
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("start EmbeddedServer from the main thread: the server ends with its thread")
