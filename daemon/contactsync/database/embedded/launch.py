"""How PostgreSQL's programs are run: as which user, in which environment, and what their failure means."""

import os
import pwd
import signal
import sys
from pathlib import Path

from contactsync.database.embedded import exec as launcher_program
from contactsync.database.embedded.server_files import EmbeddedAway, EmbeddedUnavailable
from contactsync.database.embedded.server_user import ServerUser

_REFUSED = {
    launcher_program.EXIT_NO_USER: "this host does not let root become another user",
    launcher_program.EXIT_CLOSED_FOLDER: "another user cannot pass through a folder above data_dir or PostgreSQL",
}


def command(
    program: Path,
    *arguments: str | Path,
    user: ServerUser | None,
    folders: tuple[Path, ...],
    death_signal: signal.Signals,
) -> list[str]:
    """The argv that runs a program of PostgreSQL which ends with this process (see `exec.py`).

    Root runs it as `user`, who gets access to these folders and the program's. PostgreSQL also refuses to run as a
    user id without a name: that runs in a user namespace.
    """
    if user is not None:
        identity = f"{user.uid}:{user.gid}"
    else:
        try:
            pwd.getpwuid(os.geteuid())
            identity = "same"
        except KeyError:
            identity = "namespace"
    # .../pginstall/bin/postgres needs .../pginstall/lib and share.
    reached = [str(folder) for folder in (*folders, program.parents[1])]
    # -I -S ignores the environment and site-packages, and saves 10 ms.
    launcher = [sys.executable, "-I", "-S", launcher_program.__file__]
    launcher += [str(os.getpid()), str(int(death_signal)), identity, str(len(reached)), *reached]
    return [*launcher, str(program), *map(str, arguments)]


def environment() -> dict[str, str]:
    """The environment of PostgreSQL's programs: ours without secrets and PG* variables, messages in English."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "CONTACTSYNC_", "LC_"))}
    return kept | {"LC_ALL": "C"}


def explain(status: int, output: str, program: str) -> EmbeddedUnavailable:
    """The error for a program that wrote `output` and ended with `status` (Popen.returncode)."""
    if status == launcher_program.EXIT_NO_NAMESPACE:
        return EmbeddedUnavailable(
            f"PostgreSQL refuses to run as user id {os.geteuid()}, which has no name, and this host forbids user"
            " namespaces: give it a name in /etc/passwd, or set database_url"
        )
    if status in _REFUSED:
        return EmbeddedUnavailable(
            f"PostgreSQL does not run as root, and {_REFUSED[status]} ({output.strip()}):"
            " run contactsync as an ordinary user, or set database_url"
        )
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    marked = [line for line in lines if any(mark in line for mark in ("FATAL", "PANIC", "error:"))]
    reason = (marked or lines or ["it printed nothing"])[-1]
    ended = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
    # Worth another try: the cause may be a full disk or a lack of memory.
    return EmbeddedAway(f"{program} {ended}: {reason}")
