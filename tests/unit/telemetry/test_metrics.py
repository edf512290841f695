"""What is counted per deposit, and that labels are bounded."""

from __future__ import annotations

import sys
import threading

import pytest

from contactsync.domain.deposit import ACTIONS
from contactsync.domain.messages.reasons import REASONS
from contactsync.domain.messages.row_errors import ERRORS
from contactsync.telemetry import metrics
from contactsync.telemetry.metrics import Metrics
from tests.unit.telemetry.measured import OUTCOME, measured_daemon, samples, value


@pytest.fixture
def measured() -> Metrics:
    """All metrics of a daemon that has settled one deposit."""
    return measured_daemon()


def test_a_settled_deposit(measured: Metrics) -> None:
    """It counts once per account; its rows count by result, their effects and rejects by kind."""
    assert value(measured, "deposits_total", account="acme", action="import", state="ok") == 1
    assert value(measured, "rows_total", action="import", result="applied") == 5
    assert value(measured, "rows_total", action="import", result="rejected") == 3
    assert value(measured, "effects_total", action="import", effect="removed") == 4
    assert value(measured, "rows_rejected_total", code="invalid_email") == 2
    assert value(measured, "queue_seconds_sum") == 5
    assert value(measured, "work_seconds_bucket", le="0.025") == 1
    assert value(measured, "work_seconds_bucket", le="0.01") == 0


def test_a_refused_deposit(measured: Metrics) -> None:
    """It counts by its reason; rows that were validated before the refusal do not count."""
    refused = OUTCOME | {"state": "ko", "reason": "too_many_fields", "rows_applied": 0, "rows_rejected": 0}
    measured.settled(refused, {"invalid_email": 9}, queued=1, worked=1)
    assert value(measured, "deposits_refused_total", reason="too_many_fields") == 1
    assert value(measured, "rows_rejected_total", code="invalid_email") == 2


def test_a_stage_is_timed_however_it_ends(measured: Metrics) -> None:
    """A stage that fails has taken time too."""
    with pytest.raises(ZeroDivisionError), measured.timed("merge"):
        _ = 1 / 0
    assert value(measured, "stage_seconds_count", stage="merge") == 1


def test_accounts_past_the_cap_share_a_label(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first accounts keep their series; the sum stays right."""
    monkeypatch.setattr(metrics, "MAX_ACCOUNTS", 2)
    found = Metrics()
    for account in ("a", "b", "c", "d", "a"):
        found.settled(OUTCOME | {"account": account}, {}, queued=0, worked=0)
    counted = {
        dict(labels)["account"]: number
        for (name, labels), number in samples(found).items()
        if name == "contactsync_deposits_total"
    }
    assert counted == {"a": 2, "b": 1, "other": 2}


def test_there_are_few_series(measured: Metrics) -> None:
    """As docs/metrics.md says: about 260, and one per account, action and state that occurred."""
    assert 200 < len(samples(measured)) < 290


def test_every_code_has_a_series_before_it_occurs(measured: Metrics) -> None:
    """Reasons, codes and actions begin at 0, so that `increase()` sees the first event."""
    found = samples(measured)
    for name, label, known in (
        ("deposits_refused_total", "reason", REASONS),
        ("rows_rejected_total", "code", ERRORS),
        ("rows_total", "action", ACTIONS),
    ):
        there = {dict(labels)[label] for (each, labels) in found if each == f"contactsync_{name}"}
        assert there == set(known)


def one_deposit(found: Metrics) -> None:
    """All that is counted for one deposit."""
    found.settled(OUTCOME, {"invalid_email": 1}, queued=1, worked=1)
    for stage in metrics.STAGES:
        with found.timed(stage):
            pass


def test_counting_is_cheap(measured: Metrics) -> None:
    """A small deposit takes some 6 ms; to count it takes 0.2 ms, which is 214 calls. Calls can be counted anywhere."""
    one_deposit(measured)
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        one_deposit(measured)
    finally:
        sys.setprofile(None)
    assert 0 < calls < 300


def test_counting_from_several_threads_loses_nothing(measured: Metrics) -> None:
    """All workers share the counters."""

    def count() -> None:
        for _ in range(200):
            one_deposit(measured)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert value(measured, "deposits_total", account="acme", action="import", state="ok") == 801
