"""A server in a folder of its own, and contactsync processes that end with the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contactsync.database.embedded.server import EmbeddedServer
from tests.integration.database.embedded.process import Process


@pytest.fixture
def process() -> Iterator[Callable[..., Process]]:
    made: list[Process] = []

    def make(*arguments: object, **options: object) -> Process:
        made.append(Process(*arguments, **options))  # type: ignore[arg-type]  # passed through as they come
        return made[-1]

    yield make
    for one in made:
        one.kill()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(tmp_path / "data", durable=False)
    yield server
    server.stop()
