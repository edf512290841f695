"""Files in two encodings, and text that looks misread."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactsync.domain.account import Encoding
from contactsync.domain.windows_1252 import decode_windows_1252
from contactsync.reading.encoding import as_utf8, sniff, without_end_mark
from contactsync.reading.findings import Findings
from contactsync.reading.misread import Misread
from contactsync.reading.stray_bytes import count_encodings, decode_mixed, stray_bytes

ODD = st.lists(
    st.sampled_from([b"a", b"\xc3\xa9", b"\xc2\xab", b"\xe2\x82\xac", "😀".encode(), b"\xe9", b"\xc3", b"\xe2\x82", b"\x9c",
                     b"\xf0\x9f", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"\n", b"\r"]),
    max_size=12,
).map(b"".join)  # fmt: skip


def cut(data: bytes, size: int) -> Iterator[bytes]:
    """The data in chunks of one size."""
    return (data[place : place + size] for place in range(0, len(data), size))


def read(data: bytes, pinned: Encoding = "auto", size: int = 1 << 20) -> tuple[str, Findings]:
    """The text, and what was found out about its encoding."""
    encoding, misread, findings = sniff(cut(data, size), pinned), Misread(), Findings()
    text = b"".join(as_utf8(cut(data, size), encoding, misread)).decode()
    misread.report(findings)
    return text, findings


def by_hand(data: bytes) -> tuple[str, list[int], int]:
    """The text of a mixed file, the places of its stray bytes, and how many sequences begin with C2 or C3."""
    text, strays, western, place = "", [], 0, 0
    while place < len(data):
        for width in (1, 2, 3, 4):
            try:
                character = data[place : place + width].decode()
            except UnicodeDecodeError:
                continue
            western += data[place] in (0xC2, 0xC3)
            break
        else:
            character, width = decode_windows_1252(data[place : place + 1]), 1
            strays.append(place)
        text, place = text + character, place + width
    return text, strays, western


@given(ODD)
def test_stray_bytes_are_those_in_no_sequence(data: bytes) -> None:
    """The same as decoding character by character."""
    text, strays, western = by_hand(data)
    assert stray_bytes(data).nonzero()[0].tolist() == strays
    assert decode_mixed(data) == text
    assert count_encodings(data) == (western, len(strays))


@given(ODD.filter(lambda data: bool(data.strip())), st.integers(1, 9))
def test_how_a_file_is_read_does_not_depend_on_chunks(data: bytes, size: int) -> None:
    """Sequences are counted and read across the ends of chunks, and stray bytes have their lines."""
    text, strays, western = by_hand(data)
    mixed = bool(strays) and western >= len(strays)
    found, findings = read(data, size=size)
    assert sniff(cut(data, size), "auto").mixed == mixed
    assert found == (text if mixed or not strays else decode_windows_1252(data))
    lines = sorted(
        {
            1 + len(data[:place].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")) - 1
            for place in strays
        }
    )
    assert findings.lines.get("mixed_encoding", []) == (lines if mixed else [])


def test_one_stray_byte_does_not_turn_utf8_into_western() -> None:
    """Correct names are never overwritten with `LefÃ¨vre`; the line of the stray byte is reported."""
    text, findings = read("Nom\nLefèvre\n".encode() + b"M\xfcller\n")
    assert text == "Nom\nLefèvre\nMüller\n"
    assert (findings.warnings["mixed_encoding"], findings.lines["mixed_encoding"]) == (1, [3])


@pytest.mark.parametrize("pinned", ["utf-8", "iso-8859-1"])
def test_a_pinned_encoding_is_never_mixed(pinned: Encoding) -> None:
    """An account that pins its encoding means it."""
    data = "Lefèvre\n".encode() + b"M\xfcller\n"
    if pinned == "iso-8859-1":
        assert read(data, pinned)[0] == decode_windows_1252(data)
    else:
        with pytest.raises(Exception, match="invalid_utf8"):
            read(data, pinned)


@pytest.mark.parametrize(
    ("data", "details", "lines"),
    [
        ("Nom\nLefèvre\n".encode().decode("cp1252").encode(), {}, [2]),
        (codecs.BOM_UTF8 + "a\n\nd’été\n".encode().decode("cp1252").encode(), {}, [3]),
        ("Nom\nLefèvre\nHélène\n".encode("cp850"), {"variant": "cp850"}, [2, 3]),
        ("Nom\rLefèvre\rHélène\r".encode("mac_roman"), {"variant": "mac_roman"}, [2, 3]),
    ],
)
def test_text_that_looks_misread_is_reported_with_its_lines(
    data: bytes, details: Any, lines: list[int]
) -> None:
    """Encoded twice, code page 850, MacRoman."""
    _, findings = read(data)
    assert findings.lines == {"suspect_encoding": lines}
    assert findings.details.get("suspect_encoding", {}) == details


@pytest.mark.parametrize(
    "data",
    ["Nom;œuvre;12 €;l’été…\nKOŠICE;Škoda;Žižka\nsuite…fin\n".encode("cp1252"), "Hélène Müller Ångström São João\n".encode(),
     "Hélène Müller\n".encode("latin-1"), "À Âge Ö Ø\n".encode("latin-1"), b"plain\n"],
)  # fmt: skip
def test_ordinary_text_is_not_suspect(data: bytes) -> None:
    """Names and punctuation of Windows-1252 raise no warning."""
    assert not read(data)[1].warnings


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize(
    ("data", "text"),
    [(b"a\x1ab\n\x1a", b"a\x1ab\n"), (b"\x1a", b""), (b"a\n", b"a\n"), (b"a\x1a\x1a", b"a\x1a")],
)
def test_the_end_of_file_mark_of_dos_is_ignored_at_the_end_only(data: bytes, text: bytes, size: int) -> None:
    """Elsewhere the byte is an ordinary character."""
    assert b"".join(without_end_mark(cut(data, size))) == text
