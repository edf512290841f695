"""Files, and the states that a killed process leaves behind, for tests of one deposit."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from contactsync.database import ledger
from contactsync.domain.deposit import ACTIONS, Claimed

if TYPE_CHECKING:
    from tests.integration.conftest import Site

A, B = "a@example-mail.fr", "b@example-mail.fr"
GOOD = f"Email\n{A}\n"
IMPORT = ACTIONS["import"]
Logged = Callable[[], list[dict[str, Any]]]


def everything(site: Site) -> list[list[tuple[Any, ...]]]:
    """All that a file may change, except the ledger."""
    tables = ("contact", "contact_list", "list_member", "opt_out", "consent_event")
    return [site.rows(f"SELECT t::text FROM contactsync.{table} AS t ORDER BY 1") for table in tables]


def claim(site: Site) -> bytes:
    """A file that a killed process left in `on/` right after it was claimed; its claimed name."""
    name, _ = _claimed(site, admitted=False)
    return name


def admit(site: Site) -> Claimed:
    """A file that a killed process left in `on/` after it was copied."""
    _, deposit = _claimed(site, admitted=True)
    assert deposit is not None
    return deposit


def _claimed(site: Site, *, admitted: bool) -> tuple[bytes, Claimed | None]:
    site.drop(GOOD)
    with site.spool() as spool:
        (incoming,) = spool.incoming()
        name = spool.claim(incoming, lambda _action, _name: False)
        assert name is not None
        return name, spool.admit(IMPORT, name, incoming) if admitted else None


def cut_off(site: Site, deposit: Claimed, attempts: int = 1) -> None:
    """The ledger's row of so many attempts on which the process died."""
    for _ in range(attempts):
        assert ledger.begin(site.daemon, site.account, deposit, count=1)


def zipped(content: bytes) -> bytes:
    """A zip of one CSV."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", content)
    return out.getvalue()
