"""A refused deposit back into line, on a real tree and database: what moves, what the ledger remembers, what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from contactsync.database import ledger, statements
from contactsync.processing import recovery, requeue

if TYPE_CHECKING:
    from tests.integration.conftest import Site

BAD, GOOD = "Email;Nom\na@example.org\n", "Email;Nom\na@example.org;A\n"


def refused(site: Site, content: str = BAD, name: str = "list.csv") -> dict[str, Any]:
    """A deposit in `ko/`."""
    row = site.apply(content, name)
    assert row["state"] == "ko"
    return row


def as_retried(site: Site, row: dict[str, Any]) -> ledger.Retried:
    found = site.daemon.execute(
        statements.get("ledger/deposit"), {"deposit_id": row["deposit_id"]}
    ).fetchone()
    assert found
    return ledger.as_retried(found)


def put_back(site: Site, row: dict[str, Any]) -> bool:
    with site.spool() as spool:
        return requeue.put_back(site.daemon, site.account, spool, as_retried(site, row))


def test_the_file_goes_back_and_becomes_a_new_deposit_that_remembers(site: Site) -> None:
    """ko/S_x becomes in/x, its old results go; claimed again it has a row of its own, and both know of each other."""
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
    """What a setting refused is applied after the setting was changed, and its file ends in ok/ alone."""
    old = refused(site, BAD + "b@example.org;B\n")
    site.set(syntax_errors="skip")
    assert put_back(site, old)
    (new,) = site.work()
    assert (new["state"], new["rows_applied"], new["rows_rejected"]) == ("ok", 1, 1)
    assert site.boxes()["ko"] == []
    assert site.contacts("email") == [("b@example.org",)]


def test_a_new_upload_of_that_name_is_never_overwritten(site: Site) -> None:
    """in/x taken: an error, and file, results and ledger are as they were."""
    old = refused(site)
    lying = site.boxes()["ko"]
    path = site.drop(GOOD)
    with pytest.raises(FileExistsError):
        put_back(site, old)
    assert path.read_text() == GOOD
    assert site.boxes()["ko"] == lying
    assert site.ledger()[0]["retried_at"] is None


def test_a_file_that_has_gone_is_told_and_nothing_is_noted(site: Site) -> None:
    """ops took it out of ko/: False, and the ledger does not wait for it."""
    old = refused(site)
    (site.folder(box="ko") / old["claimed_name"]).unlink()
    assert not put_back(site, old)
    assert site.ledger()[0]["retried_at"] is None


@pytest.mark.parametrize("moved", [False, True], ids=["before the rename", "before the old results went"])
def test_what_was_killed_half_way_is_finished(site: Site, moved: bool) -> None:
    """The ledger says "put back": whatever of it is missing on disk is done by the daemon, once."""
    old = refused(site)
    with site.spool() as spool:
        assert ledger.set_retried(site.daemon, site.account, old["deposit_id"], datetime.now(UTC))
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
    """A deposit called `x.rejected.csv` that came in the second of `x` stays in ko/ when `x` is tried again."""
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


def test_the_same_content_uploaded_by_itself_is_no_retry(site: Site) -> None:
    """Only what was put back is one: a second upload of the same file is a deposit like any."""
    refused(site)
    again = refused(site)
    assert again["retry_of"] is None


def test_another_file_in_its_place_is_no_retry(site: Site) -> None:
    """Its uploader takes what was put back away again, and uploads another of that name and size."""
    old = refused(site)
    assert put_back(site, old)
    (site.folder(box="in") / "list.csv").unlink()
    assert refused(site, BAD.replace("a@", "b@"))["retry_of"] is None
    assert refused(site)["retry_of"] == old["deposit_id"]


def test_a_link_can_be_tried_again(site: Site) -> None:
    """What was never copied has no checksum; its name and size tell."""
    (site.folder(box="in") / "list.csv").symlink_to("/etc/passwd")
    (old,) = site.work()
    assert old["reason"] == "not_a_file"
    assert put_back(site, old)
    (new,) = site.work()
    assert (new["reason"], new["retry_of"]) == ("not_a_file", old["deposit_id"])
