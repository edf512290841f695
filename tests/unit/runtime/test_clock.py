"""The host's clocks."""

from __future__ import annotations

from contactsync.runtime import clock as clocks


def test_the_system_clock_is_that_of_the_host() -> None:
    """Its wall clock is in UTC, and its monotonic clock does not go back."""
    one, other = clocks.SYSTEM_CLOCK.monotonic(), clocks.SYSTEM_CLOCK.monotonic()
    assert one <= other
    assert abs(clocks.SYSTEM_CLOCK.now().timestamp() - clocks.SYSTEM_CLOCK.wall()) < 60
