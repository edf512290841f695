"""The reason for a failure that operators read."""

from __future__ import annotations

import errno

import pytest

from contactsync.domain.errors import ConfigurationError, DatabaseAway, Retryable
from contactsync.telemetry.log import reason_of


@pytest.mark.parametrize("kind", [Retryable, DatabaseAway, ConfigurationError])
def test_an_error_raised_on_purpose_gives_its_own_sentence(kind: type[Retryable]) -> None:
    """The program wrote it, so it holds no value of a file."""
    assert (
        reason_of(kind("ok/ already holds 1_a.csv: move it away"))
        == "ok/ already holds 1_a.csv: move it away"
    )


def test_an_error_of_the_kernel_gives_its_meaning_without_the_path() -> None:
    """The path may hold the name of an uploaded file."""
    reason = reason_of(
        OSError(errno.ENOSPC, "No space left on device", "/home/acme/contacts/jean.dupont.csv")
    )
    assert reason == "No space left on device"


def test_separate_file_systems_are_named() -> None:
    """The kernel's own words ("Invalid cross-device link") would leave operators guessing."""
    assert "several file systems" in reason_of(OSError(errno.EXDEV, "Invalid cross-device link"))
