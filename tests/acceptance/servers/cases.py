"""The table of what uploaders do to a server. Each case has an account of its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tests.acceptance.servers import broken, clients, contended, good
from tests.acceptance.servers.uploader import Uploader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.acceptance.servers.server import Kind


@dataclass(frozen=True)
class Case:
    """`impatient`: a daemon whose grace is short does the work; else one whose grace outlasts the tests."""

    name: str
    run: Callable[[Uploader], None]
    impatient: bool = False
    applies: Callable[[Kind], bool] = lambda _: True
    client: str = "ftplib"


def _cases() -> Iterator[Case]:
    def keeps_the_half(kind: Kind) -> bool:
        return "killed" not in kind.deletes

    for client in clients.NEEDS:

        def speaks(kind: Kind, client: str = client) -> bool:
            return client in kind.clients

        yield Case(f"normal, {client}", partial(good.normal, client=client), applies=speaks, client=client)
        yield Case(
            f"resumed, {client}", partial(broken.resumed, client=client), applies=speaks, client=client
        )
    yield Case("slow", good.slow)
    yield Case("stalled", good.stalled, impatient=True)
    yield Case(
        "reset",
        partial(broken.broken_off, how="reset"),
        impatient=True,
        applies=lambda kind: kind.name != "sftp-server",
    )
    yield Case("killed", partial(broken.broken_off, how="killed"), impatient=True)
    for how in ("killed", "reset"):

        def deletes(kind: Kind, how: str = how) -> bool:
            return how in kind.deletes

        yield Case(f"{how} at a line end", partial(broken.deleted_by_the_server, how=how), applies=deletes)
    for verb, append in (("REST", False), ("APPE", True)):
        yield Case(f"resumed, {verb}", partial(broken.resumed_by_hand, append=append), applies=keeps_the_half)
        yield Case(
            f"resumed too late, {verb}", partial(broken.resumed_too_late, append=append), impatient=True
        )
    yield Case("renamed", good.renamed, impatient=True)
    yield Case("renamed, lftp", good.renamed_by_lftp, client="lftp")
    yield Case(
        "renamed, ncftp", good.renamed_by_ncftp, applies=lambda kind: "ncftp" in kind.clients, client="ncftp"
    )
    yield Case(
        "times and mode kept, sftp",
        good.times_and_mode_kept,
        applies=lambda kind: kind.protocol == "sftp",
        client="sftp",
    )
    yield Case("folder", good.folder, applies=lambda kind: not kind.denies_folders)
    yield Case("folder denied", good.folder_denied, applies=lambda kind: kind.denies_folders)
    yield Case("overwritten", contended.overwritten)
    yield Case("two clients", contended.two_clients, impatient=True)
    yield Case("odd names", contended.odd_names)
    yield Case("empty", good.empty, impatient=True)
    yield Case("out of reach", partial(contended.out_of_reach, careless=False))
    yield Case(
        "out of reach, careless",
        partial(contended.out_of_reach, careless=True),
        applies=lambda kind: not kind.replaces,
    )


CASES = {case.name: case for case in _cases()}
