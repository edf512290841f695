"""What the publisher logs and counts when something fails, and that it continues afterwards."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg
import pytest

from contactsync.accounts import store
from contactsync.database import connection
from contactsync.database.connection import connect
from contactsync.reports import nightly, publisher
from contactsync.reports.publisher import Publisher
from contactsync.reports.writer import Contents
from contactsync.telemetry.metrics import Metrics
from tests.integration.reports.nightly import DEADLINE, Run, ago, days
from tests.integration.reports.site import Site
from tests.polling import until


def test_an_unreachable_database_is_logged_once_and_awaited(
    site: Site, run: Run, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.campaign(1, opened_on=ago(1), closed_on=None)
    monkeypatch.setattr(publisher, "MAX_BACKOFF_SECONDS", 0.02)
    away: list[str] = []

    def refuse(url: str, **options: Any) -> Any:
        away.append(url)
        if len(away) < 5:
            raise psycopg.OperationalError("away")
        return connect(url, **options)

    monkeypatch.setattr(connection, "connect", refuse)
    here = run()
    until(lambda: days(site), "it is published in the end")
    assert here.stop(DEADLINE)
    assert [line["event"] for line in lines] == ["report.waits", "report.published"]


def test_a_full_disk_is_logged_once_and_awaited(
    site: Site, run: Run, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.campaign(1, opened_on=ago(1), closed_on=None)
    monkeypatch.setattr(publisher, "MAX_BACKOFF_SECONDS", 0.02)
    full: list[int] = []

    def sync(fd: int, really: Callable[[int], None] = os.fsync) -> None:
        full.append(fd)
        if len(full) < 5:
            raise OSError(28, "No space left on device")
        really(fd)

    monkeypatch.setattr(os, "fsync", sync)
    here = run()
    until(lambda: days(site), "it is published in the end")
    assert here.stop(DEADLINE)
    assert [line["event"] for line in lines] == ["report.waits", "report.published"]
    assert lines[0]["reason"] == "No space left on device"


def test_an_account_without_folders_or_time_zone_does_not_block_others(
    site: Site, run: Run, lines: list[dict[str, Any]]
) -> None:
    """Each is logged once, with its fix."""
    site.campaign(1, opened_on=ago(1), closed_on=None)
    site.conn.execute(
        "INSERT INTO contactsync.account (name, time_zone) VALUES ('bare', 'Europe/Paris'), ('lost', 'Mars/Olympus')"
    )
    with closing(connect(site.url)) as conn:
        everyone = store.every(conn)
    here = run.prepare()
    here.update(everyone[::-1])
    here.start()
    until(lambda: len(lines) == 3, "three lines")
    assert here.stop(DEADLINE)
    logged = {line["account"]: line.get("fix") or line.get("reason") for line in lines}
    assert logged["bare"] == "contactsync init bare"
    assert "contactsync account set lost --time-zone" in str(logged["lost"])
    assert days(site) == [str(ago(1))]


def test_a_different_fault_is_logged_and_so_is_one_that_returns(
    site: Site, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every failed attempt counts, so that the alert for bugs can fire."""
    site.campaign(1, opened_on=ago(1), closed_on=None)
    metrics = Metrics()
    here = Publisher(
        site.settings.model_copy(update={"report_delay_seconds": 0.0}), site.url, site.pins, metrics
    )
    here.update([site.account])
    (turn,) = here._turns.values()
    denied = PermissionError(errno.EACCES, "Permission denied", "secret_name.zip")
    for fault in (KeyError("a"), ZeroDivisionError(), None, ValueError("b"), denied, None, denied, denied):

        def fail(*_: object, _fault: Exception | None = fault, **__: object) -> Contents:
            if _fault is not None:
                raise _fault
            return Contents(0, 0, 0, 0)

        monkeypatch.setattr(nightly, "publish", fail)
        here._attend(turn)
    here._session.close()
    shown = [
        (line["event"], type(line["exc_info"]).__name__ if "exc_info" in line else line["reason"])
        for line in lines
        if line["event"] != "report.published"
    ]
    assert shown == [
        ("bug", "KeyError"),
        ("bug", "ZeroDivisionError"),
        ("bug", "ValueError"),
        ("report.waits", "Permission denied"),
        ("report.waits", "Permission denied"),
    ]
    counted = [
        metrics.registry.get_sample_value("contactsync_troubles_total", {"kind": kind})
        for kind in ("bug", "report")
    ]
    assert counted == [3, 3]


def test_a_stray_and_a_missing_folder_that_return_are_logged_again(
    site: Site, lines: list[dict[str, Any]]
) -> None:
    """Each is logged once while it lasts."""
    here = Publisher(site.settings, site.url, site.pins)
    here.update([site.account])
    (turn,) = here._turns.values()
    for _ in range(2):
        (site.reporting / "notes.txt").write_text("mine")
        here._attend(turn)
        here._attend(turn)
        (site.reporting / "notes.txt").unlink()
        here._attend(turn)
        site.reporting.rmdir()
        here._attend(turn)
        here._attend(turn)
        site.reporting.mkdir()
    here._session.close()
    assert [line["event"] for line in lines] == ["report.stray", "report.no_folder"] * 2


def test_other_threads_can_ask_why_an_account_waits(site: Site) -> None:
    """`doctor` shows it. It is forgotten when a check succeeds."""
    here = Publisher(site.settings, site.url, site.pins)
    site.set(time_zone="Europe/Nowhere")
    here.update([site.account])
    (turn,) = here._turns.values()
    here._attend(turn)
    assert "there is no time zone 'Europe/Nowhere'" in here.waits()["acme"]
    site.set(time_zone="Europe/Paris")
    here.update([site.account])
    (turn,) = here._turns.values()
    here._attend(turn)
    here._session.close()
    assert here.waits() == {}
