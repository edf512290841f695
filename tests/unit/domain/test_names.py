"""Names of deposits, claims and lists."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contactsync.domain.names import (
    MAX_CLAIMED_BYTES,
    as_text,
    claimed_name,
    claimed_original,
    is_rejected_file,
    list_name,
    printable,
    split_claimed,
)

STAMP = 1447797847
FILE_NAMES = st.one_of(
    st.binary(min_size=1, max_size=255).map(lambda raw: raw.replace(b"/", b"_").replace(b"\0", b"_")),
    st.text(min_size=1, max_size=255).map(
        lambda text: (text.encode("utf-8", "replace")[:255] or b"x").replace(b"/", b"_").replace(b"\0", b"_")
    ),
)


def test_a_short_name_gets_its_stamp() -> None:
    """The protocol's own example gets its stamp."""
    assert claimed_name(STAMP, b"mylist.csv") == b"1447797847_mylist.csv"


@given(FILE_NAMES)
@example(b"a" * 229)
@example(b"a" * 230)
def test_a_claimed_name_has_at_most_240_bytes(name: bytes) -> None:
    """A claimed name is whole if it fits, else shortened; it is never empty and always has its stamp."""
    claimed = claimed_name(STAMP, name)
    assert len(claimed) <= MAX_CLAIMED_BYTES
    assert claimed.startswith(b"1447797847_")
    if len(name) <= 229:
        assert claimed == b"1447797847_" + name
    assert split_claimed(claimed)[0] == STAMP


@pytest.mark.parametrize(
    "extension", [b".csv", b".CSV", b".csv.zip", b".zip", b".rejected.csv", b".rejected.csv.zip", b""]
)
def test_a_long_name_is_shortened_before_its_extension(extension: bytes) -> None:
    """The extension stays, and a hash of the whole name keeps two names apart."""
    one = claimed_name(STAMP, b"a" * 230 + b"1" + extension)
    two = claimed_name(STAMP, b"a" * 230 + b"2" + extension)
    assert one != two
    assert re.fullmatch(rb"1447797847_a+~[0-9a-f]{8}" + re.escape(extension), one)
    assert len(one) == MAX_CLAIMED_BYTES


@given(
    st.text("aé€😀", min_size=120, max_size=200)
    .map(lambda t: t.encode()[:251])
    .filter(lambda b: len(b) > 229)
)
def test_a_cut_leaves_utf8_valid(name: bytes) -> None:
    """A UTF-8 name is never cut within a character."""
    whole = name.decode("utf-8", "ignore").encode() + b".csv"
    claimed_name(STAMP, whole).decode("utf-8")


def test_a_long_name_that_is_not_utf8_keeps_its_bytes() -> None:
    """A name that is not UTF-8 keeps its bytes."""
    assert claimed_name(STAMP, b"\xe9" * 250).startswith(b"1447797847_" + b"\xe9" * 200)


def test_the_longest_result_name_fits_a_file_system() -> None:
    """`.rejected.csv` and `.result.json` leave it below 256 bytes."""
    assert len(claimed_name(STAMP, b"a" * 255) + b".rejected.csv") <= 255
    assert len(b".rejected." + claimed_name(STAMP, b"a" * 255)) <= 255


@pytest.mark.parametrize(
    ("claimed", "parts"),
    [
        (b"1447797847_mylist.csv", (1447797847, b"mylist.csv")),
        (b"1447797847_1447797000_x.csv", (1447797847, b"1447797000_x.csv")),
        (b"1447797847_a\nb", (1447797847, b"a\nb")),
        (b"mylist.csv", (0, b"mylist.csv")),
        (b"_x", (0, b"_x")),
    ],
)
def test_splitting_a_claimed_name(claimed: bytes, parts: tuple[int, bytes]) -> None:
    """Splitting gives the stamp and the name, or 0 for a name without a stamp."""
    assert split_claimed(claimed) == parts


@pytest.mark.parametrize(
    ("raw", "text"),
    [("liste é.csv".encode(), "liste é.csv"), (b"liste \xe9\x80.csv", "liste é€.csv"), (b"\x81", "\x81")],
)
def test_a_name_as_text(raw: bytes, text: str) -> None:
    """A name is read as UTF-8, else as Windows-1252."""
    assert as_text(raw) == text


@given(FILE_NAMES)
def test_a_printable_name_has_no_control_character(name: bytes) -> None:
    """Names with line ends or escapes cannot forge a log line."""
    assert printable(name).isprintable()


def test_a_printable_name_is_unambiguous() -> None:
    """A backslash is escaped too."""
    assert printable(b"a\nb\\n\x1b") == "a\\nb\\\\n\\x1b"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mylist.csv", "mylist"),
        ("mylist.CSV", "mylist"),
        ("mylist.zip", "mylist"),
        ("mylist.csv.zip", "mylist"),
        ("mylist.CsV.ZiP", "mylist"),
        ("mylist.zip.csv", "mylist.zip"),
        ("mylist.txt", "mylist.txt"),
        ("mylist", "mylist"),
        ("my list é.csv", "my list é"),
        ("1447797847_mylist.csv", "mylist"),
        ("144779784_mylist.csv", "144779784_mylist"),
        ("14477978471_mylist.csv", "14477978471_mylist"),
        ("1447797847_1447797848_mylist.csv", "1447797848_mylist"),
        ("1447797847_.csv", "1447797847_.csv"),
        (" .csv", " "),
        ("csv", "csv"),
        # rejected files that come back: the original's list, through any number of rounds
        ("1447797847_mylist.csv.rejected.csv", "mylist"),
        ("1447797847_mylist.csv.rejected.csv.zip", "mylist"),
        ("1447797847_mylist.csv.REJECTED.CSV", "mylist"),
        ("1447799999_1447797847_mylist.csv.rejected.csv.rejected.csv", "mylist"),
        ("1447799999_1447797847_mylist.csv.zip.rejected.csv.rejected.csv", "mylist"),
        ("1447797847_1447700000_mylist.csv.rejected.csv", "mylist"),
        ("mylist.csv.rejected.csv", "mylist"),
    ],
)
def test_list_names(name: str, expected: str) -> None:
    """A list is named without extension and stamp, unless nothing would be left."""
    assert list_name(name) == expected


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_a_rejected_file_goes_to_its_originals_list(name: str) -> None:
    """A rejected file, and a rejected file of that one, belong to the original's list."""
    back = f"{STAMP}_{name}.rejected.csv"
    again = f"{STAMP + 1}_{back}.rejected.csv"
    assert is_rejected_file(back)
    assert claimed_original(back) == f"{STAMP}_{name}"
    if not is_rejected_file(name):
        assert list_name(back) == list_name(name) == list_name(again)


@pytest.mark.parametrize("name", ["x.rejected.csv.txt", "rejected.csv", "x.rejected", "x_rejected.csv"])
def test_which_names_are_not_rejected_files(name: str) -> None:
    """Only names that end in `.rejected.csv`, zipped or not, are rejected files."""
    assert not is_rejected_file(name)


@pytest.mark.parametrize(
    "copy",
    [
        "1447797847_liste.csv.rejected - Copie.csv",
        "1447797847_liste.csv.rejected - Copie (2).csv",
        "1447797847_liste.csv.rejected - Copy.csv",
        "1447797847_liste.csv.rejected - Kopie.CSV",
        "1447797847_liste.csv.rejected (1).csv",
        "1447797847_liste.csv.rejected(1).csv",
        "1447797847_liste.csv.rejected-1.csv",
        "1447797847_liste.csv.rejected copie 2.csv",
        "1447797847_liste.csv.rejected copy.csv",
        "1447797847_liste.csv.rejected (copie).csv",
        "1447797847_liste.csv.rejected (autre copie).csv",
        "1447797847_liste.csv.rejected (3. Kopie).csv",
        "1447797847_liste.csv.rejected (1) - Copie.csv",
        "1447797847_liste.csv.rejected.csv.csv",
        "1447797847_liste.csv.rejected.csv (1).zip",
        "1447797847_liste.csv.rejected - Copie.csv.zip",
        "1447797847_liste.csv.rejected.zip",
        "Copie de 1447797847_liste.csv.rejected.csv",
        "Copy of 1447797847_liste.csv.rejected (1).csv",
    ],
)
def test_a_rejected_file_is_recognised_as_a_copy(copy: str) -> None:
    """Whatever a file manager, a browser or a zip tool makes of its name, it belongs to its original (protocol 4)."""
    assert is_rejected_file(copy)
    assert claimed_original(copy) == "1447797847_liste.csv"
    assert list_name(copy) == "liste"


@pytest.mark.parametrize(
    "name",
    [
        "liste - Copie.csv",
        "liste (1).csv",
        "rejected.csv",
        "liste.rejected.txt",
        "liste.rejected ok.csv",
        ".rejected.csv",
    ],
)
def test_other_names_are_no_rejected_files(name: str) -> None:
    """A copy of an ordinary file is a file of its own, and fills the list of its own name."""
    assert not is_rejected_file(name)
    assert claimed_original(name) == name
