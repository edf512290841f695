"""A refused deposit goes back into `in/`, on a real tree and database: what moves, and what the ledger records."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from contactsync.database import retries, statements
from contactsync.processing import recovery, requeue

if TYPE_CHECKING:
    from tests.integration.conftest import Site

BAD, GOOD = "Email;Nom\na@example.org\n", "Email;Nom\na@example.org;A\n"


def refused(site: Site, content: str = BAD, name: str = "list.csv") -> dict[str, Any]:
    """A deposit in `ko/`."""
    row = site.apply(content, name)
    assert row["state"] == "ko"
    return row


def as_retried(site: Site, row: dict[str, Any]) -> retries.Retried:
    found = site.daemon.execute(
        statements.get("ledger/deposit"), {"deposit_id": row["deposit_id"]}
    ).fetchone()
    assert found
    return retries.as_retried(found)


def put_back(site: Site, row: dict[str, Any]) -> bool:
    with site.spool() as spool:
        return requeue.put_back(site.daemon, site.account, spool, as_retried(site, row))


def test_the_file_goes_back_and_becomes_a_new_deposit_that_remembers(site: Site) -> None:
    """ko/S_x becomes in/x and its old results are removed; claimed again, it has its own row that names the first."""
    old = refused(site)
    site.set(syntax_errors="skip")
    assert put_back(site, old)
    assert site.boxes() == {"in": ["list.csv"], "on": [], "ok": [], "ko": []}
    before, new = (site.work(), site.ledger())[1]
    assert before["deposit_id"] == old["deposit_id"]
    assert (before["state"], before["retry_of"]) == ("ko", None)
    assert new["retry_of"] == old["deposit_id"]
    assert new["name_bytes"] == old["name_bytes"]
    assert new["deposited_at"] >= before["retried_at"].replace(microsecond=0)
    assert new["claimed_name"] != old["claimed_name"]


def test_a_corrected_setting_lets_it_be_applied_once(site: Site) -> None:
    """A file that a setting refused is applied once the setting is changed; it is then in ok/ only."""
    old = refused(site, BAD + "b@example.org;B\n")
    site.set(syntax_errors="skip")
    assert put_back(site, old)
    (new,) = site.work()
    assert (new["state"], new["rows_applied"], new["rows_rejected"]) == ("ok", 1, 1)
    assert site.boxes()["ko"] == []
    assert site.contacts("email") == [("b@example.org",)]


def test_a_new_upload_of_that_name_is_never_overwritten(site: Site) -> None:
    """If in/x exists, `put_back` raises; the file, its results and the ledger are unchanged."""
    old = refused(site)
    left = site.boxes()["ko"]
    path = site.drop(GOOD)
    with pytest.raises(FileExistsError):
        put_back(site, old)
    assert path.read_text() == GOOD
    assert site.boxes()["ko"] == left
    assert site.ledger()[0]["retried_at"] is None


def test_a_file_that_is_gone_is_not_put_back(site: Site) -> None:
    """If somebody removed it from ko/, the ledger records no retry."""
    old = refused(site)
    (site.folder(box="ko") / old["claimed_name"]).unlink()
    assert not put_back(site, old)
    assert site.ledger()[0]["retried_at"] is None


@pytest.mark.parametrize("moved", [False, True], ids=["before the rename", "before the old results went"])
def test_what_was_killed_half_way_is_finished(site: Site, moved: bool) -> None:
    """The ledger has `retried_at`: the daemon does what is missing on disk, once."""
    old = refused(site)
    with site.spool() as spool:
        assert retries.set_retried(site.daemon, site.account, old["deposit_id"], datetime.now(UTC))
    if moved:
        ko = site.folder(box="ko") / old["claimed_name"]
        ko.rename(site.folder(box="in") / "list.csv")
    with site.spool() as spool:
        recovery.finish_retries(site.pipeline, site.account, spool)
    assert site.boxes() == {"in": ["list.csv"], "on": [], "ok": [], "ko": []}
    (new,) = site.work()
    assert new["retry_of"] == old["deposit_id"]
    with site.spool() as spool:
        recovery.finish_retries(site.pipeline, site.account, spool)
    assert site.boxes()["in"] == []


def test_an_upload_with_the_name_of_a_result_is_not_taken_for_one(site: Site) -> None:
    """A deposit named `x.rejected.csv` with the same stamp as `x` stays in ko/ when `x` is put back."""
    old = refused(site)
    other = refused(site, "Email;Nom\nc@example.org\n", "other.csv")
    alias = old["claimed_name"] + ".rejected.csv"
    (site.folder(box="ko") / other["claimed_name"]).rename(site.folder(box="ko") / alias)
    site.conn.execute(
        "UPDATE contactsync.deposit SET claimed_name = %s, claimed_bytes = %s WHERE deposit_id = %s",
        (alias, alias.encode(), other["deposit_id"]),
    )
    assert put_back(site, old)
    assert (site.folder(box="ko") / alias).exists()


def test_the_same_content_uploaded_again_is_no_retry(site: Site) -> None:
    """Only a deposit that was put back is a retry; a second upload of the same file is not."""
    refused(site)
    again = refused(site)
    assert again["retry_of"] is None


def test_another_file_in_its_place_is_no_retry(site: Site) -> None:
    """Its uploader removes the file that was put back, and uploads another one of the same name and size."""
    old = refused(site)
    assert put_back(site, old)
    (site.folder(box="in") / "list.csv").unlink()
    assert refused(site, BAD.replace("a@", "b@"))["retry_of"] is None
    assert refused(site)["retry_of"] == old["deposit_id"]


def test_a_link_can_be_tried_again(site: Site) -> None:
    """A link was never copied, so it has no checksum; its name and size identify it."""
    (site.folder(box="in") / "list.csv").symlink_to("/etc/passwd")
    (old,) = site.work()
    assert old["reason"] == "not_a_file"
    assert put_back(site, old)
    (new,) = site.work()
    assert (new["reason"], new["retry_of"]) == ("not_a_file", old["deposit_id"])
