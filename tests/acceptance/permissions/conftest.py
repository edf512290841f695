"""Two FTP accounts, the daemon and root, each under its own uid, over the tree that `init` creates."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.host import ACME, GLOBEX, Host, HostProgram, Tenant
from tests.faults.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Databases


@pytest.fixture(scope="module")
def host() -> Iterator[tuple[Host, Path]]:
    """The users, and a folder that all of them may enter: pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as name, closing(Host(Path(name))) as found:
        Path(name).chmod(0o711)
        yield found, Path(name)


@pytest.fixture(scope="module")
def made(host: tuple[Host, Path], databases: Databases) -> Iterator[HostProgram]:
    """A program with both accounts and their folders, whose daemon does not run."""
    with ExitStack() as stack:
        # PostgreSQL's own socket is closed to the daemon.
        proxy = stack.enter_context(Proxy(stack.enter_context(databases())))
        found = HostProgram(host[1] / "program", proxy.url, host[0], rescan_seconds=0.2)
        stack.enter_context(closing(found))
        found.add_tenants()
        found.connection.execute("UPDATE account SET created_at = now() - interval '3 days'")
        yield found


@pytest.fixture(scope="module")
def program(made: HostProgram) -> Iterator[HostProgram]:
    """Its daemon runs, with its two capabilities."""
    with made:
        yield made


@pytest.fixture(scope="module")
def tenants(made: HostProgram) -> Iterator[dict[str, Tenant]]:
    """A process of each account, at work in the home of acme."""
    with ExitStack() as stack:
        home = made.ftp / "acme"
        yield {n: stack.enter_context(Tenant(uid, home)) for n, uid in (("acme", ACME), ("globex", GLOBEX))}


@pytest.fixture
def acme(tenants: dict[str, Tenant]) -> Tenant:
    """Whose home it is."""
    return tenants["acme"]


@pytest.fixture
def globex(tenants: dict[str, Tenant]) -> Tenant:
    """Somebody else."""
    return tenants["globex"]
