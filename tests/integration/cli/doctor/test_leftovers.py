"""`doctor` on leftovers: each case is made, found, and fixed by the command that the finding names."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from contactsync.database import retries
from tests.integration.cli.doctor.findings import Look, bad

if TYPE_CHECKING:
    from tests.integration.conftest import Site


def test_files_that_are_not_in_the_ledger(look: Look, site: Site) -> None:
    """A foreign file in ok/ or ko/ is a note; deposits and their result files are not foreign."""
    site.apply("Email\na@example.org\nno\n")
    site.apply("Email;Nom\nx\n", "bad.csv")
    assert bad(look(), "leftovers") == []
    (site.folder(box="ko") / "5_foreign.csv").touch()
    (finding,) = bad(look(), "leftovers")
    assert (finding.level, "5_foreign.csv" in finding.message) == ("note", True)


def test_rows_without_a_file_and_unfinished_files(look: Look, site: Site) -> None:
    """A row in progress without a file; a file in on/ that no daemon processes; an interrupted retry."""
    row = site.apply("Email\na@example.org\n")
    site.conn.execute("UPDATE contactsync.deposit SET state = 'on'")
    settled = site.folder(box="ok") / row["claimed_name"]
    settled.rename(site.root / "aside")
    (finding,) = (each for each in bad(look(), "leftovers") if each.level == "warning")
    assert f"deposit {row['deposit_id']} is in progress" in finding.message
    (site.root / "aside").rename(settled)
    site.conn.execute("UPDATE contactsync.deposit SET state = 'ok'")
    (site.folder(box="on") / "7_x.csv").touch()
    (finding,) = bad(look(), "leftovers")
    assert "on/7_x.csv is unfinished" in finding.message
    (site.folder(box="on") / "7_x.csv").unlink()
    refused = site.apply("Email;Nom\nx\n", "bad.csv")
    retries.set_retried(site.daemon, site.account, refused["deposit_id"], datetime.now(UTC))
    (finding,) = bad(look(), "leftovers")
    assert finding.fix == f"contactsync retry {refused['deposit_id']}"


@pytest.mark.parametrize(("state", "reason"), [("on", "is in progress in the ledger"), ("ko", "that are ko")])
def test_files_that_were_settled_after_the_ledger_was_saved(
    look: Look, site: Site, state: str, reason: str
) -> None:
    """After a restore of the database, the fix moves the file to where the daemon checks it again."""
    row = site.apply("Email\na@example.org\n")
    site.conn.execute("UPDATE contactsync.deposit SET state = %s", [state])
    (finding,) = bad(look(), "leftovers")
    assert (finding.level, reason in finding.message) == ("error", True)
    assert finding.fix is not None
    subprocess.run(finding.fix, shell=True, check=True)
    assert os.listdir(site.folder(box="on")) == [row["claimed_name"]]
