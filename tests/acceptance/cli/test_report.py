"""`contactsync report`: publishes a day on demand, and explains what it cannot publish."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.program import DEADLINE
from tests.acceptance.reporting import add_account, ago, published, seed, today
from tests.model.drive import ROOT

if TYPE_CHECKING:
    from tests.acceptance.program import Program


class Command:
    """`contactsync report` on the test's database."""

    def __init__(self, down: Program) -> None:
        self.down = down

    def __call__(self, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "contactsync", "report", *options],
            env=self.down._environment | {"PYTHONPATH": str(ROOT / "daemon")},
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE,
        )


@pytest.fixture
def report(down: Program) -> Command:
    account = add_account(down, "acme", separator=",")
    seed(down, account, [{"reference": "R1", "email": "p@example.com"}], ["EMAIL"])
    return Command(down)


def test_report_publishes_yesterday_for_every_account(report: Command) -> None:
    add_account(report.down, "beta")
    done = report("--json")
    assert (done.returncode, done.stderr) == (0, "")
    root = report.down.ftp
    assert json.loads(done.stdout) == [
        {"account": "acme", "day": ago(1), "campaigns": 1, "files": 6, "rows": 4,
         "folder": str(root / "acme/reporting" / ago(1))},
        {"account": "beta", "day": ago(1), "campaigns": 0, "files": 6, "rows": 0,
         "folder": str(root / "beta/reporting" / ago(1))},
    ]  # fmt: skip
    assert sorted(os.listdir(root / "acme/reporting" / ago(1)))[1:] == [f"{ago(1)}_Daily.zip"]


def test_report_builds_a_day_again(report: Command) -> None:
    """Reactions that were recorded after it was published are then in it."""
    day = ago(20)
    assert report("--day", day, "--account", "acme").returncode == 0
    (campaign,) = report.down.rows("SELECT account_id, campaign_id FROM campaign")
    (contact,) = report.down.rows("SELECT contact_id FROM contact")
    report.down.rows(
        "SELECT record_reaction(%s, %s, %s, 'EMAIL', 'opened', %s)",
        *campaign.values(), contact["contact_id"], f"{day} 12:00+00",
    )  # fmt: skip
    done = report("--day", day, "--account", "acme")
    assert "older than report_retention_days" in done.stderr
    assert done.stdout.splitlines()[1].split()[:5] == ["acme", day, "1", "6", "2"]
    assert published(report.down, "acme", day)["EMAIL_opened.csv"].count(b"\n") == 2


def test_report_shows_today_so_far(report: Command) -> None:
    assert report("--day", str(today())).returncode == 0
    assert os.listdir(report.down.ftp / "acme/reporting") == [str(today())]


@pytest.mark.parametrize(
    ("options", "status", "problem"),
    [
        (["--day", "27/04/2015"], 2, "--day: '27/04/2015' is not a day such as 2015-04-27"),
        (["--day", "9999-12-31"], 1, "acme: 9999-12-31 has not begun in Europe/Paris"),
        (["--account", "nobody"], 1, "there is no account 'nobody'; the accounts are acme"),
    ],
)
def test_report_explains_what_it_cannot_publish(
    report: Command, options: list[str], status: int, problem: str
) -> None:
    done = report(*options)
    assert (done.returncode, done.stdout) == (status, "")
    assert problem in done.stderr


def test_report_names_what_is_missing_and_does_the_rest(report: Command) -> None:
    report.down.add_account("bare")
    done = report()
    assert done.returncode == 1
    assert "bare: there is no" in done.stderr
    assert "contactsync init bare" in done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["account", "acme"]
    assert Path(report.down.ftp / "acme/reporting" / ago(1)).is_dir()
