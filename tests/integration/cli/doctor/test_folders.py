"""`doctor` on folders that are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.cli.doctor.findings import Look, bad

if TYPE_CHECKING:
    from tests.integration.conftest import Site


def test_a_missing_folder(look: Look, site: Site) -> None:
    """The fix is `init`."""
    site.folder("optinSMS", "ko").rmdir()
    (finding,) = bad(look(), "folders")
    assert (finding.level, finding.fix) == ("error", "contactsync init acme")


def test_a_missing_root(look: Look, site: Site) -> None:
    """It is not mounted, or ftp_root is wrong."""
    found = bad(look(ftp_root=site.root / "none"), "folders")
    assert any("ftp_root" in each.message for each in found)


def test_a_missing_data_dir(look: Look, site: Site) -> None:
    """The daemon's state is then unknown."""
    (finding,) = bad(look(data_dir=site.root.parent / "none"), "folders")
    assert finding.level == "warning"
    assert "data_dir" in finding.message
