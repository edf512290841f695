"""docs/logs.md matches the code: it lists every event with its levels and fields, and nothing else."""

from __future__ import annotations

import re

import pytest

from tests.catalogue import SOURCE, of_page, of_source

LOGGER = re.compile(r"^.*get_logger\(.*$", re.MULTILINE)


def test_the_page_lists_exactly_the_events_of_the_code() -> None:
    """A new event needs a row; a removed event must lose its row."""
    assert sorted(of_page()) == sorted(of_source())


@pytest.mark.parametrize("name", sorted(of_source()))
def test_an_event_has_the_levels_and_fields_of_its_row(name: str) -> None:
    """Operators can rely on the page for their filters."""
    assert of_page()[name] == of_source()[name]


def test_no_event_bypasses_the_catalogue() -> None:
    """Every logger is named `log`, the name by which events are found in the code."""
    found = {
        line for path in SOURCE.rglob("*.py") for line in LOGGER.findall(path.read_text(encoding="utf-8"))
    }
    assert found == {"log = structlog.get_logger()"}
