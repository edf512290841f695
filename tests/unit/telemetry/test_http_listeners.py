"""The Unix socket of the HTTP server: who may open it, what a killed daemon leaves, and what is never removed."""

from __future__ import annotations

import os
import socket
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from contactsync.telemetry.http_listeners import SOCKET_MODE, UnixListener

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def no_umask() -> Iterator[None]:
    """As in the daemon, which sets modes where it creates files."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("no_umask")
def test_only_user_and_group_may_open_it(tmp_path: Path) -> None:
    """Mode 0660, whatever the umask."""
    listener = UnixListener(tmp_path / "http.sock")
    with closing(listener.open()):
        assert stat.S_IMODE(os.lstat(listener.path).st_mode) == SOCKET_MODE


def test_it_replaces_what_a_killed_daemon_left(tmp_path: Path) -> None:
    """A socket at which nobody listens does not keep the next daemon from listening."""
    path = tmp_path / "http.sock"
    UnixListener(path).open().close()
    with closing(UnixListener(path).open()), closing(socket.socket(socket.AF_UNIX)) as client:
        client.connect(str(path))


def test_it_leaves_a_running_daemon_alone(tmp_path: Path) -> None:
    """A socket at which somebody listens is taken."""
    path = tmp_path / "http.sock"
    with closing(UnixListener(path).open()), pytest.raises(OSError, match="Address already in use"):
        UnixListener(path).open()


@pytest.mark.parametrize("planted", ["file", "link"])
def test_it_removes_nothing_but_a_socket(tmp_path: Path, planted: str) -> None:
    """A file or a link in its place stays as it is, and so does the file that the link names."""
    path, other = tmp_path / "http.sock", tmp_path / "other"
    other.write_text("kept")
    if planted == "link":
        path.symlink_to(other)
    else:
        path.write_text("kept")
    with pytest.raises(OSError, match="Address already in use"):
        UnixListener(path).open()
    assert path.read_text() == other.read_text() == "kept"


def test_closing_removes_it(tmp_path: Path) -> None:
    """A clean stop leaves no file behind."""
    listener = UnixListener(tmp_path / "http.sock")
    with closing(listener.open()):
        listener.close()
    assert not listener.path.exists()


def test_closing_leaves_a_successor_alone(tmp_path: Path) -> None:
    """A daemon that stops late does not take the socket of the one that replaced it."""
    path = tmp_path / "http.sock"
    old, new = UnixListener(path), UnixListener(path)
    with closing(old.open()) as kept_open:
        path.unlink()
        with closing(new.open()):
            old.close()
            assert path.exists()
        assert kept_open.fileno() >= 0
