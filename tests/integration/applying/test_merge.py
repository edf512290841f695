"""What an import writes: which contact a row meets, and which of its columns change."""

from __future__ import annotations

import pytest

from contactsync.domain.columns import FRENCH
from tests.integration.applying.samples import A, B, C, counts
from tests.integration.conftest import Site


def test_without_a_criterion_every_row_is_a_new_contact(site: Site) -> None:
    """Every row is a new contact, even the same row twice."""
    assert counts(site.apply(f"Email;Nom\n{A};x\n{A};x\n")) == (2, 2, 0, 2, 0, 0, 0)
    assert counts(site.apply(f"Email;Nom\n{A};x\n")) == (1, 1, 0, 1, 0, 0, 0)
    assert site.contacts("email", "last_name") == [(A, "x")] * 3


def test_a_triplet_is_the_three_means_normalised(site: Site) -> None:
    """Blank, absent and invalid means are equal; another mobile is another contact."""
    site.set(dedup="triplet")
    site.apply(f"Email;Mobile;Nom\n{A};;one\n{A};0612345678;two\n")
    row = site.apply(f"Email;Mobile;Téléphone Fixe;Nom\n{A.upper()};12;;three\n{A};+33 6 12 34 56 78;;four\n")
    assert counts(row) == (2, 2, 0, 0, 2, 0, 0)
    assert site.contacts("email", "mobile", "last_name") == [(A, None, "three"), (A, "+33612345678", "four")]


def test_references_are_compared_exactly(site: Site) -> None:
    """Case and accents count; white space around does not."""
    site.set(dedup="reference")
    site.apply(f"Référence;Email\nA1;{A}\n")
    row = site.apply(f"Référence;Email\n a1 ;{B}\nÁ1;{B}\n A1 ;{C}\n")
    assert counts(row) == (3, 3, 0, 2, 1, 0, 0)
    assert sorted(site.contacts("reference", "email")) == [("A1", C), ("a1", B), ("Á1", B)]


def test_accounts_do_not_share_contacts(site: Site) -> None:
    """The same reference in another account is another contact."""
    site.set(dedup="reference")
    other = site.rows(
        "INSERT INTO contactsync.account (name, dedup) VALUES ('zeta', 'reference') RETURNING account_id"
    )
    site.conn.execute(
        "INSERT INTO contactsync.contact (account_id, identity, reference, email) VALUES (%s, 'A1', 'A1', 'z')",
        other[0],
    )
    assert counts(site.apply(f"Référence;Email\nA1;{A}\n")) == (1, 1, 0, 1, 0, 0, 0)
    assert site.contacts("email") == [("z",), (A,)]


def test_columns_absent_from_the_file_keep_their_value(site: Site) -> None:
    """A column that the file lacks keeps its value, also under `clear`."""
    for blank in ("keep", "clear"):
        site.set(dedup="reference", blank_cells=blank)
        site.apply(f"Référence;Email;Ville\nR;{A};Brest\n")
        site.apply(f"Référence;Email\nR;{B}\n")
        assert site.contacts("email", "city") == [(B, "Brest")]


@pytest.mark.parametrize(("blank", "expected"), [("keep", ("Brest", "1980-02-01")), ("clear", (None, None))])
def test_a_blank_cell_keeps_or_clears(
    site: Site, blank: str, expected: tuple[str | None, str | None]
) -> None:
    """`blank_cells` decides whether a blank cell keeps or clears the value."""
    site.set(dedup="reference", blank_cells=blank)
    site.apply(f"Référence;Email;Ville;Date de naissance\nR;{A};Brest;1/2/1980\n")
    row = site.apply(f"Référence;Email;Ville;Date de naissance\nR;{A};;\n")
    assert site.contacts("city", "birth_date::text") == [expected]
    assert row["updated"] == (blank == "clear")


@pytest.mark.parametrize("blank", ["keep", "clear"])
def test_an_invalid_value_overwrites_nothing(site: Site, blank: str) -> None:
    """An invalid value leaves the column as it is, also under `clear`."""
    site.set(dedup="reference", blank_cells=blank)
    head = "Référence;Email;Mobile;Téléphone Fixe;Date de naissance\n"
    site.apply(head + f"R;{A};0612345678;0298441032;1/2/1980\n")
    row = site.apply(head + f"R;{A};12;x;99/99/1980\n")
    assert counts(row) == (1, 1, 0, 0, 0, 1, 0)
    assert site.contacts("mobile", "phone", "birth_date::text") == [
        ("+33612345678", "+33298441032", "1980-02-01")
    ]


def test_unchanged_rows_are_not_written(site: Site) -> None:
    """An unchanged contact keeps its row version and its date."""
    site.set(dedup="reference")
    data = f"Référence;Email;Ville\nR;{A};Brest\nS;{B};Lyon\n"
    site.apply(data)
    before = site.contacts("xmin", "ctid", "updated_at")
    row = site.apply(data.replace("Lyon", "Paris"))
    after = site.contacts("xmin", "ctid", "updated_at")
    assert counts(row) == (2, 2, 0, 0, 1, 1, 0)
    assert after[0] == before[0]
    assert after[1] != before[1]


def test_all_31_columns_are_stored(site: Site) -> None:
    """All columns come back as typed, including texts that are special in COPY."""
    values = {key: f"v {key}" for key in FRENCH} | {
        "email": A,
        "phone": "+33298441032",
        "mobile": "+33612345678",
        "birth_date": "1980-02-01",
        "city": "\\.",
        "company": 'a "b"; \\N\n\\.\nc',
        "country": "NULL",
    }
    cells = ('"' + value.replace('"', '""') + '"' for value in values.values())
    site.apply(";".join(FRENCH.values()) + "\n" + ";".join(cells) + "\n")
    (row,) = site.contacts(*(key if key != "birth_date" else "birth_date::text" for key in FRENCH))
    assert dict(zip(FRENCH, row, strict=True)) == values


def test_labels_name_fields(site: Site) -> None:
    """The account's own header fills `Champ n`."""
    labels: list[str | None] = [None] * 15
    labels[2] = "Magasin"
    site.set(field_labels=labels)
    site.apply(f"Email;MAGASIN\n{A};Brest\n")
    assert site.contacts("field_3") == [("Brest",)]
