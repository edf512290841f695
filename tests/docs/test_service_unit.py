"""The unit as systemd reads it: no complaints, and a measured degree of hardening."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "systemd/contactsync.service"
# In tenths of systemd-analyze's exposure level.
MAX_EXPOSURE = 15

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here (Debian's package systemd)"
)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with an existing program, as after an installation."""
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
    """Its exposure level is at most 1.5."""
    done = analyze("security", "--offline=true", f"--threshold={MAX_EXPOSURE}", "--no-pager", unit)
    assert done.returncode == 0, done.stdout


def test_it_grants_exactly_two_capabilities() -> None:
    """One to read files that belong to FTP accounts, one to detect whether a file is being written."""
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    for key in ("AmbientCapabilities", "CapabilityBoundingSet"):
        assert [line for line in lines if line.startswith(key)] == [f"{key}=CAP_DAC_READ_SEARCH CAP_LEASE"]
    assert not [line for line in lines if line.startswith("PrivateUsers")]


def test_every_hardening_directive_has_a_reason() -> None:
    """Each has a comment above it. Only directives that describe the service need none."""
    plain = {"Description", "Documentation", "After", "Wants", "User", "Group", "WantedBy"}
    commented = False
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            commented = not line.startswith("# ---")
        elif not line or line.startswith("["):
            commented = False
        elif line.partition("=")[0] not in plain:
            assert commented, line
