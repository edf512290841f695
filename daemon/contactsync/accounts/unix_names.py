"""Checks the Unix user and group of an account's FTP login against this host (getpwnam(3), getgrnam(3))."""

from __future__ import annotations

import grp
import pwd
import re
from collections.abc import Callable

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}\$?")


def user_problem(name: str) -> str | None:
    """Why no account can have this Unix user, or None."""
    return _problem("user", name, pwd.getpwnam, "useradd --system --no-create-home --shell /usr/sbin/nologin")


def group_problem(name: str) -> str | None:
    """Why no account can have this Unix group, or None."""
    return _problem("group", name, grp.getgrnam, "groupadd --system")


def _problem(kind: str, name: str, look_up: Callable[[str], object], create: str) -> str | None:
    if not _NAME.fullmatch(name):
        return f"{name!r} is not the name of a Unix {kind}"
    try:
        look_up(name)
    except KeyError:
        return f"this host has no Unix {kind} {name}: {create} {name}"
    return None
