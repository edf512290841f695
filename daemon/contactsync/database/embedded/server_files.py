"""Finds the processes that use an embedded cluster, and reads the files in which a server records its state."""

import contextlib
import ctypes
import os
import select
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from contactsync.domain.errors import ContactsyncError, Retryable

# A fast shutdown of an idle server takes 0.1 s; this leaves time for its checkpoint on a busy disk.
LEFTOVER_SECONDS = 5.0
# LOCK_FILE_LINE_PM_STATUS in PostgreSQL's src/include/utils/pidfile.h, counted from 0.
STATUS_LINE = 7


class EmbeddedUnavailable(ContactsyncError):  # noqa: N818 - it names a state of the host
    """The embedded PostgreSQL cannot be used; the message is one sentence that names the fix."""


class EmbeddedAway(EmbeddedUnavailable, Retryable):
    """It cannot be used now (recovery, full disk, another process has it); worth another try (exit status 1)."""


def processes_in(pgdata: Path) -> list[int]:
    """The ids of the cluster's server processes: PostgreSQL processes whose working directory it is."""
    found: list[int] = []
    try:
        cluster = pgdata.stat()
    except FileNotFoundError:
        return found
    with _files_as(cluster.st_uid, cluster.st_gid):
        for process in Path("/proc").glob("[0-9]*"):
            try:
                # Not by its path, which differs in a mount namespace (exec.py).
                if not os.path.samestat((process / "cwd").stat(), cluster):
                    continue
                program = (process / "exe").readlink().name
            # It has ended meanwhile, or belongs to another user.
            except OSError:
                continue
            # An administrator's shell may be in that folder. "postgres (deleted)" is a server after an upgrade.
            if program.startswith("postgres"):
                found.append(int(process.name))
    return found


@contextlib.contextmanager
def _files_as(owner: int, group: int) -> Iterator[None]:
    """Open files in this block as another user, in this thread alone. Does nothing unless root runs it.

    /proc shows a process's folder to its own user, but to root only with CAP_SYS_PTRACE, which many containers lack.
    """
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None)
    # setfsuid(2): unlike seteuid, it affects the calling thread only.
    libc.setfsgid(group)
    libc.setfsuid(owner)
    try:
        yield
    finally:
        libc.setfsuid(0)
        libc.setfsgid(os.getegid())


def end_leftovers(pgdata: Path) -> None:
    """Wait until no server runs in the cluster, and end one that does not stop. The caller owns the lock.

    A server without an owner is shutting down because its owner was killed. Or its postmaster was killed,
    which a busy backend notices late. Raises EmbeddedUnavailable if even SIGKILL does not end it.
    """
    for next_signal in (signal.SIGQUIT, signal.SIGKILL, None):
        deadline = time.monotonic() + LEFTOVER_SECONDS
        while running := processes_in(pgdata):
            left = deadline - time.monotonic()
            if left <= 0:
                break
            _await_end(running[0], min(left, 0.2))
        for pid in running:
            if next_signal is None:
                raise EmbeddedUnavailable(
                    f"process {pid} still uses {pgdata} and cannot be ended: restart the host"
                )
            _signal(pid, next_signal)


def _await_end(pid: int, seconds: float) -> None:
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        select.select([handle], [], [], seconds)
    finally:
        os.close(handle)


def _signal(pid: int, number: signal.Signals) -> None:
    # It may have ended meanwhile.
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def clear_stale_files(pgdata: Path, sockets: Path, port: int) -> None:
    """Remove lock files that name a living process which is not this server. Call after `end_leftovers`.

    PostgreSQL refuses to start while the process in its pid file is alive, and process ids are reused after
    a crash. The pid file of a dead process is left to PostgreSQL, which first checks for shared memory in
    use.
    """
    pid = postmaster_status(pgdata)[0]
    if pid and Path(f"/proc/{pid}").exists():
        (pgdata / "postmaster.pid").unlink(missing_ok=True)
    # No other server uses this folder.
    for name in (f".s.PGSQL.{port}.lock", f".s.PGSQL.{port}"):
        (sockets / name).unlink(missing_ok=True)


def postmaster_status(pgdata: Path) -> tuple[int, str]:
    """The process id and status in `postmaster.pid`, or (0, ""); "ready": it accepts connections."""
    try:
        lines = (pgdata / "postmaster.pid").read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return 0, ""
    pid = lines[0].strip() if lines else ""
    status = lines[STATUS_LINE].strip() if len(lines) > STATUS_LINE else ""
    return (int(pid) if pid.isdecimal() else 0), status
