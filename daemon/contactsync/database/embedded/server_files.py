"""Which processes use an embedded cluster, and the files in which a PostgreSQL server says that it runs."""

import contextlib
import os
import select
import signal
import time
from pathlib import Path

from contactsync.domain.errors import ContactsyncError, Retryable

LEFTOVER_SECONDS = 5.0  # a fast shutdown takes 0.1 s idle; this leaves room for its checkpoint on a busy disk
STATUS_LINE = 7  # LOCK_FILE_LINE_PM_STATUS, counted from 0, in PostgreSQL's src/include/utils/pidfile.h


class EmbeddedUnavailable(ContactsyncError):  # noqa: N818 - it names a state of the host
    """The embedded PostgreSQL cannot be used; the message is one sentence that names the fix."""


class EmbeddedAway(EmbeddedUnavailable, Retryable):
    """It cannot be used now: still recovering, no space, another process has it. Worth another try (exit status 1)."""


def processes_in(pgdata: Path) -> list[int]:
    """Return the ids of the PostgreSQL processes whose working directory is the cluster: its server's."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() != pgdata:
                continue
            program = (process / "exe").readlink().name
        except OSError:  # ended meanwhile, or another user's
            continue
        # Not an administrator's shell in that folder; "postgres (deleted)" is a server after an upgrade.
        if program.startswith("postgres"):
            found.append(int(process.name))
    return found


def end_leftovers(pgdata: Path) -> None:
    """Wait until no server runs in the cluster, and end one that does not go. The caller owns the lock.

    A server without an owner is shutting down because its owner was killed, or it is what a killed postmaster
    left behind: a busy backend notices that late. Raises EmbeddedUnavailable when even SIGKILL does not help.
    """
    for insist in (signal.SIGQUIT, signal.SIGKILL, None):
        deadline = time.monotonic() + LEFTOVER_SECONDS
        while running := processes_in(pgdata):
            left = deadline - time.monotonic()
            if left <= 0:
                break
            _await_end(running[0], min(left, 0.2))
        for pid in running:
            if insist is None:
                raise EmbeddedUnavailable(
                    f"process {pid} still uses {pgdata} and cannot be ended: restart the host"
                )
            _signal(pid, insist)


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
    with contextlib.suppress(ProcessLookupError):  # ended by itself
        os.kill(pid, number)


def clear_stale_files(pgdata: Path, sockets: Path, port: int) -> None:
    """Remove lock files that name a living process which is not this server. Call after `end_leftovers`.

    PostgreSQL refuses to start while the process its pid file names is alive, and ids are used again after a
    crash. The pid file of a dead process is left to PostgreSQL, which looks for shared memory still in use
    before it goes on.
    """
    pid = postmaster_status(pgdata)[0]
    if pid and Path(f"/proc/{pid}").exists():
        (pgdata / "postmaster.pid").unlink(missing_ok=True)
    for name in (f".s.PGSQL.{port}.lock", f".s.PGSQL.{port}"):  # the folder is this cluster's alone
        (sockets / name).unlink(missing_ok=True)


def postmaster_status(pgdata: Path) -> tuple[int, str]:
    """Return (process id, status) of `postmaster.pid`, (0, "") without one; "ready" means it accepts."""
    try:
        lines = (pgdata / "postmaster.pid").read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return 0, ""
    pid = lines[0].strip() if lines else ""
    return (int(pid) if pid.isdecimal() else 0), (
        lines[STATUS_LINE].strip() if len(lines) > STATUS_LINE else ""
    )
