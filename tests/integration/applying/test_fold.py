"""A file with several rows of one contact counts as if its rows were applied from top to bottom."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.applying.samples import A, B, C, counts
from tests.integration.conftest import Site

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
    """The rules of protocol 3, applied row by row."""

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
        given = {k for k in KEYS if k not in invalid and (self.clear or cells[k] is not None)}
        met[0].update({key: cells[key] for key in given})


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
        entry = site.apply("Référence;Email;Mobile;Ville\n" + "".join(";".join(row) + "\n" for row in rows))
        if entry["state"] == "ok":
            changed = [new != old for new, old in zip(model.contacts, before, strict=False)]
            assert (entry["inserted"], entry["updated"]) == (len(model.contacts) - len(before), sum(changed))
        else:
            assert entry["reason"] == "no_valid_row"
    expected = sorted(tuple(str(contact[key]) for key in KEYS) for contact in model.contacts)
    assert sorted(tuple(map(str, row)) for row in site.contacts(*KEYS)) == expected


@pytest.mark.parametrize("rows", [("R;{A};12", "R;{A};0612345678"), ("R;{A};0612345678", "R;{A};12")])
@pytest.mark.parametrize("blank", ["keep", "clear"])
def test_of_two_rows_the_valid_value_wins(site: Site, blank: str, rows: tuple[str, str]) -> None:
    """An invalid value never replaces a valid one, in any order."""
    site.set(dedup="reference", blank_cells=blank)
    head = "Référence;Email;Mobile\n"
    site.apply(head + f"R;{A};0699999999\n")
    site.apply(head + "".join(row.format(A=A) + "\n" for row in rows))
    assert site.contacts("mobile") == [("+33612345678",)]


def test_rows_of_one_contact_are_folded_across_a_big_file(site: Site) -> None:
    """The first and last row of a file of several chunks are one contact; the others are all different."""
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


def test_ids_ascend_in_order_of_the_file(site: Site) -> None:
    """Contact ids follow the order of the file, although folding moves rows in staging."""
    site.set(dedup="reference")
    order = [f"R{number * 7919 % 3000:04d}" for number in range(3000)]
    content = "".join(f"{name};{name}@example-mail.fr\n" for name in (*order, *order[::5]))
    site.apply("Référence;Email\n" + content)
    found = site.rows("SELECT reference FROM contactsync.contact ORDER BY contact_id")
    assert [reference for (reference,) in found] == order
