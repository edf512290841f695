"""Where a path is mounted, found without touching its file system."""

from __future__ import annotations

import os
from pathlib import Path

from contactsync.runtime.file_system import device_of, mount_of


def test_the_mount_of_a_folder_is_the_kernels(tmp_path: Path) -> None:
    """It is above the folder, and on the same device."""
    found = mount_of(tmp_path.resolve())
    assert tmp_path.resolve().is_relative_to(found.point)
    assert device_of(found.point) == device_of(tmp_path)
    assert found.kind != "unknown"


def test_a_path_that_does_not_exist_has_a_mount() -> None:
    """It is only compared, and never opened."""
    assert mount_of(Path("/proc/nowhere/at/all")).kind == "proc"
    assert os.path.ismount(mount_of(Path("/no/such/path")).point)
