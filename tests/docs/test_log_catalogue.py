"""docs/logs.md is the code: every event with its levels and fields, and nothing else."""

from __future__ import annotations

import re

import pytest

from tests.catalogue import SOURCE, of_page, of_source

LOGGER = re.compile(r"^.*get_logger\(.*$", re.MULTILINE)


def test_every_event_of_the_code_is_on_the_page_and_the_other_way_round() -> None:
    """A new event needs its row, and a row whose event has gone goes too."""
    assert sorted(of_page()) == sorted(of_source())


@pytest.mark.parametrize("name", sorted(of_source()))
def test_its_levels_and_fields_are_as_the_page_says(name: str) -> None:
    """What ops filter for is what is logged."""
    assert of_page()[name] == of_source()[name]


def test_nothing_is_logged_past_the_catalogue() -> None:
    """Every logger is called `log`, which is what the catalogue is read from."""
    found = {
        line for path in SOURCE.rglob("*.py") for line in LOGGER.findall(path.read_text(encoding="utf-8"))
    }
    assert found == {"log = structlog.get_logger()"}
