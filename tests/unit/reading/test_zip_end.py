"""The end of a zip: whether the file is whole, and how many entries it has."""

from __future__ import annotations

import io
import zipfile

import pytest

from contactsync.reading.container import MAX_ZIP_ENTRIES
from contactsync.reading.zip_end import zip_directory_is_readable
from tests.unit.reading.conftest import Read, Refusal
from tests.unit.reading.zips import CSV, zip64, zipped


def test_a_whole_zip_has_its_end() -> None:
    """True for a whole zip, with or without a comment; false for every shorter one."""
    data = zipped(("a.csv", CSV), comment=b"hello")
    assert zip_directory_is_readable(io.BytesIO(data))
    assert not any(zip_directory_is_readable(io.BytesIO(data[:size])) for size in range(4, len(data) - 5, 11))


def test_a_zip64_is_read(read: Read) -> None:
    """A ZIP64 is read, although its plain end record claims 65,535 entries."""
    assert read(zip64(zipped(("a.csv", CSV)))) == CSV


def test_a_zip64_of_several_files_is_refused(refusal: Refusal) -> None:
    """A ZIP64 of several files is refused, with their true number."""
    error = refusal(zip64(zipped(("a.csv", CSV), ("b.csv", CSV))))
    assert (error.code, error.details["count"]) == ("zip_several_files", 2)


def test_bytes_after_the_zip_do_not_matter(read: Read) -> None:
    """A zip that a server padded to a whole block is read."""
    assert read(zipped(("a.csv", CSV)) + b"\0" * 100) == CSV


def test_a_zip_with_something_before_it_is_no_zip(read: Read) -> None:
    """It does not begin like a zip, so it is read as a CSV, which other checks refuse."""
    data = b"MZ stub" + zipped(("a.csv", CSV))
    assert read(data) == data


def test_a_directory_of_very_many_entries_is_not_opened(
    refusal: Refusal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end record has the number of entries; opening 200,000 entries would take 192 MB."""
    data = zipped(*((f"{n}", b"") for n in range(MAX_ZIP_ENTRIES + 1)))
    monkeypatch.setattr(zipfile, "ZipFile", None)
    error = refusal(data)
    assert (error.code, error.details["count"]) == ("zip_several_files", MAX_ZIP_ENTRIES + 1)


def test_a_truncated_zip(refusal: Refusal) -> None:
    """A zip cut anywhere before its end is refused as truncated."""
    data = zipped(("a.csv", CSV))
    assert b"\n" in data
    assert {refusal(data[:size]).code for size in range(len(data) // 2, len(data), 7)} == {"zip_truncated"}


def test_ascii_mode_that_added_carriage_returns(refusal: Refusal) -> None:
    """A transfer that turned LF into CRLF is recognised."""
    data = zipped(("a.csv", CSV)).replace(b"\r\n", b"\n")  # as a Unix client's ASCII mode meets it
    assert b"\n" in data
    assert refusal(data.replace(b"\n", b"\r\n")).code == "zip_ascii_mode"


def test_ascii_mode_that_dropped_carriage_returns(refusal: Refusal) -> None:
    """A transfer that turned CRLF into LF is recognised."""
    member = bytes(range(256)) * 40 + b"\r\n" * 10
    data = zipped(("a.csv", member), method=zipfile.ZIP_STORED)
    assert refusal(data.replace(b"\r\n", b"\n")).code == "zip_ascii_mode"


def test_a_gap_inside_a_zip_is_damage(refusal: Refusal) -> None:
    """A directory that does not end where the end record begins is damaged."""
    data = zipped(("a.csv", CSV))
    place = data.index(b"PK\x05\x06")
    assert refusal(data[:place] + b"xx" + data[place:]).code == "zip_damaged"
