"""The end of a zip: whether the file is whole, and how many entries it has."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactsync.reading.zip_end import locate
from tests.unit.reading.conftest import Read, Refusal
from tests.unit.reading.zips import CSV, zip64, zipped


def test_a_whole_zip_has_its_end() -> None:
    """It is found in a whole zip, and in no shorter one."""
    data = zipped(("a.csv", CSV), comment=b"hello")
    assert locate(io.BytesIO(data)) is not None
    assert not any(locate(io.BytesIO(data[:size])) for size in range(4, len(data) - 5, 11))


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


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"<html></html>\n", b"Email;Nom\n" * 9000])
@pytest.mark.parametrize("end", [zip64, bytes])
def test_bytes_before_the_zip_do_not_matter(read: Read, before: bytes, end: Callable[[bytes], bytes]) -> None:
    """The directory is found from the end, and its offsets are counted from where the zip begins."""
    data = before + end(zipped(("a.csv", CSV)))
    assert read(data) == CSV
    assert locate(io.BytesIO(data)) is not None


@pytest.mark.parametrize("marker", [b"PK00", b"PK\x07\x08"])
@pytest.mark.parametrize("counted", [True, False])
def test_the_marker_of_a_split_zip_is_accepted(read: Read, marker: bytes, counted: bool) -> None:
    """APPNOTE 8.5: a zip that was to be split and fits one segment; its offsets may count the marker or not."""
    data = bytearray(marker + zipped(("a.csv", CSV)))
    if counted:
        directory, record = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
        struct.pack_into("<L", data, directory + 42, 4)
        struct.pack_into("<L", data, record + 16, directory)
    assert read(bytes(data)) == CSV


def test_an_unnecessary_zip64_end_record_is_accepted(read: Read) -> None:
    """Info-ZIP adds one when it writes to a pipe, beside an end record that has every value itself."""
    plain = zipped(("a.csv", CSV))
    end = plain[plain.index(b"PK\x05\x06") :]
    data = zip64(plain)[: -len(end)] + end
    assert read(data) == CSV
    assert read(b"\xef\xbb\xbf" + data) == CSV


def test_a_zip64_end_record_that_is_nowhere_is_damage(refusal: Refusal) -> None:
    """The locator points past all that an offset can hold, and the end record has no place itself."""
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 1 << 63, 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", *[0xFFFF] * 4, *[0xFFFFFFFF] * 2, 0)
    data = zipped(("a.csv", b"Email\na@example.com\n"), method=zipfile.ZIP_STORED)
    assert refusal(data[:-22] + locator + end).code == "zip_damaged"


def test_a_csv_that_mentions_an_end_record_is_a_csv(read: Read) -> None:
    """Without a directory where the record puts it, nothing is a zip that does not begin like one."""
    for data in (CSV + b"PK\x05\x06" + b"\0" * 18, CSV + b"PK\x05\x06" + b"\1" * 40 + b"\n"):
        assert read(data) == data


@given(st.binary(max_size=200), st.integers(0, 40), st.binary(max_size=60))
def test_any_bytes_may_be_asked_about(before: bytes, cut: int, after: bytes) -> None:
    """Whatever the file is, its end is found or it is not; what is found is inside the file."""
    whole = zip64(zipped(("a.csv", b"x")))
    data = before + whole[: len(whole) - cut] + after
    if end := locate(io.BytesIO(data)):
        assert 0 <= end.directory_start <= end.directory_start + end.directory_bytes <= len(data)


def test_a_directory_over_the_limit_is_not_read(refusal: Refusal, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the end record claims is its number of entries, at least."""
    monkeypatch.setattr("contactsync.reading.zip_member.MAX_DIRECTORY_BYTES", 1 << 16)
    data = zipped(*((f"{n}", b"") for n in range(2000)))
    error = refusal(data)
    assert (error.code, error.details) == ("zip_several_files", {"count": 2000})


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
