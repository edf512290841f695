"""Which files answer a deposit, by the two settings."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from contactsync.processing.answers import answers as files_of
from contactsync.processing.apply import Rules
from tests import answers

RULES = Rules(1 << 24, 1 << 24, result_files=True)


@pytest.mark.parametrize(
    ("pages", "code", "has_page"),
    [
        ("needed", "applied", False),
        ("needed", "partly_rejected", True),
        ("always", "applied", True),
        ("never", "partly_rejected", False),
    ],
)
def test_a_page_is_written_as_the_setting_says(pages: str, code: str, has_page: bool) -> None:
    """result.json is written in any case."""
    rules = replace(RULES, result_pages=pages)
    found = files_of(answers.account(), answers.applied("fr", code), rules)
    assert found.result is not None
    assert json.loads(found.result)["deposit_id"] == 12_345
    assert (found.page is not None) == has_page
    assert found.page is None or found.page.startswith(b"<!DOCTYPE html>")


def test_without_result_files_there_is_no_page_either() -> None:
    """The older setting turns all of them off."""
    rules = replace(RULES, result_files=False, result_pages="always")
    found = files_of(answers.account(), answers.applied("fr", "partly_rejected"), rules)
    assert list(found.each()) == []
