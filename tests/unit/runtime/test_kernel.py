"""System calls that need care."""

from __future__ import annotations

from pathlib import Path

from contactsync.runtime.kernel import Lease, release_lease, take_lease


def test_releasing_a_lease_that_the_kernel_took_back_is_no_error(tmp_path: Path) -> None:
    """The kernel takes a lease back if a writer has waited for too long (proc(5), lease-break-time)."""
    path = tmp_path / "a"
    path.touch()
    with path.open("rb") as file:
        assert take_lease(file.fileno()) is Lease.FREE
        release_lease(file.fileno())
        release_lease(file.fileno())
