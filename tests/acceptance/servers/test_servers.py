"""Real FTP servers × what uploaders do to them, and the real daemon.

The cases wait most of their time, so all that are asked for run side by side, each in an account of its own; each
test then waits for its own case. `make servers` provides the servers.
"""

from __future__ import annotations

import shutil
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.servers.cases import CASES
from tests.acceptance.servers.clients import have
from tests.acceptance.servers.kinds import KINDS
from tests.acceptance.servers.server import Server
from tests.acceptance.servers.uploader import GRACE_SECONDS, SETTLE_SECONDS, WITNESSES, Program, Uploader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.acceptance.servers.cases import Case
    from tests.acceptance.servers.server import Kind
    from tests.conftest import Databases

AT_ONCE = 24

Running = dict[tuple[str, str], Future[None]]


def table() -> Iterator[object]:
    """Each case with each server to which it can happen."""
    for kind in KINDS:
        for case in CASES.values():
            if case.applies(kind):
                why_not = kind.why_not() or ("" if have(case.client) else f"{case.client} is not installed")
                marks = [pytest.mark.skip(reason=why_not)] if why_not else []
                yield pytest.param(kind, case, id=f"{kind.name}: {case.name}", marks=marks)


@pytest.fixture(scope="module")
def programs(databases: Databases) -> Iterator[list[Program]]:
    """A daemon that waits long for the rest of half files, and one that does not, under one root that servers show."""
    # Not below pytest's own folder: no other user may enter that.
    root = Path(tempfile.mkdtemp(prefix="contactsync-servers-"))
    root.chmod(0o711)
    try:
        with ExitStack() as stack:
            daemons = []
            for name, grace in (("patient", 3600), ("impatient", GRACE_SECONDS)):
                daemon = Program(
                    root / name,
                    stack.enter_context(databases()),
                    settle_seconds=SETTLE_SECONDS,
                    grace_seconds=grace,
                    rescan_seconds=0.3,
                    workers=8,
                )
                stack.enter_context(closing(daemon))
                daemons.append(stack.enter_context(daemon))
                for account in WITNESSES:
                    daemon.add_account(account)
            yield daemons
    finally:
        shutil.rmtree(root)


@pytest.fixture(scope="module")
def running(
    request: pytest.FixtureRequest, programs: list[Program], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """All cases that were asked for, under way."""
    asked: list[tuple[Any, Any]] = [
        (item.callspec.params["kind"], item.callspec.params["case"])
        for item in request.session.items
        if item.path == request.path
        and isinstance(item, pytest.Function)
        and "case" in getattr(item, "fixturenames", ())
        and not item.get_closest_marker("skip")
    ]
    patient, impatient = programs
    root, local = patient.folder.parent, tmp_path_factory.mktemp("clients")
    with ExitStack() as stack:
        servers = {
            kind.name: stack.enter_context(Server(kind, root, root / kind.name))
            for kind in dict.fromkeys(kind for kind, _ in asked)
        }
        pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="case")
        stack.callback(pool.shutdown, cancel_futures=True)

        def run(kind: Kind, case: Case) -> None:
            daemon = impatient if case.impatient else patient
            account = f"{kind.name}-{case.name}".replace(", ", "-").replace(" ", "-")
            case.run(Uploader(servers[kind.name], daemon, account, local))

        yield {(kind.name, case.name): pool.submit(run, kind, case) for kind, case in asked}


@pytest.mark.parametrize(("kind", "case"), list(table()))
def test_a_server(running: Running, kind: Kind, case: Case) -> None:
    """What must hold after the case, on this server."""
    running[kind.name, case.name].result()


def test_nothing_but_log_lines_is_written(programs: list[Program]) -> None:
    """After all of these standard error is empty, and the log contains no bug."""
    for daemon in programs:
        assert daemon.events("bug") == []
        assert daemon.stderr.read_text() == ""
