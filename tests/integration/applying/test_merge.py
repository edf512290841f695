"""What a file's rows do in the database: criteria, folding, lists, consent, deletion."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contactsync.domain.columns import FRENCH

from .conftest import Site

COUNTS = ("rows_read", "rows_applied", "rows_rejected", "inserted", "updated", "unchanged", "removed")
A, B, C = "a@example-mail.fr", "b@example-mail.fr", "c@example-mail.fr"


def counts(row: dict[str, Any]) -> tuple[int, ...]:
    """The ledger's counts."""
    return tuple(row[name] for name in COUNTS)


# --- criteria ------------------------------------------------------------------------------------------------------


def test_without_a_criterion_every_row_is_a_new_contact(site: Site) -> None:
    """Even the same row twice."""
    assert counts(site.apply(f"Email;Nom\n{A};x\n{A};x\n")) == (2, 2, 0, 2, 0, 0, 0)
    assert counts(site.apply(f"Email;Nom\n{A};x\n")) == (1, 1, 0, 1, 0, 0, 0)
    assert site.contacts("email", "last_name") == [(A, "x")] * 3


def test_a_triplet_is_the_three_means_normalised(site: Site) -> None:
    """Blank, absent and invalid are the same; another mobile is another contact."""
    site.set(dedup="triplet")
    site.apply(f"Email;Mobile;Nom\n{A};;one\n{A};0612345678;two\n")
    row = site.apply(f"Email;Mobile;Téléphone Fixe;Nom\n{A.upper()};12;;three\n{A};+33 6 12 34 56 78;;four\n")
    assert counts(row) == (2, 2, 0, 0, 2, 0, 0)
    assert site.contacts("email", "mobile", "last_name") == [(A, None, "three"), (A, "+33612345678", "four")]


def test_a_reference_is_equal_to_the_letter(site: Site) -> None:
    """Case and accents count; white space around does not."""
    site.set(dedup="reference")
    site.apply(f"Référence;Email\nA1;{A}\n")
    row = site.apply(f"Référence;Email\n a1 ;{B}\nÁ1;{B}\n A1 ;{C}\n")
    assert counts(row) == (3, 3, 0, 2, 1, 0, 0)
    assert sorted(site.contacts("reference", "email")) == [("A1", C), ("a1", B), ("Á1", B)]


def test_accounts_do_not_meet(site: Site) -> None:
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


# --- what is written -----------------------------------------------------------------------------------------------


def test_columns_absent_from_the_file_keep_their_value(site: Site) -> None:
    """Under `clear` too."""
    for blank in ("keep", "clear"):
        site.set(dedup="reference", blank_cells=blank)
        site.apply(f"Référence;Email;Ville\nR;{A};Brest\n")
        site.apply(f"Référence;Email\nR;{B}\n")
        assert site.contacts("email", "city") == [(B, "Brest")]


@pytest.mark.parametrize(("blank", "expected"), [("keep", ("Brest", "1980-02-01")), ("clear", (None, None))])
def test_a_blank_cell_keeps_or_clears(
    site: Site, blank: str, expected: tuple[str | None, str | None]
) -> None:
    """As the account says."""
    site.set(dedup="reference", blank_cells=blank)
    site.apply(f"Référence;Email;Ville;Date de naissance\nR;{A};Brest;1/2/1980\n")
    row = site.apply(f"Référence;Email;Ville;Date de naissance\nR;{A};;\n")
    assert site.contacts("city", "birth_date::text") == [expected]
    assert row["updated"] == (blank == "clear")


@pytest.mark.parametrize("blank", ["keep", "clear"])
def test_an_invalid_value_overwrites_nothing(site: Site, blank: str) -> None:
    """Not even under `clear`; beside it a blank one clears."""
    site.set(dedup="reference", blank_cells=blank)
    head = "Référence;Email;Mobile;Téléphone Fixe;Date de naissance\n"
    site.apply(head + f"R;{A};0612345678;0298441032;1/2/1980\n")
    row = site.apply(head + f"R;{A};12;x;99/99/1980\n")
    assert counts(row) == (1, 1, 0, 0, 0, 1, 0)
    assert site.contacts("mobile", "phone", "birth_date::text") == [
        ("+33612345678", "+33298441032", "1980-02-01")
    ]


def test_unchanged_rows_are_not_written(site: Site) -> None:
    """The row's version in the database stays, and so does its date."""
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
    """And come back as typed; awkward texts too."""
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


# --- a file is as if its rows were applied one after the other -------------------------------------------------------

KEYS = ("reference", "email", "mobile", "city")
EMAILS, MOBILES = ("", A, B, "x"), ("", "+33612345678", "12")
ROW = st.tuples(
    st.sampled_from(["r", "s"]),
    st.sampled_from(EMAILS),
    st.sampled_from(MOBILES),
    st.sampled_from(["", "x", "y"]),
)


@dataclass
class Model:
    """The rules of protocol 3, one row after the other."""

    dedup: str
    clear: bool
    contacts: list[dict[str, str | None]] = field(default_factory=list)

    def apply(self, row: tuple[str, ...]) -> None:
        """One row, invalid values dropped."""
        cells: dict[str, str | None] = {key: value or None for key, value in zip(KEYS, row, strict=True)}
        invalid = {key for key in ("email", "mobile") if cells[key] in ("x", "12")}
        cells |= dict.fromkeys(invalid)
        if not (cells["email"] or cells["mobile"]):
            return
        by = {"none": (), "triplet": ("email", "mobile"), "reference": ("reference",)}[self.dedup]
        met = [c for c in self.contacts if by and all(c[key] == cells[key] for key in by)]
        if not met:
            self.contacts.append(cells)
            return
        said = {k for k in KEYS if k not in invalid and (self.clear or cells[k] is not None)}
        met[0].update({key: cells[key] for key in said})


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["none", "triplet", "reference"]),
    st.booleans(),
    st.lists(st.lists(ROW, min_size=1, max_size=6), min_size=1, max_size=3),
)
def test_rows_count_as_if_applied_from_top_to_bottom(
    site: Site, dedup: str, clear: bool, files: list[list[tuple[str, ...]]]
) -> None:
    """Contacts, and the counts of the last file, are those of a sequential model."""
    for table in ("contact", "list_member", "contact_list", "deposit"):
        site.conn.execute(f"DELETE FROM contactsync.{table}")
    site.set(dedup=dedup, blank_cells="clear" if clear else "keep")
    model = Model(dedup, clear)
    for rows in files:
        before = [dict(contact) for contact in model.contacts]
        for row in rows:
            model.apply(row)
        told = site.apply("Référence;Email;Mobile;Ville\n" + "".join(";".join(row) + "\n" for row in rows))
        if told["state"] == "ok":
            changed = [new != old for new, old in zip(model.contacts, before, strict=False)]
            assert (told["inserted"], told["updated"]) == (len(model.contacts) - len(before), sum(changed))
        else:
            assert told["reason"] == "no_valid_row"
    expected = sorted(tuple(str(contact[key]) for key in KEYS) for contact in model.contacts)
    assert sorted(tuple(map(str, row)) for row in site.contacts(*KEYS)) == expected


@pytest.mark.parametrize("rows", [("R;{A};12", "R;{A};0612345678"), ("R;{A};0612345678", "R;{A};12")])
@pytest.mark.parametrize("blank", ["keep", "clear"])
def test_of_two_rows_the_valid_value_wins(site: Site, blank: str, rows: tuple[str, str]) -> None:
    """An invalid one says nothing, whichever comes first."""
    site.set(dedup="reference", blank_cells=blank)
    head = "Référence;Email;Mobile\n"
    site.apply(head + f"R;{A};0699999999\n")
    site.apply(head + "".join(row.format(A=A) + "\n" for row in rows))
    assert site.contacts("mobile") == [("+33612345678",)]


def test_rows_of_one_contact_meet_across_a_big_file(site: Site) -> None:
    """The file is read a mebibyte at a time; its first and its last row are one contact's, no two in between are."""
    site.set(dedup="reference")
    between = "".join(f"R{number};{number}@example-mail.fr;{'x' * 60}\n" for number in range(20_000))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("list.csv", f"Référence;Email;Nom\nR;{A};first\n{between}R;{A};last\n")
    row = site.apply(archive.getvalue(), "list.zip")
    assert counts(row) == (20_002, 20_002, 0, 20_001, 0, 0, 0)
    assert site.rows("SELECT last_name FROM contactsync.contact WHERE reference = 'R'") == [("last",)]


def test_a_folded_file_counts_each_contact_once(site: Site) -> None:
    """Rows applied are rows; inserted, updated and unchanged are contacts."""
    site.set(dedup="reference")
    data = f"Référence;Email;Ville\nR;{A};\nR;{A};Brest\nS;{B};x\nR;{C};\n"
    assert counts(site.apply(data)) == (4, 4, 0, 2, 0, 0, 0)
    assert counts(site.apply(data)) == (4, 4, 0, 0, 0, 2, 0)
    assert site.members("list") == [[B, C], [B, C]]


# --- lists -----------------------------------------------------------------------------------------------------------


def test_mode_1_makes_a_new_list_each_time(site: Site) -> None:
    """Even where the name exists."""
    site.set(dedup="reference")
    site.apply(f"Référence;Email\nR;{A}\n")
    row = site.apply(f"Référence;Email\nS;{B}\n")
    assert site.members("list") == [[A], [B]]
    assert (row["mode"], site.result(row)["list"], site.result(row)["mode"]) == (1, "list", 1)
    assert row["list_id"] == site.rows("SELECT max(list_id) FROM contactsync.contact_list")[0][0]


def test_mode_2_adds_to_the_newest_list_of_the_name(site: Site) -> None:
    """And makes it where there is none."""
    site.set(dedup="reference")
    site.marker(".addToExistingList")
    site.apply(f"Référence;Email\nR;{A}\n")
    site.marker(None)
    site.apply(f"Référence;Email\nS;{B}\n")
    site.marker(".addToExistingList")
    row = site.apply(f"Référence;Email\nT;{C}\nS;{B}\n")
    assert site.members("list") == [[A], [B, C]]
    assert counts(row) == (2, 2, 0, 1, 0, 1, 0)


def test_mode_3_leaves_exactly_the_files_contacts(site: Site) -> None:
    """Who leaves the list stays in the account, and is counted as removed."""
    site.set(dedup="reference")
    site.apply(f"Référence;Email\nR;{A}\nS;{B}\n")
    site.marker(".syncExistingList")
    row = site.apply(f"Référence;Email\nS;{B}\nT;{C}\n")
    assert site.members("list") == [[B, C]]
    assert counts(row) == (2, 2, 0, 1, 0, 1, 1)
    assert len(site.contacts("email")) == 3


def test_mode_3_makes_a_missing_list(site: Site) -> None:
    """Then nobody is removed."""
    site.marker(".syncExistingList")
    row = site.apply(f"Email\n{A}\n", name="new.csv")
    assert (site.members("new"), row["removed"]) == ([[A]], 0)


@pytest.mark.parametrize("syntax_errors", ["refuse", "skip"])
def test_mode_3_spares_references_of_rejected_rows(site: Site, syntax_errors: str) -> None:
    """A member whose row was rejected, or is ragged and skipped, stays."""
    site.set(dedup="reference", syntax_errors=syntax_errors)
    site.apply(f"Référence;Email;Nom\nR;{A};x\nS;{B};x\nT;{C};x\n")
    site.marker(".syncExistingList")
    ragged = "T;too few\n" if syntax_errors == "skip" else ""
    row = site.apply(f"Référence;Email;Nom\nS;{B};x\nR;nonsense;x\n{ragged}")
    assert site.members("list") == [[A, B, C] if ragged else [A, B]]
    assert row["removed"] == (0 if ragged else 1)


def test_mode_3_spares_nobody_under_another_criterion(site: Site) -> None:
    """A rejected row names nobody there."""
    site.set(dedup="triplet")
    site.apply(f"Référence;Email\nR;{A}\nS;{B}\n")
    site.marker(".syncExistingList")
    site.apply(f"Référence;Email\nS;{B}\nR;nonsense\n")
    assert site.members("list") == [[B]]


def test_several_markers_are_mode_1_with_a_warning(site: Site) -> None:
    """Told in the result."""
    for name in (".addToExistingList", ".syncExistingList"):
        (site.folder() / name).touch()
    row = site.apply(f"Email\n{A}\n")
    assert row["mode"] == 1
    assert [w["code"] for w in site.result(row)["warnings"]] == ["several_markers"]


def test_a_corrected_rejected_file_completes_the_originals_list(site: Site) -> None:
    """The newest list of the original's name, whatever the mode and whatever else was imported meanwhile."""
    site.set(dedup="reference")
    row = site.apply(f"Reference;Email\nR;{A}\nS;nonsense\n", name="my list.csv")
    assert counts(row)[:3] == (2, 1, 1)
    site.marker(".syncExistingList")
    rejected = site.folder(box="ok") / f"{row['claimed_name']}.rejected.csv"
    back = site.apply(rejected.read_bytes().replace(b"nonsense", B.encode()), name=rejected.name)
    assert (back["mode"], back["state"], site.result(back)["list"]) == (2, "ok", "my list")
    assert site.result(back)["warnings"] == []
    assert site.members("my list") == [[A, B]]


def test_a_rejected_file_of_a_long_name_finds_its_list(site: Site) -> None:
    """Though the claimed name was shortened, the ledger keeps the original."""
    site.set(dedup="reference")
    name = "é" * 110 + "x" * 20 + ".csv"
    row = site.apply(f"Référence;Email\nR;{A}\nS;nonsense\n", name=name)
    assert row["name"] == name
    rejected = site.folder(box="ok") / f"{row['claimed_name']}.rejected.csv"
    site.apply(rejected.read_bytes().replace(b"nonsense", B.encode()), name=rejected.name)
    assert site.members(name.removesuffix(".csv")) == [[A, B]]


# --- consent ---------------------------------------------------------------------------------------------------------


def status(site: Site) -> list[tuple[bool, ...]]:
    """What contact_status says, in order of creation."""
    return site.rows(
        "SELECT email_active, sms_active, voice_active, voicemail_active FROM contactsync.contact_status ORDER BY contact_id"
    )


def test_an_opt_out_is_for_one_medium_and_every_contact_of_the_address(site: Site) -> None:
    """Off for SMS, on for VOICEMAIL, though both are the mobile."""
    site.apply("Mobile;Email\n0612345678;a@example-mail.fr\n+33612345678;\n")
    row = site.apply("Mobile\n06 12 34 56 78\n0612345678\n0699999999\n", action="optoutSMS")
    assert counts(row) == (3, 3, 0, 2, 0, 0, 0)
    assert status(site) == [(True, False, False, True), (False, False, False, True)]
    again = site.apply("Mobile\n0612345678\n0688888888\n", action="optoutSMS")
    assert counts(again) == (2, 2, 0, 1, 0, 1, 0)


def test_an_opt_out_outlives_deletion_and_waits_for_a_contact(site: Site) -> None:
    """It belongs to the address."""
    site.set(dedup="reference")
    site.apply(f"Email\n{A}\n{B}\n", action="optoutEMAIL")
    site.apply(f"Référence;Email\nR;{A}\n")
    assert status(site) == [(False, False, False, False)]
    assert site.apply("Référence\nR\n", action="delete")["removed"] == 1
    site.apply(f"Référence;Email\nR;{A}\n")
    assert status(site) == [(False, False, False, False)]


def test_an_opt_in_takes_an_opt_out_back(site: Site) -> None:
    """Removed counts the addresses reactivated, unchanged those that were active."""
    site.apply(f"Email\n{A}\n{B}\n", action="optoutEMAIL")
    row = site.apply(f"Email\n{A}\n{C}\n{A}\nnonsense\n", action="optinEMAIL")
    assert counts(row) == (4, 3, 1, 0, 0, 1, 1)
    assert site.rows("SELECT medium, address, origin FROM contactsync.opt_out") == [("EMAIL", B, "file")]


def test_consent_events_tell_changes_only(site: Site) -> None:
    """With the deposit that made them."""
    out = site.apply(f"Email\n{A}\n", action="optoutEMAIL")
    site.apply(f"Email\n{A}\n", action="optoutEMAIL")
    back = site.apply(f"Email\n{A}\n{B}\n", action="optinEMAIL")
    assert site.rows(
        "SELECT medium, address, kind, origin, deposit_id FROM contactsync.consent_event ORDER BY event_id"
    ) == [
        ("EMAIL", A, "optout", "file", out["deposit_id"]),
        ("EMAIL", A, "optin", "file", back["deposit_id"]),
    ]


def test_status_without_means_is_inactive(site: Site) -> None:
    """Active is who can be reached and has not opted out."""
    site.apply(f"Email;Téléphone Fixe\n{A};\n;0298441032\n")
    assert status(site) == [(True, False, False, False), (False, False, True, False)]


@pytest.mark.parametrize("medium", ["EMAIL", "SMS", "VOICE", "VOICEMAIL"])
def test_each_folder_is_for_its_medium(site: Site, medium: str) -> None:
    """Out and in again."""
    column, value = {"EMAIL": ("Email", A), "VOICE": ("Téléphone Fixe", "0298441032")}.get(
        medium, ("Mobile", "0612345678")
    )
    assert site.apply(f"{column}\n{value}\n", action=f"optout{medium}")["inserted"] == 1
    assert site.rows("SELECT medium FROM contactsync.opt_out") == [(medium,)]
    assert site.apply(f"{column}\n{value}\n", action=f"optin{medium}")["removed"] == 1
    assert site.rows("SELECT medium FROM contactsync.opt_out") == []


# --- delete ----------------------------------------------------------------------------------------------------------


def test_delete_by_reference(site: Site) -> None:
    """Contacts and their memberships go; rows that meet nobody are no errors; the same row twice deletes once."""
    site.set(dedup="reference")
    site.apply(f"Référence;Email\nR;{A}\nS;{B}\n")
    row = site.apply(f"Référence\nR\nR\nZ\n{'r' * 3000}\n\\.\n", action="delete")
    assert counts(row) == (5, 5, 0, 0, 0, 0, 1)
    assert site.contacts("email") == [(B,)]
    assert site.rows("SELECT count(*) FROM contactsync.list_member") == [(1,)]
    assert site.members("list") == [[B]]


def test_delete_by_triplet(site: Site) -> None:
    """Only who has exactly these means."""
    site.set(dedup="triplet")
    site.apply(f"Email;Mobile\n{A};\n{A};0612345678\n")
    row = site.apply(f"Email\n{A}\n{B}\n", action="delete")
    assert counts(row) == (2, 2, 0, 0, 0, 0, 1)
    assert site.contacts("mobile") == [("+33612345678",)]


def test_delete_without_a_criterion_is_refused(site: Site) -> None:
    """The whole file."""
    row = site.apply("Référence\nR\n", action="delete")
    assert (row["state"], row["reason"]) == ("ko", "no_criterion")


# --- plans -----------------------------------------------------------------------------------------------------------


def test_a_sync_does_not_trust_statistics(site: Site) -> None:
    """They lag behind a big import, and of one list among many they know nothing: no plan may be quadratic by them."""
    site.set(dedup="reference")
    rows = [f"R{number};r{number}@example-mail.fr\n" for number in range(24_000)]
    content = "Référence;Email\n" + "".join(rows)
    site.apply(content, "elsewhere.csv")
    site.conn.execute("ANALYZE contactsync.list_member, contactsync.contact")
    (site.folder("import") / ".syncExistingList").touch()
    site.apply(content, "young.csv")
    with site.pipeline.session() as conn:
        conn.execute("SET statement_timeout = '5s'")  # as a nested loop it takes minutes
        try:
            row = site.apply("Référence;Email\n" + "".join(rows[:12_000]), "young.csv")
        finally:
            conn.execute("RESET statement_timeout")
    assert counts(row) == (12_000, 12_000, 0, 0, 0, 12_000, 12_000)


def test_an_account_that_is_younger_than_the_statistics(site: Site) -> None:
    """The planner takes it for empty: import, change, consent and deletion read what there is once, all the same."""
    site.set(dedup="reference")
    content = "Référence;Email\n" + "".join(f"R{n};r{n}@ex.fr\n" for n in range(40_000))
    other = "INSERT INTO contactsync.contact (account_id, identity) SELECT 99, n::text FROM generate_series(1, 9999) n"
    site.conn.execute(other)
    site.conn.execute(
        other.replace("contact (account_id, identity)", "list_member").replace("n::text", "1, n")
    )
    opted = "INSERT INTO contactsync.opt_out SELECT 99, 'EMAIL', n::text, 'file', now() FROM generate_series(1, 9999) n"
    site.conn.execute(opted)
    for table in ("contact", "list_member", "opt_out"):
        site.conn.execute(f"ALTER TABLE contactsync.{table} SET (autovacuum_enabled = off)".encode())
        site.conn.execute(f"ANALYZE contactsync.{table}".encode())
    with site.pipeline.session() as conn:
        conn.execute("SET statement_timeout = '5s'")  # searched row by row it takes minutes
        try:
            rows = [
                site.apply(content),
                site.apply(content),
                site.apply(content.replace("@", "@mx."), "changed.csv"),
                site.apply(content, "gone.csv", "optoutEMAIL"),
                site.apply(content, "back.csv", "optinEMAIL"),
                site.apply(content, "left.csv", "delete"),
            ]
        finally:
            conn.execute("RESET statement_timeout")
    assert [counts(row)[3:] for row in rows] == [
        (40_000, 0, 0, 0),
        (0, 0, 40_000, 0),
        (0, 40_000, 0, 0),
        (40_000, 0, 0, 0),
        (0, 0, 0, 40_000),
        (0, 0, 0, 40_000),
    ]


def test_ids_ascend_in_order_of_the_file(site: Site) -> None:
    """Also where rows were folded, which moves them about in staging."""
    site.set(dedup="reference")
    order = [f"R{number * 7919 % 3000:04d}" for number in range(3000)]
    content = "".join(f"{name};{name}@example-mail.fr\n" for name in (*order, *order[::5]))
    site.apply("Référence;Email\n" + content)
    found = site.rows("SELECT reference FROM contactsync.contact ORDER BY contact_id")
    assert [reference for (reference,) in found] == order
