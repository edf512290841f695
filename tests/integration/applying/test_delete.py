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


def test_rows_that_match_no_contact_are_located(site: Site) -> None:
    """A warning counts them and lists their lines; the message says what the file did instead."""
    site.set(dedup="reference", language="en")
    site.apply(f"Référence;Email\nR;{A}\n")
    row = site.apply("Référence\nZ\n\nR\nR\nY\nZ\n", action="delete")
    result = site.result(row)
    (warning,) = result["warnings"]
    assert (warning["code"], warning["count"], warning["lines"]) == ("met_nobody", 3, [2, 6, 7])
    assert result["message"] == "1 contact was deleted; 3 rows match no contact."


def test_a_delete_that_matches_nobody_says_so(site: Site) -> None:
    """Under `triplet` the answer explains that all three means must be equal."""
    site.set(dedup="triplet", language="en")
    site.apply(f"Email;Mobile\n{A};0612345678\n")
    result = site.result(site.apply(f"Email\n{A}\n", action="delete"))
    assert result["message"] == "No contact was deleted; 1 row matches no contact."
    assert "all three" in result["warnings"][0]["message"]
    assert result["warnings"][0]["lines"] == [2]


def test_a_hundred_lines_are_listed(site: Site) -> None:
    """The count is complete, the lines are the first."""
    site.set(dedup="reference")
    row = site.apply("Référence\n" + "".join(f"{n}\n" for n in range(1500)), action="delete")
    (warning,) = site.result(row)["warnings"]
    assert (warning["count"], warning["lines"]) == (1500, list(range(2, 102)))


def test_everybody_was_deleted(site: Site) -> None:
    """There is nothing to warn about."""
    site.set(dedup="reference")
    site.apply(f"Référence;Email\nR;{A}\n")
    assert site.result(site.apply("Référence\nR\nR\n", action="delete"))["warnings"] == []
