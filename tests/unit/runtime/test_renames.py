"""Renames that replace nothing, on file systems with and without RENAME_NOREPLACE."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from contactsync.runtime import kernel
from contactsync.runtime.kernel import claim_noreplace, rename_noreplace

FILES = 300
Rename = Callable[[int, bytes, int, bytes], None]


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """Open folders `from` and `to`."""
    opened = []
    for name in ("from", "to"):
        (tmp_path / name).mkdir()
        opened.append(os.open(tmp_path / name, os.O_RDONLY))
    yield opened[0], opened[1]
    for fd in opened:
        os.close(fd)


@pytest.fixture(params=["RENAME_NOREPLACE", "without it"])
def file_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "without it":
        monkeypatch.setattr(kernel, "_renameat2", None)
    return str(request.param)


@pytest.mark.usefixtures("file_system")
@pytest.mark.parametrize("rename", [claim_noreplace, rename_noreplace])
def test_nothing_is_replaced(rename: Rename, folders: tuple[int, int], tmp_path: Path) -> None:
    """Both files keep their names, and no other file remains."""
    (tmp_path / "from/a").write_text("new")
    (tmp_path / "to/b").write_text("old")
    with pytest.raises(FileExistsError):
        rename(folders[0], b"a", folders[1], b"b")
    assert {path.name: path.read_text() for path in tmp_path.glob("*/*")} == {"a": "new", "b": "old"}
    assert os.listdir(folders[1]) == ["b"]


@pytest.mark.usefixtures("file_system")
@pytest.mark.parametrize("rename", [claim_noreplace, rename_noreplace])
def test_a_free_name_is_taken(rename: Rename, folders: tuple[int, int], tmp_path: Path) -> None:
    (tmp_path / "from/a").write_text("new")
    rename(folders[0], b"a", folders[1], b"b")
    assert [os.listdir(folder) for folder in folders] == [[], ["b"]]
    assert (tmp_path / "to/b").read_text() == "new"


@pytest.mark.usefixtures("file_system")
def test_a_move_that_a_kill_interrupted_is_completed(folders: tuple[int, int], tmp_path: Path) -> None:
    """Between its two steps the file has both names; the same call again removes the old one."""
    (tmp_path / "from/a").write_text("new")
    os.link(tmp_path / "from/a", tmp_path / "to/b")
    rename_noreplace(folders[0], b"a", folders[1], b"b")
    assert [os.listdir(folder) for folder in folders] == [[], ["b"]]


def test_what_can_have_no_second_name_is_renamed(
    folders: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a directory, link(2) gives EPERM, as it does for any file on a file system without hard links."""
    monkeypatch.setattr(kernel, "_renameat2", None)
    for name in ("a", "b"):
        (tmp_path / "from" / name).mkdir()
    rename_noreplace(folders[0], b"a", folders[1], b"a")
    with pytest.raises(FileExistsError):
        rename_noreplace(folders[0], b"b", folders[1], b"a")
    assert [os.listdir(folder) for folder in folders] == [["b"], ["a"]]


def _claim_all(folder: Path, together: Barrier) -> None:
    """Claim every file under the first free stamp, each at the moment at which the other process does."""
    kernel._renameat2 = None
    source, target = (os.open(folder / name, os.O_RDONLY) for name in ("from", "to"))
    for number in range(FILES):
        together.wait(300)
        for stamp in range(3):
            try:
                claim_noreplace(source, b"%d" % number, target, b"%d_%d" % (stamp, number))
            except FileExistsError:
                continue
            except FileNotFoundError:
                break
            break


@pytest.mark.usefixtures("folders")
def test_two_daemons_lose_no_file_without_rename_noreplace(tmp_path: Path) -> None:
    """Their locks do not reach each other, as on two hosts, and they claim the same files at the same time."""
    for number in range(FILES):
        (tmp_path / f"from/{number}").write_text(f"{number}")
    spawned = multiprocessing.get_context("spawn")
    together = spawned.Barrier(2)
    daemons = [spawned.Process(target=_claim_all, args=(tmp_path, together)) for _ in range(2)]
    for daemon in daemons:
        daemon.start()
    for daemon in daemons:
        daemon.join(300)
        assert daemon.exitcode == 0
    left = sorted(int(path.read_text()) for path in tmp_path.glob("*/*"))
    assert left == list(range(FILES))
