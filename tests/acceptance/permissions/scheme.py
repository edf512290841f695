"""Owners and modes of the tree that `init` creates, and every way in which an account may attack a file."""

from __future__ import annotations

import stat
from pathlib import Path

from contactsync.domain.deposit import ACTIONS
from tests.acceptance.host import ACME, DAEMON, HostProgram
from tests.acceptance.program import BOXES
from tests.acceptance.tables import people

# Some folders in which the account may write.
OPEN = ("contacts/import", "contacts/import/in", "contacts/optinSMS/in")
# Two rows are applied, one is rejected.
CONTENT = people(2) + b"R9;Secret;;\n"
FORBIDDEN = {"error": "EACCES"}

# docs/ftp-facts.md, "Permissions that hold": owner, group and mode of each folder of acme's home.
SCHEME = {
    "": (0, ACME, 0o751),
    "contacts": (DAEMON, ACME, 0o2750),
    "reporting": (DAEMON, ACME, 0o2750),
    **{f"contacts/{action}": (DAEMON, ACME, 0o3770 if action == "import" else 0o2750) for action in ACTIONS},
    **{
        f"contacts/{action}/{box}": (DAEMON, ACME, 0o2770 if box == "in" else 0o2750)
        for action in ACTIONS
        for box in BOXES
    },
}


def scheme(home: Path) -> dict[str, tuple[int, int, int]]:
    """Owner, group and mode of each folder of the scheme."""
    found = {path: (home / path).lstat() for path in SCHEME}
    return {path: (each.st_uid, each.st_gid, stat.S_IMODE(each.st_mode)) for path, each in found.items()}


def owner_of(path: Path) -> tuple[int, int, int]:
    found = path.lstat()
    return found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)


def changes(path: str) -> list[tuple[str, tuple[str, ...]]]:
    """Every way to change a file, or to get a way to do so."""
    return [
        *(
            (f"os.open(p[0], os.{flags})", (path,))
            for flags in ("O_WRONLY", "O_RDWR", "O_WRONLY | os.O_APPEND")
        ),
        ("os.open(p[0], os.O_RDONLY | os.O_TRUNC)", (path,)),
        ("os.truncate(p[0], 0)", (path,)),
        ("os.ftruncate(os.open(f'/proc/self/fd/{os.open(p[0], os.O_RDONLY)}', os.O_RDWR), 0)", (path,)),
        ("os.unlink(p[0])", (path,)),
        ("os.chmod(p[0], 0o666)", (path,)),
        ("os.chown(p[0], os.getuid(), -1)", (path,)),
        ("os.utime(p[0])", (path,)),
        ("os.setxattr(p[0], 'user.x', b'x')", (path,)),
        ("os.rename(p[0], p[1])", (path, "contacts/import/in/back.part")),
        ("os.rename(p[0], p[1])", (path, "contacts/import/back")),
        ("os.link(p[0], p[1])", (path, "contacts/import/in/link.part")),
        ("os.link(p[0], p[1])", (path, "contacts/import/.syncExistingList")),
    ]


def days(program: HostProgram) -> list[Path]:
    """The published days of acme."""
    return sorted(path for path in (program.ftp / "acme" / "reporting").iterdir() if path.name[0] != ".")
