"""`doctor` on inotify: file systems without events, and too many folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from contactsync.cli.doctor import host
from tests.integration.cli.doctor.findings import Look, bad


def test_file_systems_without_events(monkeypatch: pytest.MonkeyPatch, look: Look) -> None:
    """A warning, by the type in the mount table: the folders are polled."""
    monkeypatch.setattr(host, "_kind", lambda _: "nfs4")
    (finding,) = bad(look(), "events")
    assert (finding.level, "polled every rescan_seconds" in finding.message) == ("warning", True)


def test_more_folders_than_the_kernel_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than fs.inotify.max_user_watches is an error; above 15,000 folders events are not used."""
    watches = int(Path("/proc/sys/fs/inotify/max_user_watches").read_text())
    many = {str(n): Path("/") for n in range(400)}
    (note,) = [each for each in host._inotify(many) if "folders" in each.message]
    assert (note.level, "only polled" in note.message) == ("note", True)
    monkeypatch.setattr("contactsync.intake.watch.MAX_WATCHED_FOLDERS", 10**9)
    (error,) = [
        each
        for each in host._inotify(dict.fromkeys(range(watches // 50), Path("/")))
        if "max_user_watches" in each.message
    ]
    assert error.level == "error"
    assert (error.fix or "").startswith("sysctl -w fs.inotify.max_user_watches=")
