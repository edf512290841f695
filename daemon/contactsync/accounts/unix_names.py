"""Checks the Unix user and group of an account's FTP login against this host (getpwnam(3), getgrnam(3))."""

from __future__ import annotations

import grp
import pwd
import re

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}\$?")


def user_problem(name: str) -> str | None:
    """Why no account can have this Unix user, or None."""
    if not _NAME.fullmatch(name):
        return f"{name!r} is not the name of a Unix user"
    try:
        pwd.getpwnam(name)
    except KeyError:
        return f"this host has no Unix user {name}: useradd --system --no-create-home --shell /usr/sbin/nologin {name}"
    return None


def group_problem(name: str) -> str | None:
    """Why no account can have this Unix group, or None."""
    if not _NAME.fullmatch(name):
        return f"{name!r} is not the name of a Unix group"
    try:
        grp.getgrnam(name)
    except KeyError:
        return f"this host has no Unix group {name}: groupadd --system {name}"
    return None
