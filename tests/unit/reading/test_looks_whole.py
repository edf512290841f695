"""Whether an upload looks whole: a text that ends in a line end, a zip that has its end."""

from __future__ import annotations

import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from contactsync.domain.deposit import FileIdentity
from contactsync.reading.container import looks_whole


def whole(path: Path) -> bool:
    """What `looks_whole` returns."""
    with path.open("rb") as file:
        return looks_whole(file.fileno(), FileIdentity.of(os.fstat(file.fileno())))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", False),
        (b"a", False),
        (b"a\n", True),
        (b"a\r", True),
        (b"a\r\n", True),
        (b"\n", True),
        (b"PK\n", True),
        (b"a\n\x1a", True),
        (b"a\x1a", False),
        (b"\x1a", False),
        (b"PK\x03\x04\n", False),
    ],
)
def test_a_csv_looks_whole_if_it_ends_in_a_line_end(tmp_path: Path, content: bytes, expected: bool) -> None:
    """An empty file does not; a file that begins like a zip needs a zip's end."""
    path = tmp_path / "a"
    path.write_bytes(content)
    assert whole(path) == expected


def test_a_zip_looks_whole_if_it_has_its_end(tmp_path: Path) -> None:
    """Its last byte does not matter."""
    path = tmp_path / "a"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "Email\n" * 100)
    assert whole(path)
    path.write_bytes(path.read_bytes()[:-20] + b"\n")
    assert not whole(path)


def test_a_file_with_a_hole_does_not_look_whole(tmp_path: Path) -> None:
    """A resumed upload that starts too late leaves a hole."""
    path = tmp_path / "a"
    with path.open("wb") as file:
        file.write(b"a\n" * 4096)
        file.seek(1 << 20)
        file.write(b"b\n" * 4096)
    assert not whole(path)


def test_looking_does_not_change_the_file(tmp_path: Path) -> None:
    """Its identity stays the same."""
    path = tmp_path / "a"
    path.write_bytes(b"a\n")
    identity = FileIdentity.of(path.stat())
    whole(path)
    assert FileIdentity.of(path.stat()) == identity
    assert replace(identity, size=0) != identity
