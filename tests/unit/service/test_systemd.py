"""What is sent to systemd, and how often; a socket without a listener does no harm."""

from __future__ import annotations

import os
from math import inf
from typing import TYPE_CHECKING

import pytest

from contactsync.service import systemd as notify
from contactsync.service.systemd import Notifier
from tests.acceptance.systemd import Systemd

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    with Systemd(tmp_path) as listener:
        yield listener


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock, set by the test."""
    now = [100.0]
    monkeypatch.setattr(notify.time, "monotonic", lambda: now[0])
    return now


def test_a_changed_status_is_sent_at_most_once_per_second(systemd: Systemd, clock: list[float]) -> None:
    notifier = Notifier(systemd.address)
    for status, later in [("a", 0.0), ("a", 5.0), ("b", 0.0), ("c", 0.5), ("d", 0.6), ("d", 9.0)]:
        clock[0] += later
        notifier.pulse(lambda current=status: current, alive=True)
    systemd.drain()
    assert systemd.heard == ["STATUS=a", "STATUS=b", "STATUS=d"]


def test_a_status_is_one_line(systemd: Systemd) -> None:
    """An error's text never becomes another assignment, whatever it holds."""
    Notifier(systemd.address).send_status("away:\nREADY=1\udcff")
    assert systemd.hear() == ["STATUS=away: READY=1?"]


def test_the_watchdog_is_fed_only_while_the_daemon_is_alive(systemd: Systemd) -> None:
    notifier = Notifier(systemd.address, watchdog_seconds=2)
    notifier.pulse(lambda: "well", alive=True)
    assert systemd.hear() == ["STATUS=well", "WATCHDOG=1"]
    notifier.pulse(lambda: "well", alive=False)
    assert systemd.hear(0.01) == []
    assert notifier.interval == 0.5


def test_readiness_is_sent_until_it_gets_through(tmp_path: Path) -> None:
    """A message that did not get through is repeated: systemd would wait for it, then kill the service."""
    notifier = Notifier(str(tmp_path / "notify"))
    notifier.ready()
    notifier.pulse(lambda: "well", alive=True)
    with Systemd(tmp_path) as systemd:
        notifier.pulse(lambda: "well", alive=True)
        notifier.pulse(lambda: "well", alive=True)
        systemd.drain()
        assert systemd.heard == ["READY=1", "STATUS=well"]


@pytest.mark.parametrize("address", [None, "", "vsock:2:1", "relative"])
def test_without_systemd_nothing_is_sent(address: str | None) -> None:
    """Without an address, or with one of an unknown kind, nothing is sent and nothing wakes up for it."""
    notifier = Notifier(address, watchdog_seconds=2)
    notifier.ready()
    notifier.pulse(lambda: pytest.fail("the status was computed"), alive=True)
    assert notifier.interval == inf


@pytest.mark.parametrize(
    ("usec", "pid", "interval"),
    [
        ("2000000", None, 0.5),
        ("2000000", "own", 0.5),
        ("2000000", "1", 1.0),
        ("x", None, 1.0),
        ("0", None, 1.0),
    ],
)
def test_systemds_variables_are_removed_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, usec: str, pid: str | None, interval: float
) -> None:
    """A watchdog counts if it names this process or none. Child processes see none of the variables."""
    monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere")
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    if pid is not None:
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()) if pid == "own" else pid)
    assert Notifier.from_environment().interval == interval
    assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} & set(os.environ)
