"""Names of files that are only checked (protocol 4)."""

from __future__ import annotations

import pytest

from contactsync.domain.names import is_check, list_name, without_check


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        (b"list.check.csv", b"list.csv"),
        (b"list.check.zip", b"list.zip"),
        (b"list.check.csv.zip", b"list.csv.zip"),
        (b"List.CHECK.Csv", b"List.Csv"),
        (b"list.check (1).csv", b"list.csv"),
        (b"list.check - Copie.csv", b"list.csv"),
        ("été.check.csv".encode("latin-1"), "été.csv".encode("latin-1")),
    ],
)
def test_a_check_has_the_name_and_list_of_the_file(name: bytes, whole: bytes) -> None:
    """Also in capitals, zipped, and with a mark of a copy."""
    assert is_check(name)
    assert without_check(name) == whole
    assert list_name(name.decode("latin-1")) == list_name(whole.decode("latin-1"))


@pytest.mark.parametrize(
    "name",
    [b"check.csv", b"list.checked.csv", b"list.check", b"list.check.csv.txt", b"a.check.b.csv", b"list.csv"],
)
def test_other_names_are_no_checks(name: bytes) -> None:
    """The ending decides."""
    assert not is_check(name)
    assert without_check(name) == name


def test_a_correction_is_what_its_original_was() -> None:
    """A rejected file that came back, also twice."""
    assert is_check(b"1447797847_list.check.csv.rejected.csv")
    assert is_check(b"1447797900_1447797847_list.check.csv.rejected.csv.rejected (1).csv")
    assert not is_check(b"1447797847_list.csv.rejected.csv")
    assert list_name("1447797847_list.check.csv.rejected.csv") == "list"
