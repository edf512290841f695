"""A host with users for the daemon and two FTP accounts: a mount namespace whose /etc/passwd has them.

Permissions do not bind root, so the daemon and the uploaders run under uids of their own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.acceptance.program import DEADLINE, Program

if TYPE_CHECKING:
    from collections.abc import Iterable

DAEMON, ACME, GLOBEX = 64_101, 64_102, 64_103
"""Each one's uid, and the gid of its own group."""

USERS = {"contactsync": DAEMON, "acme": ACME, "globex": GLOBEX}
CAPABILITIES = "+dac_read_search,+lease"
TENANT_PYTHON = (os.path.realpath(sys.executable), "-I", "-S")
"""No environment of ours: others may not be able to read it."""


@cache
def why_not() -> str | None:
    """Why this machine cannot run processes of other users; None if it can."""
    if os.geteuid() != 0:
        return "only root can start processes of other users"
    tried = ["unshare", "--mount", *as_user(ACME, capabilities=True), *TENANT_PYTHON, "-c", "import os"]
    try:
        done = subprocess.run(tried, capture_output=True, check=False)
    except FileNotFoundError:
        return "unshare or setpriv is not installed"
    return (
        None
        if done.returncode == 0
        else f"no other users here: {done.stderr.decode(errors='replace')[-200:]}"
    )


class Host:
    """The namespace; put `enter` before a command that must see its users."""

    def __init__(self, folder: Path) -> None:
        passwd = [f"{name}:x:{uid}:{uid}::/nonexistent:/usr/sbin/nologin\n" for name, uid in USERS.items()]
        group = [f"{name}:x:{uid}:\n" for name, uid in USERS.items()]
        for name, lines in (("passwd", passwd), ("group", group)):
            (folder / name).write_text(Path("/etc", name).read_text() + "".join(lines))
            (folder / name).chmod(0o644)
        script = 'mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/group" /etc/group && echo ready && read end'
        self._holder = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", script, "sh", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == b"ready\n"
        namespace = f"--mount=/proc/{self._holder.pid}/ns/mnt"
        self.enter = ("nsenter", namespace, f"--wd={os.getcwd()}")

    def close(self) -> None:
        self._holder.communicate(timeout=30)


def as_user(uid: int, *, capabilities: bool = False) -> tuple[str, ...]:
    """The prefix that runs a command as this user, without any other group."""
    caps = (
        (f"--inh-caps={CAPABILITIES}", f"--ambient-caps={CAPABILITIES}")
        if capabilities
        else ("--inh-caps=-all",)
    )
    return ("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--no-new-privs", *caps)


class HostProgram(Program):
    """A program whose commands run as root on a `Host`, and whose daemon runs under the daemon's uid."""

    def __init__(self, folder: Path, database_url: str, host: Host, **settings: object) -> None:
        folder.mkdir()
        folder.chmod(0o755)
        super().__init__(folder, database_url, **settings)
        self._host = host
        self.ftp.chmod(0o755)
        self.capabilities = True

    def _command(self, *arguments: str) -> list[str]:
        user = as_user(DAEMON, capabilities=self.capabilities) if arguments[0] == "run" else ()
        return [*self._host.enter, *user, *super()._command(*arguments)]

    def cli(self, *arguments: str, user: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command as `user` (root by default), whatever its exit status."""
        whose = as_user(user, capabilities=False) if user else ()
        command = [*self._host.enter, *whose, *super()._command(*arguments)]
        return subprocess.run(
            command, env=self._environment, capture_output=True, text=True, timeout=DEADLINE, check=False
        )

    def shell(self, command: str) -> None:
        """A command line that root runs, such as `init --check` prints; `contactsync` is this program."""
        environment = self._environment | {"CONTACTSYNC": " ".join(super()._command()), "ENV": ""}
        script = f'contactsync() {{ $CONTACTSYNC "$@"; }}; {command}'
        subprocess.run(
            [*self._host.enter, "sh", "-c", script],
            env=environment,
            check=True,
            capture_output=True,
            timeout=DEADLINE,
        )

    def add_tenants(self) -> None:
        """The accounts acme and globex with their folders, as `init` makes them."""
        for name in ("acme", "globex"):
            self.connection.execute(
                "INSERT INTO account (name, dedup, unix_user, unix_group) VALUES (%s, 'reference', %s, %s)",
                [name] * 3,
            )
        done = self.cli("init")
        assert done.returncode == 0, done.stderr


# Evaluates expressions, one JSON line each, and answers with the value or the name of the error.
TENANT = """
import errno, fcntl, json, os, socket, stat, sys
names = globals()
names["names"] = names
for line in sys.stdin:
    try:
        answer = eval(compile(json.loads(line), "tenant", "eval"), names)
        answer = answer.decode("latin-1") if isinstance(answer, bytes) else answer
    except OSError as error:
        answer = {"error": errno.errorcode.get(error.errno, str(error))}
    print(json.dumps(answer, default=repr), flush=True)
"""


class Tenant:
    """A process of an FTP account, which evaluates expressions in the account's home."""

    def __init__(self, uid: int, home: Path) -> None:
        self.home = home
        self._process = subprocess.Popen(
            [*as_user(uid), *TENANT_PYTHON, "-c", TENANT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd="/",
        )
        self("os.umask(0o077)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=30)

    def __call__(self, expression: str, *paths: str | Path) -> Any:
        """The value of an expression in which `p[0]`, `p[1]` … are paths below the home; `{"error": …}` if it fails."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        given = [str(self.home / path) for path in paths]
        self._process.stdin.write(json.dumps(f"(lambda p: {expression})({given!r})") + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def put(self, path: str, content: bytes) -> Any:
        """Upload as FTP servers do: open, write, close; mode 0600."""
        flags = "os.O_WRONLY | os.O_CREAT | os.O_TRUNC"
        return self(
            f"(lambda fd: (os.write(fd, {content!r}), os.close(fd)))(os.open(p[0], {flags}, 0o600))", path
        )

    def get(self, path: str | Path) -> Any:
        """Read a file, as Latin-1."""
        return self("open(p[0], 'rb').read()", path)

    def errors(self, attempts: Iterable[tuple[str, tuple[str, ...]]]) -> dict[str, Any]:
        """The results of the attempts that were not forbidden."""
        found = {f"{expression} {paths}": self(expression, *paths) for expression, paths in attempts}
        return {what: answer for what, answer in found.items() if answer not in FORBIDDEN}


FORBIDDEN = [{"error": "EACCES"}, {"error": "EPERM"}]
