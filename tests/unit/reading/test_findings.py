"""Findings: what accompanies a warning."""

from __future__ import annotations

from contactsync.reading.findings import Findings


def test_a_warning_keeps_its_first_hundred_lines() -> None:
    """Batches add up; the count is exact although the list ends."""
    findings = Findings()
    findings.warn("footer", 60, range(1, 61))
    findings.warn("footer", 60, range(61, 121))
    assert findings.warnings["footer"] == 120
    assert findings.lines["footer"] == list(range(1, 101))


def test_nothing_to_warn_about_leaves_no_trace() -> None:
    """A count of 0 is no warning."""
    findings = Findings()
    findings.warn("footer", 0, [], names=[])
    assert (dict(findings.warnings), findings.lines, findings.details) == ({}, {}, {})
