"""`doctor` on a real database, tree and host, called as a function."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from contactsync.cli.doctor import command
from contactsync.cli.doctor.finding import Finding
from contactsync.settings.settings import Settings
from contactsync.spool import layout_make
from tests.integration.cli.doctor.findings import Look

if TYPE_CHECKING:
    from tests.integration.conftest import Site


@pytest.fixture
def look(site: Site) -> Look:
    """Run every check with these settings; returns the findings."""

    (site.root.parent / "data").mkdir(exist_ok=True)
    layout_make.make(site.root / "acme", site.root, None)

    def found(**settings: object) -> list[Finding]:
        given = {"ftp_root": site.root, "data_dir": site.root.parent / "data", "database_url": site.url}
        return list(command._findings(Settings(**{**given, **settings})))

    return found
