"""The header line and the encoding of a report's file (protocol 6)."""

from __future__ import annotations

import pytest

from contactsync.domain.columns import FRENCH
from contactsync.domain.headers.match import match_header
from contactsync.domain.headers.names import HeaderRules
from contactsync.reports.csv_text import file_encoding, has_western_bytes, header_line
from tests.unit.reports.accounts import account


def test_the_header_line_has_all_columns_and_the_accounts_own_labels() -> None:
    labels = ("Magasin", None, 'a;"b"', *(None,) * 12)
    line = header_line(account(field_labels=labels))
    assert line.startswith("Civilité;Prénom;Nom;Email;Téléphone Fixe;Mobile;Fax;Adresse 1;")
    assert line.endswith(
        'Référence;Magasin;Champ 2;"a;""b""";' + ";".join(f"Champ {n}" for n in range(4, 16)) + "\n"
    )


@pytest.mark.parametrize("separator", [";", ",", "|", "\t"])
def test_the_importer_recognizes_the_header_line(separator: str) -> None:
    line = header_line(account(separator=separator)).rstrip("\n")
    header = match_header(line.split(separator), HeaderRules())
    assert list(header.positions) == list(FRENCH)
    assert not header.unknown.count
    assert not header.doubled


def test_labels_that_no_file_may_have_are_omitted() -> None:
    """SQL from outside may have written them. A header line with two columns `Email` would be refused."""
    line = header_line(account(field_labels=("Email", *(None,) * 14)))
    assert ";Champ 1;" in line


def test_the_encoding_is_the_pinned_one_or_one_that_has_every_character() -> None:
    western, other = "œuf à 3 €".encode(), "Łódź".encode()
    assert has_western_bytes(western)
    assert not has_western_bytes(other)
    assert file_encoding("auto", western=True).encode(western) == "œuf à 3 €".encode("cp1252")
    utf8 = file_encoding("auto", western=False)
    assert (utf8.bom, utf8.encode(other)) == (b"\xef\xbb\xbf", other)
    for fits in (True, False):
        pinned = file_encoding("utf-8", western=fits)
        assert (pinned.bom, pinned.encode(other), pinned.lossy) == (b"", other, False)


def test_a_pinned_encoding_is_kept_and_a_question_mark_replaces_what_it_lacks() -> None:
    pinned = file_encoding("iso-8859-1", western=False)
    assert (pinned.bom, pinned.encode("Łódź".encode()), pinned.lossy) == (b"", b"?\xf3d?", True)
    assert not file_encoding("iso-8859-1", western=True).lossy


def test_control_characters_at_the_places_of_windows_1252_letters_have_no_byte() -> None:
    """U+0085 would be read back as `…`; U+0081 has its own byte."""
    assert not has_western_bytes("\u0085".encode())
    assert has_western_bytes("\u0081".encode())
