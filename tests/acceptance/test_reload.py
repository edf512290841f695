"""SIGHUP reloads the settings and the accounts of a running daemon."""

from __future__ import annotations

import signal
import time

from tests.acceptance.program import Program
from tests.acceptance.service import configure_by_file
from tests.acceptance.systemd import Systemd
from tests.acceptance.tables import people


def test_a_reload_is_reported_from_beginning_to_end(running: tuple[Program, Systemd]) -> None:
    """RELOADING=1 with the time of it, then READY=1."""
    service, systemd = running
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    service.send_signal(signal.SIGHUP)
    systemd.until("RELOADING=1")
    (logged,) = [each for each in systemd.heard if each.startswith("MONOTONIC_USEC=")]
    assert before <= int(logged.partition("=")[2]) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    systemd.until("READY=1")


def test_settings_change_live(down: Program) -> None:
    """Without systemd too: a file that would be quiet in an hour is taken under the new setting, without a restart."""
    file = configure_by_file(
        down, "settle_seconds = 3600\nresult_files = true\nignored_names = ['.*', 'no*']\n"
    )
    down.add_account("acme")
    down.start("--config", str(file))
    down.drop("acme", "list.csv", people(3))
    down.drop("acme", "now.csv", people(3))
    down.started()
    file.write_text("settle_seconds = 0\ngrace_seconds = 0\nresult_files = false\n", encoding="utf-8")
    down.send_signal(signal.SIGHUP)
    for name in ("list.csv", "now.csv"):
        settled = down.settled("acme", name)
        assert settled.state == "ok"
        assert not settled.beside(".result.json").exists()
    (logged,) = down.logged("settings.reloaded")
    assert logged["changed"] == ["settle_seconds", "grace_seconds", "ignored_names", "result_files"]


def test_a_key_that_needs_a_restart_is_named(down: Program) -> None:
    """It stays as it was, the others change."""
    file = configure_by_file(down, "workers = 2\nsettle_seconds = 3600\n")
    down.start("--config", str(file))
    down.started()
    file.write_text("workers = 3\nlog_format = 'console'\nsettle_seconds = 0\n", encoding="utf-8")
    del down._environment["CONTACTSYNC_LOG_FORMAT"]
    down.send_signal(signal.SIGHUP)
    (logged,) = down.logged("settings.need_restart")
    # log_format is in the environment, which comes first.
    assert logged["keys"] == ["workers"]
    assert down.logged("settings.reloaded")[0]["changed"] == ["settle_seconds"]


def test_a_wrong_configuration_changes_nothing(service: Program, systemd: Systemd) -> None:
    """The daemon reports every problem, also in its status, keeps its settings, and accepts a valid file later."""
    file = configure_by_file(service, "settle_seconds = 0\ngrace_seconds = 0\n")
    service.add_account("acme")
    service.start("--config", str(file))
    systemd.until("READY=1")
    file.write_text("settle_seconds = -1\nworker = 3\nresult_files = false\n", encoding="utf-8")
    service.send_signal(signal.SIGHUP)
    systemd.status("configuration is invalid")
    (logged,) = service.logged("settings.refused")
    assert len(logged["problems"]) == 2
    assert "settle_seconds" in logged["problems"][0]
    service.drop("acme", "list.csv", people(3))
    assert service.settled("acme", "list.csv").result["state"] == "ok"
    file.write_text("settle_seconds = 0\ngrace_seconds = 0\nresult_files = false\n", encoding="utf-8")
    service.send_signal(signal.SIGHUP)
    systemd.status("STATUS=1 accounts")
    service.drop("acme", "next.csv", people(3))
    assert not service.settled("acme", "next.csv").beside(".result.json").exists()


def test_a_reload_finds_a_new_account_at_once(down: Program) -> None:
    """SIGHUP reads the accounts too, however long the next look would be away."""
    down.configure(rescan_seconds=3600)
    down.start()
    down.started()
    down.until(
        lambda: down.rows("SELECT 1 FROM pg_stat_activity WHERE query ~ 'FROM contactsync.account'"),
        "one look",
    )
    down.add_account("acme")
    down.drop("acme", "list.csv", people(3))
    down.send_signal(signal.SIGHUP)
    assert down.settled("acme", "list.csv").state == "ok"
