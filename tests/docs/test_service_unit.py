"""The unit as systemd reads it: without a complaint, and hardened to a figure."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "systemd/contactsync.service"
WORST = 15  # tenths of systemd-analyze's exposure

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here (Debian's package systemd)"
)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that is there, as after an installation."""
    program = tmp_path / "contactsync"
    program.touch(mode=0o755)
    copy = tmp_path / UNIT.name
    copy.write_text(
        UNIT.read_text(encoding="utf-8").replace("/usr/bin/contactsync", str(program)), encoding="utf-8"
    )
    return copy


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
    )


def test_systemd_has_no_complaint(unit: Path) -> None:
    done = analyze("verify", "--man=no", unit)
    assert (done.returncode, done.stderr) == (0, "")


def test_it_is_hardened(unit: Path) -> None:
    """An exposure of 1.5 at most."""
    done = analyze("security", "--offline=true", f"--threshold={WORST}", "--no-pager", unit)
    assert done.returncode == 0, done.stdout


def test_it_gives_two_capabilities_and_no_more() -> None:
    """To read uploads that are the FTP accounts' own, and to ask whether one is being written."""
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    for key in ("AmbientCapabilities", "CapabilityBoundingSet"):
        assert [line for line in lines if line.startswith(key)] == [f"{key}=CAP_DAC_READ_SEARCH CAP_LEASE"]
    assert not [line for line in lines if line.startswith("PrivateUsers")]


def test_every_hardening_stands_under_its_reason() -> None:
    """No directive but those that say what the service is comes without a comment before it."""
    plain = {"Description", "Documentation", "After", "Wants", "User", "Group", "WantedBy"}
    commented = False
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            commented = not line.startswith("# ---")
        elif not line or line.startswith("["):
            commented = False
        elif line.partition("=")[0] not in plain:
            assert commented, line
