"""When claims stop on a file system and when they resume. tests/faults/test_full_disk.py has a real disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from contactsync.processing.watermark import NoRoom, Watermark, required
from contactsync.runtime import file_system
from contactsync.runtime.file_system import Space

if TYPE_CHECKING:
    from collections.abc import Callable

GIB = 1 << 30
Free = list[int]


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Free:
    """The free bytes of every file system of 100 GiB; its last element counts."""
    found: Free = [50 * GIB]
    monkeypatch.setattr(file_system, "space", lambda _path: Space(found[-1], 100 * GIB))
    return found


@pytest.fixture
def ask(tmp_path: Path) -> Callable[[Watermark], bool]:
    """Whether there is room for a claim, by the default settings."""

    def has_room(watermark: Watermark) -> bool:
        try:
            watermark.require_room(tmp_path, min_bytes=GIB, min_percent=2)
        except NoRoom:
            return False
        return True

    return has_room


@given(st.integers(0, 1 << 50), st.integers(0, 1 << 40), st.floats(0, 99))
def test_the_smaller_limit_counts(total: int, min_bytes: int, min_percent: float) -> None:
    """And 0 of either turns the check off."""
    limit = required(total, min_bytes=min_bytes, min_percent=min_percent)
    assert 0 <= limit <= min_bytes
    assert limit <= total * min_percent / 100
    assert required(total, min_bytes=0, min_percent=min_percent) == 0
    assert required(total, min_bytes=min_bytes, min_percent=0) == 0


def test_claims_stop_and_resume_with_one_line_each(free: Free, ask: Callable[[Watermark], bool]) -> None:
    """However often it is asked; claims resume at a tenth above the limit only."""
    watermark = Watermark()
    with structlog.testing.capture_logs() as logs:
        assert ask(watermark)
        free.append(GIB - 1)
        assert [ask(watermark) for _ in range(3)] == [False] * 3
        assert [low.required_bytes for low in watermark.low] == [GIB]
        free.append(GIB + 1)
        assert not ask(watermark)
        free.append(2 * GIB)
        assert [ask(watermark) for _ in range(3)] == [True] * 3
        assert watermark.low == ()
    assert [line["event"] for line in logs] == ["disk.low", "disk.resumed"]
    assert logs[0]["free_bytes"] == GIB - 1
    assert logs[0]["required_bytes"] == GIB


def test_it_resumes_even_if_no_upload_waits(free: Free, ask: Callable[[Watermark], bool]) -> None:
    """Uploaders may have removed their files: the main loop looks again."""
    watermark = Watermark()
    free.append(0)
    ask(watermark)
    watermark.look_again()
    assert len(watermark.low) == 1
    free.append(2 * GIB)
    watermark.look_again()
    assert watermark.low == ()


def test_a_file_system_that_is_gone_is_not_low(
    free: Free, ask: Callable[[Watermark], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was unmounted: nothing is known about its space any more."""
    watermark = Watermark()
    free.append(0)
    ask(watermark)

    def gone(_path: Path) -> Space:
        raise FileNotFoundError

    monkeypatch.setattr(file_system, "space", gone)
    watermark.look_again()
    assert watermark.low == ()


def test_a_file_system_without_a_size_is_never_low(
    ask: Callable[[Watermark], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some network file systems report zeros."""
    monkeypatch.setattr(file_system, "space", lambda _path: None)
    assert ask(Watermark())
