"""Zips that are damaged, encrypted or compressed in unknown ways are refused, whatever their bytes."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contactsync.domain.errors import FileRefused
from tests.unit.reading.conftest import Read, Refusal
from tests.unit.reading.zips import CSV, patched, zipped

WHOLE = [
    zipped((name, CSV[:300]), method=method)
    for name in ("a.csv", "é.csv")
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
]


@pytest.mark.parametrize("flags", [0x1, 0x41, 0x801, 0x9])
def test_an_encrypted_zip(refusal: Refusal, flags: int) -> None:
    """Traditional and strong encryption are both refused."""
    assert refusal(patched(zipped(("a.csv", CSV)), flags=flags)).code == "zip_encrypted"


def test_an_aes_zip(refusal: Refusal) -> None:
    """WinZip's AES (method 99 and the flag) is refused as encrypted."""
    assert refusal(patched(zipped(("a.csv", CSV)), flags=1, method=99)).code == "zip_encrypted"


@pytest.mark.parametrize("method", [1, 9, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, 93, 98])
def test_any_other_compression(refusal: Refusal, method: int) -> None:
    """Deflate64, bzip2, Zstandard and others have their own reason: another upload would not help."""
    assert refusal(patched(zipped(("a.csv", CSV)), method=method)).code == "zip_method"


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_zip(refusal: Refusal, method: int) -> None:
    """A changed byte in the data is found by the CRC or the decompressor."""
    data = bytearray(zipped(("a.csv", CSV), method=method))
    data[len(data) // 2] ^= 0x10
    assert refusal(bytes(data)).code == "zip_damaged"


def test_a_wrong_crc(refusal: Refusal) -> None:
    """The checksum in the directory is compared at the end of the data."""
    data = bytearray(zipped(("a.csv", CSV)))
    place = data.index(b"PK\x01\x02")
    data[place + 16] ^= 1
    assert refusal(bytes(data)).code == "zip_damaged"


def test_sizes_in_the_directory_are_not_trusted(refusal: Refusal) -> None:
    """A bomb whose directory claims a small size is refused as damaged or too large."""
    data = bytearray(zipped(("a.csv", b"a" * (8 << 20))))
    place = data.index(b"PK\x01\x02")
    struct.pack_into("<L", data, place + 24, 10)
    assert refusal(bytes(data), 1 << 20).code in ("zip_damaged", "inflated_too_large")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(
    st.sampled_from(WHOLE),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_no_damage_is_anything_but_a_refusal(
    read: Read, data: bytes, changes: list[tuple[float, int]]
) -> None:
    """A damaged zip is read or refused, never anything else: another exception would block its account."""
    raw = bytearray(data)
    for place, byte in changes:
        raw[int(place * len(raw))] = byte
    with suppress(FileRefused):
        assert isinstance(read(bytes(raw)), bytes)


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b"\xc3\xa9.csv", b"\xc3\x28.csv", 1),  # the local name is no UTF-8
        lambda raw: raw.replace(b"\xc3\xa9.csv", b"\0\xa9.csv"),  # an empty name
    ],
)
def test_an_unreadable_name_does_not_matter(read: Read, change: Callable[[bytes], bytes]) -> None:
    """A member's name is not used, so a zip is read whatever it is."""
    assert read(change(zipped(("é.csv", CSV)))) == CSV


@pytest.mark.parametrize(
    ("method", "change"),
    [(zipfile.ZIP_STORED, -1), (zipfile.ZIP_STORED, 1 << 30), (zipfile.ZIP_DEFLATED, -40)],
)
def test_a_wrong_compressed_size_is_damage(refusal: Refusal, method: int, change: int) -> None:
    """Data that end too early, or that would be past the end of the file."""
    data = bytearray(zipped(("a.csv", CSV), method=method))
    place = data.index(b"PK\x01\x02") + 20
    (packed,) = struct.unpack_from("<L", data, place)
    struct.pack_into("<L", data, place, packed + change)
    assert refusal(bytes(data)).code == "zip_damaged"


def test_a_directory_that_ends_amid_an_entry_is_damage(refusal: Refusal) -> None:
    """Every entry must fit the bytes that the end record gives the directory."""
    data = bytearray(zipped(("a.csv", CSV)))
    struct.pack_into("<H", data, data.index(b"PK\x01\x02") + 28, 600)
    assert refusal(bytes(data)).code == "zip_damaged"


@pytest.mark.parametrize("offset", [1, 5000, 0xFFFFFFFE])
def test_a_member_that_is_elsewhere_is_damage(refusal: Refusal, offset: int) -> None:
    """The directory must point at a local header."""
    data = bytearray(zipped(("a.csv", CSV)))
    struct.pack_into("<L", data, data.index(b"PK\x01\x02") + 42, offset)
    assert refusal(bytes(data)).code == "zip_damaged"
