"""Runs the PostgreSQL of one `data_dir` as a child of this process. Its caller holds the owner's lock."""

import os
import signal
import subprocess
import time
from pathlib import Path

from contactsync.database.embedded import cluster, launch, server_files
from contactsync.database.embedded.owner_lock import unusable
from contactsync.database.embedded.server_files import EmbeddedAway
from contactsync.database.embedded.server_user import let_enter, server_user

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


class ServerProcess:
    """The server's process, and the log that it writes."""

    def __init__(self, data_dir: Path, *, durable: bool) -> None:
        """Run nothing yet."""
        self._data_dir = data_dir
        self._durable = durable
        self.child: subprocess.Popen[bytes] | None = None
        # The offset in the log at which this start's lines begin.
        self._log_start = 0

    @property
    def runs(self) -> bool:
        """Whether the server was started and has not ended."""
        return self.child is not None and self.child.poll() is None

    def start(self) -> None:
        """End leftovers, make the cluster if it is new, and start the server. Raises EmbeddedUnavailable."""
        binaries = cluster.find_binaries()
        pgdata = self._data_dir / "pgdata"
        try:
            user = server_user(self._data_dir)
            let_enter(self._data_dir, user)
            server_files.end_leftovers(pgdata)
            cluster.make_cluster(binaries, self._data_dir, user=user, durable=self._durable)
            sockets = cluster.socket_folder(self._data_dir, make=True)
            server_files.clear_stale_files(pgdata, sockets, cluster.PORT)
            self.child = self._spawn(binaries / "postgres", pgdata, sockets)
        except OSError as error:
            raise unusable(self._data_dir, error) from error

    def await_ready(self, deadline: float) -> None:
        """Wait until the server accepts connections, until this time of the monotonic clock.

        Raises EmbeddedAway if it is not ready by then, and EmbeddedUnavailable if it ended.
        """
        assert self.child is not None
        log_path = self._log_path
        while server_files.postmaster_status(self._data_dir / "pgdata") != (self.child.pid, "ready"):
            try:
                status = self.child.wait(POLL_SECONDS)
            except subprocess.TimeoutExpired:
                if time.monotonic() > deadline:
                    raise EmbeddedAway(
                        f"PostgreSQL is not ready yet and continues to start: see {log_path}"
                    ) from None
                continue
            with log_path.open(errors="replace") as log:
                log.seek(self._log_start)
                raise launch.explain(status, log.read(), f"PostgreSQL (log: {log_path})")

    def stop(self) -> None:
        """Stop the server if it runs: first a fast shutdown, then an immediate one, then a kill."""
        child = self.child
        if child is None:
            return
        for number in (signal.SIGINT, signal.SIGQUIT):
            # Popen sends nothing to a child that has ended.
            child.send_signal(number)
            try:
                child.wait(STOP_SECONDS)
                break
            except subprocess.TimeoutExpired:
                continue
        else:
            child.kill()
            child.wait()
        self.child = None

    @property
    def _log_path(self) -> Path:
        return self._data_dir / "postgresql.log"

    def _spawn(self, postgres: Path, pgdata: Path, sockets: Path) -> subprocess.Popen[bytes]:
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
                    *cluster.server_options(sockets, durable=self._durable),
                    user=server_user(self._data_dir),
                    folders=(self._data_dir, sockets),
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
