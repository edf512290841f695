"""A daemon without its two capabilities."""

from __future__ import annotations

import pytest

from tests.acceptance import host as hosts
from tests.acceptance.host import HostProgram, Tenant
from tests.acceptance.tables import people

pytestmark = pytest.mark.skipif(hosts.why_not() is not None, reason=hosts.why_not() or "")


def test_without_capabilities_what_everybody_may_read_is_applied(made: HostProgram, acme: Tenant) -> None:
    """An upload that the daemon may not read waits in `in/`, is logged with its reason and delays no other account."""
    made.stop()
    made.capabilities = False
    with made:
        acme.put("contacts/import/in/open.part", people(1))
        acme("os.chmod(p[0], 0o644)", "contacts/import/in/open.part")
        acme("os.rename(p[0], p[1])", "contacts/import/in/open.part", "contacts/import/in/open.csv")
        assert made.settled("acme", "open.csv").state == "ok"
        logged = made.until(lambda: made.events("lease.unavailable"), "it is logged")
        assert [line["account"] for line in logged] == ["acme"]
        acme.put("contacts/import/in/closed.csv", people(1))
        waits = made.until(lambda: made.events("deposit.waits"), "it is logged")
        assert {(line["account"], line["reason"]) for line in waits} == {("acme", "Permission denied")}
        upload = made.drop("globex", "other.part", people(1))
        upload.chmod(0o644)
        upload.rename(upload.with_name("other.csv"))
        assert made.settled("globex", "other.csv").state == "ok"
        assert made.files_in("acme", "in") == ["closed.csv"]
        acme("os.chmod(p[0], 0o644)", "contacts/import/in/closed.csv")
        assert made.settled("acme", "closed.csv").state == "ok"
        assert made.events("bug") == []
