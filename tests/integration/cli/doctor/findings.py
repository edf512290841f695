"""What the tests of `doctor` share: how to look, and how to pick out findings."""

from __future__ import annotations

from collections.abc import Callable

from contactsync.cli.doctor.finding import Finding

Look = Callable[..., list[Finding]]


def bad(found: list[Finding], check: str) -> list[Finding]:
    return [finding for finding in found if finding.check == check and finding.level != "ok"]
