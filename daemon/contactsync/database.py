"""Which PostgreSQL: the one that `database_url` names, or the embedded one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from contactsync.config import Settings
from contactsync.embedded import EmbeddedServer


@contextmanager
def database(settings: Settings) -> Iterator[tuple[str, EmbeddedServer | None]]:
    """The URL to use, and the embedded server behind it where there is no `database_url`. Main thread only."""
    if settings.database_url:
        yield settings.database_url, None
        return
    with EmbeddedServer(settings.data_dir) as server:
        yield server.url, server
