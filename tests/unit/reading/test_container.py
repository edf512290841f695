"""What a deposit is: a CSV, one CSV in one zip, or something with a reason of its own."""

from __future__ import annotations

import bz2
import gzip
import io
import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contactsync.domain.errors import FileRefused
from contactsync.reading.container import (
    CHUNK_BYTES,
    MAX_ZIP_ENTRIES,
    open_content,
    zip_directory_is_readable,
)

CSV = b"Email;Nom\n" + b"".join(b"user%d@example-mail.fr;N%d\n" % (n, n * 7919) for n in range(400))
LIMIT = 1 << 24


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    """A zip of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
        archive.comment = comment
    return out.getvalue()


Read = Callable[..., bytes]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads the CSV of a deposit with these bytes."""

    def go(data: bytes, limit: int = LIMIT) -> bytes:
        path = tmp_path / "deposit"
        path.write_bytes(data)
        return b"".join(open_content(path, max_inflated_bytes=limit).chunks())

    return go


@pytest.fixture
def refusal(read: Read) -> Callable[..., FileRefused]:
    """Why a deposit is refused."""

    def go(data: bytes, limit: int = LIMIT) -> FileRefused:
        with pytest.raises(FileRefused) as caught:
            read(data, limit)
        return caught.value

    return go


Refusal = Callable[..., FileRefused]


def patched(data: bytes, *, flags: int | None = None, method: int | None = None) -> bytes:
    """The zip with other flags or another method in its first local header and every directory entry."""
    raw = bytearray(data)
    places = [0, *(at for at in range(len(raw)) if raw[at : at + 4] == b"PK\x01\x02")]
    for at in places:
        shift = at + (6 if raw[at + 2] == 3 else 8)
        if flags is not None:
            struct.pack_into("<H", raw, shift, flags)
        if method is not None:
            struct.pack_into("<H", raw, shift + 2, method)
    return bytes(raw)


# --- what is read ------------------------------------------------------------------------------------------------


def test_a_plain_file_is_read_as_it_is(read: Read) -> None:
    """Anything without a known signature is a CSV."""
    assert read(CSV) == CSV


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_one_csv_in_one_zip(read: Read, method: int) -> None:
    """Whatever its compression and its name."""
    assert read(zipped(("../../etc/passwd", CSV), method=method)) == CSV


def test_what_a_file_is_its_bytes_say(read: Read) -> None:
    """A member need not be called .csv, and a comment does not matter."""
    assert read(zipped(("x.bin", CSV), comment=b"made by x")) == CSV


@pytest.mark.parametrize(
    "junk", ["__MACOSX/._a.csv", "__MACOSX/x/._a.csv", ".DS_Store", "data/.DS_Store", "data/", "a/b/c/"]
)
def test_what_systems_leave_in_zips_does_not_count(read: Read, junk: str) -> None:
    """`__MACOSX/`, `.DS_Store` and folders are ignored."""
    assert read(zipped((junk, b"" if junk.endswith("/") else b"junk"), ("data/a.csv", CSV))) == CSV


def test_a_streamed_zip_is_read(read: Read) -> None:
    """A zip written to a pipe has its sizes after the data."""

    class Pipe(io.RawIOBase):
        written = b""

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]  # bytes are what zipfile writes
            self.written += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[arg-type]  # writes only
        archive.writestr("a.csv", CSV)
    assert pipe.written[6] & 8
    assert read(pipe.written) == CSV


def zip64(data: bytes) -> bytes:
    """The same zip with a ZIP64 end record, as streaming writers make it whatever the size (APPNOTE 4.3.14)."""
    place = data.index(b"PK\x05\x06")
    *_, count, size, start, _ = struct.unpack_from("<4s4H2LH", data, place)
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, place, 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return data[:place] + record + locator + end


def test_a_zip64_is_read(read: Read) -> None:
    """Though its end record itself tells 65,535 entries."""
    assert read(zip64(zipped(("a.csv", CSV)))) == CSV


def test_a_zip64_of_several_files_is_refused(refusal: Refusal) -> None:
    """With their true number."""
    error = refusal(zip64(zipped(("a.csv", CSV), ("b.csv", CSV))))
    assert (error.code, error.details["count"]) == ("zip_several_files", 2)
    assert error.details["names"] == ["a.csv", "b.csv"]


def test_bytes_after_the_zip_do_not_matter(read: Read) -> None:
    """Servers that pad to a block leave it readable."""
    assert read(zipped(("a.csv", CSV)) + b"\0" * 100) == CSV


def test_chunks_are_full_and_can_be_read_again(tmp_path: Path) -> None:
    """Each chunk but the last has CHUNK_BYTES, zipped or not, and reading starts anew each time."""
    data = b"Email\n" * 500_000
    for content in (data, zipped(("a.csv", data))):
        path = tmp_path / "deposit"
        path.write_bytes(content)
        found = open_content(path, max_inflated_bytes=LIMIT)
        sizes = [len(chunk) for chunk in found.chunks()]
        assert set(sizes[:-1]) == {CHUNK_BYTES}
        assert b"".join(found.chunks()) == data


# --- what is refused ---------------------------------------------------------------------------------------------


def test_an_empty_file(refusal: Refusal) -> None:
    """Not a byte."""
    assert refusal(b"").code == "empty_file"


def test_an_empty_csv_in_a_zip(refusal: Refusal) -> None:
    """One file inside, not a byte in it."""
    assert refusal(zipped(("a.csv", b""))).code == "empty_file"


@pytest.mark.parametrize("members", [[], [("a/", b"")], [("__MACOSX/._a.csv", b"x"), (".DS_Store", b"x")]])
def test_a_zip_without_a_file(refusal: Refusal, members: list[tuple[str, bytes]]) -> None:
    """Nothing, or nothing that counts."""
    assert refusal(zipped(*members)).code == "zip_empty"


def test_several_files(refusal: Refusal) -> None:
    """Their number is told."""
    error = refusal(zipped(("a.csv", CSV), ("b.csv", CSV), ("readme.txt", b"x")))
    assert (error.code, error.details["count"]) == ("zip_several_files", 3)


def test_a_directory_of_very_many_entries_is_not_opened(
    refusal: Refusal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end record tells the number; reading 200,000 entries would take 192 MB."""
    data = zipped(*((f"{n}", b"") for n in range(MAX_ZIP_ENTRIES + 1)))
    monkeypatch.setattr(zipfile, "ZipFile", None)
    error = refusal(data)
    assert (error.code, error.details["count"]) == ("zip_several_files", MAX_ZIP_ENTRIES + 1)


@pytest.mark.parametrize("flags", [0x1, 0x41, 0x801, 0x9])
def test_an_encrypted_zip(refusal: Refusal, flags: int) -> None:
    """Traditional and strong encryption alike."""
    assert refusal(patched(zipped(("a.csv", CSV)), flags=flags)).code == "zip_encrypted"


def test_an_aes_zip(refusal: Refusal) -> None:
    """WinZip's AES has method 99 and the flag."""
    assert refusal(patched(zipped(("a.csv", CSV)), flags=1, method=99)).code == "zip_encrypted"


@pytest.mark.parametrize("method", [1, 9, 93, 98])
def test_an_unknown_compression(refusal: Refusal, method: int) -> None:
    """Deflate64, Zstandard and others: the fix is another compression, not another upload."""
    assert refusal(patched(zipped(("a.csv", CSV)), method=method)).code == "zip_method"


@pytest.mark.parametrize("inner", [zipped(("a.csv", CSV)), zipped()])
def test_a_zip_in_a_zip(refusal: Refusal, inner: bytes) -> None:
    """Nested, even an empty one."""
    assert refusal(zipped(("a.zip", inner))).code == "zip_nested"


def test_a_truncated_zip(refusal: Refusal) -> None:
    """Cut anywhere before its end."""
    data = zipped(("a.csv", CSV))
    assert b"\n" in data
    assert {refusal(data[:size]).code for size in range(len(data) // 2, len(data), 7)} == {"zip_truncated"}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_zip(refusal: Refusal, method: int) -> None:
    """Bytes changed in the data: the CRC or the stream tells."""
    data = bytearray(zipped(("a.csv", CSV), method=method))
    data[len(data) // 2] ^= 0x10
    assert refusal(bytes(data)).code == "zip_damaged"


def test_a_wrong_crc(refusal: Refusal) -> None:
    """The checksum in the directory decides, at the end of the data."""
    data = bytearray(zipped(("a.csv", CSV)))
    place = data.index(b"PK\x01\x02")
    data[place + 16] ^= 1
    assert refusal(bytes(data)).code == "zip_damaged"


def test_ascii_mode_that_added_carriage_returns(refusal: Refusal) -> None:
    """LF became CRLF."""
    data = zipped(("a.csv", CSV)).replace(b"\r\n", b"\n")  # as a Unix client's ASCII mode meets it
    assert b"\n" in data
    assert refusal(data.replace(b"\n", b"\r\n")).code == "zip_ascii_mode"


def test_ascii_mode_that_dropped_carriage_returns(refusal: Refusal) -> None:
    """CRLF became LF."""
    member = bytes(range(256)) * 40 + b"\r\n" * 10
    data = zipped(("a.csv", member), method=zipfile.ZIP_STORED)
    assert refusal(data.replace(b"\r\n", b"\n")).code == "zip_ascii_mode"


def test_a_zip_with_something_before_it_is_no_zip(read: Read) -> None:
    """Its bytes do not begin like a zip, so it is read as a CSV, which other checks refuse."""
    data = b"MZ stub" + zipped(("a.csv", CSV))
    assert read(data) == data


def test_a_gap_inside_a_zip_is_damage(refusal: Refusal) -> None:
    """The directory does not end where its end record begins."""
    data = zipped(("a.csv", CSV))
    place = data.index(b"PK\x05\x06")
    assert refusal(data[:place] + b"xx" + data[place:]).code == "zip_damaged"


@pytest.mark.parametrize(
    "members",
    [
        [("[Content_Types].xml", b"x"), ("xl/workbook.xml", b"x"), ("xl/worksheets/sheet1.xml", b"x")],
        [("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", b"x")],
        [("Index/Document.iwa", b"x"), ("preview.jpg", b"x")],
    ],
)
def test_workbooks(refusal: Refusal, members: list[tuple[str, bytes]]) -> None:
    """.xlsx, .ods and .numbers are zips; the reason says workbook."""
    assert refusal(zipped(*members)).code == "workbook"
    assert refusal(zipped(("a.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))).code == "workbook"


def test_an_old_workbook(refusal: Refusal) -> None:
    """.xls is OLE2."""
    assert refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500).code == "workbook"


def test_a_workbook_in_a_zip(refusal: Refusal) -> None:
    """A zipped .xlsx is called a workbook, not a nested zip."""
    inner = zipped(("[Content_Types].xml", b"x"), ("xl/workbook.xml", b"x"))
    assert refusal(zipped(("a.xlsx", inner))).code == "workbook"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (gzip.compress(CSV), "gzip"),
        (bz2.compress(CSV), "bzip2"),
        (b"%PDF-1.7\n", "PDF"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "7-Zip"),
        (b"Rar!\x1a\x07\x01\x00", "RAR"),
    ],
)
def test_other_formats_are_named(refusal: Refusal, data: bytes, found: str) -> None:
    """Bare or inside a zip."""
    for content in (data, zipped(("a.csv", data))):
        error = refusal(content)
        assert (error.code, error.details["found"]) == ("not_csv", found)


def test_a_bomb_is_refused_while_it_inflates(tmp_path: Path) -> None:
    """Nothing past the limit is handed out, and the limit is told in MiB."""
    path = tmp_path / "bomb.zip"
    path.write_bytes(zipped(("a.csv", b"a" * (8 << 20))))
    got: list[bytes] = []
    with pytest.raises(FileRefused) as caught:
        got.extend(open_content(path, max_inflated_bytes=3 << 20).chunks())
    assert (caught.value.code, caught.value.details["limit"]) == ("inflated_too_large", 3)
    assert sum(map(len, got)) <= 3 << 20


def test_exactly_the_limit_is_allowed(read: Read) -> None:
    """The limit itself fits."""
    assert len(read(zipped(("a.csv", b"a" * (1 << 20))), 1 << 20)) == 1 << 20


def test_what_the_directory_says_of_sizes_is_not_believed(refusal: Refusal) -> None:
    """A bomb whose directory tells a small size is damaged or too large, never read on."""
    data = bytearray(zipped(("a.csv", b"a" * (8 << 20))))
    place = data.index(b"PK\x01\x02")
    struct.pack_into("<L", data, place + 24, 10)
    assert refusal(bytes(data), 1 << 20).code in ("zip_damaged", "inflated_too_large")


WHOLE = [
    zipped((name, CSV[:300]), method=method)
    for name in ("a.csv", "é.csv")
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(
    st.sampled_from(WHOLE),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_no_damage_is_anything_but_a_refusal(
    read: Read, data: bytes, changes: list[tuple[float, int]]
) -> None:
    """However a zip is damaged, it is read or refused: any other exception would block its account."""
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
def test_damaged_names_are_damage(refusal: Refusal, change: Callable[[bytes], bytes]) -> None:
    """A member's name that cannot be read is a damaged zip, or one without a file."""
    assert refusal(change(zipped(("é.csv", CSV)))).code in ("zip_damaged", "zip_empty")


def test_damaged_lzma_data_is_damage(refusal: Refusal) -> None:
    """liblzma's own exception is understood."""
    data = bytearray(zipped(("a.csv", CSV), method=zipfile.ZIP_LZMA))
    data[80:120] = b"\xff" * 40
    assert refusal(bytes(data)).code == "zip_damaged"


# --- the claim's test --------------------------------------------------------------------------------------------


def test_a_whole_zip_has_its_end() -> None:
    """True for a whole zip, with or without a comment; false for every shorter one."""
    data = zipped(("a.csv", CSV), comment=b"hello")
    assert zip_directory_is_readable(io.BytesIO(data))
    assert not any(zip_directory_is_readable(io.BytesIO(data[:size])) for size in range(4, len(data) - 5, 11))
