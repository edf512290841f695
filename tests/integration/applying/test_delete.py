"""Delete files: which contacts they remove."""

from __future__ import annotations

from tests.integration.applying.samples import A, B, counts
from tests.integration.conftest import Site


def test_delete_by_reference(site: Site) -> None:
    """Contacts and memberships are deleted once; a row without a contact is not an error."""
    site.set(dedup="reference")
    site.apply(f"Référence;Email\nR;{A}\nS;{B}\n")
    row = site.apply(f"Référence\nR\nR\nZ\n{'r' * 3000}\n\\.\n", action="delete")
    assert counts(row) == (5, 5, 0, 0, 0, 0, 1)
    assert site.contacts("email") == [(B,)]
    assert site.rows("SELECT count(*) FROM contactsync.list_member") == [(1,)]
    assert site.members("list") == [[B]]


def test_delete_by_triplet(site: Site) -> None:
    """Only the contact with exactly these means is deleted."""
    site.set(dedup="triplet")
    site.apply(f"Email;Mobile\n{A};\n{A};0612345678\n")
    row = site.apply(f"Email\n{A}\n{B}\n", action="delete")
    assert counts(row) == (2, 2, 0, 0, 0, 0, 1)
    assert site.contacts("mobile") == [("+33612345678",)]


def test_delete_without_a_criterion_is_refused(site: Site) -> None:
    """Without a criterion, the whole delete file is refused."""
    row = site.apply("Référence\nR\n", action="delete")
    assert (row["state"], row["reason"]) == ("ko", "no_criterion")
