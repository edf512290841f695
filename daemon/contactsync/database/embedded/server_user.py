"""The user that an embedded PostgreSQL runs as if root starts it: never root, who could write any file by SQL.

PostgreSQL refuses to run as root, for good reason: `COPY … TO` and extensions act with the server's rights.
Root's server runs as the user `contactsync`, whom the packages create. On a host without that user it runs as a
user id of its own, which has no name and no other process, so nobody else can enter the cluster's folders.
"""

import contextlib
import errno
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from contactsync.database.embedded.server_files import EmbeddedUnavailable

NAME = "contactsync"
# Runs initdb, which requires a user with a name; the cluster is given to the server's user afterwards.
NAMED = "nobody"
# Debian Policy 9.2.2: 65000 to 65533 are reserved, so neither a package nor useradd takes it.
UNNAMED_ID = 65_077


@dataclass(frozen=True, slots=True)
class ServerUser:
    """A user id and group id that PostgreSQL runs under."""

    uid: int
    gid: int


def server_user(data_dir: Path) -> ServerUser | None:
    """The user that root runs the server as: the owner of an existing cluster, or see above. None if not root."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(FileNotFoundError):
        found = (data_dir / "pgdata").stat()
        # Root owns the clusters of older versions; `give` changes that.
        if found.st_uid != 0:
            return ServerUser(found.st_uid, found.st_gid)
    return _named(NAME) or ServerUser(UNNAMED_ID, UNNAMED_ID)


def daemon_uid(data_dir: Path) -> int | None:
    """The user that the daemon runs as: the owner of `data_dir`, or the user that the packages create; None if not root."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(OSError):
        if (owner := data_dir.stat().st_uid) != 0:
            return owner
    found = _named(NAME)
    return found.uid if found else None


def initdb_user(user: ServerUser | None) -> ServerUser | None:
    """The user that makes the cluster of `user`, in the same group, which may enter `data_dir`; None if not root.

    Raises EmbeddedUnavailable.
    """
    if user is None:
        return None
    if found := _named(NAME) or _named(NAMED):
        return ServerUser(found.uid, user.gid)
    raise EmbeddedUnavailable(
        f"PostgreSQL refuses to run as root, and this host has neither a user {NAME} nor {NAMED}:"
        " run contactsync as an ordinary user, or set database_url"
    )


def _named(name: str) -> ServerUser | None:
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        return None
    return ServerUser(found.pw_uid, found.pw_gid)


def give(folder: Path, user: ServerUser | None) -> None:
    """Make the user the owner of a folder and everything in it; does nothing if it is, or without a user.

    The folder itself comes last: if this process is killed, the next start completes the change. Raises OSError,
    EmbeddedUnavailable.
    """
    if user is None or folder.stat().st_uid == user.uid:
        return
    for parent, folders, files in os.walk(folder, topdown=False):
        for name in (*folders, *files):
            _chown(os.path.join(parent, name), user.uid, user.gid)
    _chown(folder, user.uid, user.gid)


def let_enter(data_dir: Path, user: ServerUser | None) -> None:
    """Let the user pass through `data_dir` to the cluster, but list or change nothing in it; raises as `give` does."""
    if user is None:
        return
    found = data_dir.stat()
    mode = stat.S_IMODE(found.st_mode)
    if found.st_gid != user.gid or not mode & stat.S_IXGRP:
        _chown(data_dir, -1, user.gid)
        data_dir.chmod(mode & ~stat.S_IRWXG | stat.S_IXGRP)


def _chown(path: str | Path, uid: int, gid: int) -> None:
    try:
        os.chown(path, uid, gid, follow_symlinks=False)
    except OSError as error:
        # A user namespace without that id, or no CAP_CHOWN.
        if error.errno in (errno.EINVAL, errno.EPERM):
            raise EmbeddedUnavailable(
                "PostgreSQL does not run as root, and this host does not let root give files to another user:"
                " run contactsync as an ordinary user, or set database_url"
            ) from None
        raise
