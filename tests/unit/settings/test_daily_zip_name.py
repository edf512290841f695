"""Which names the daily zip may have."""

from __future__ import annotations

import pytest

from contactsync.settings.field_types import daily_name_problem


@pytest.mark.parametrize("name", ["{day}_Daily.zip", "{day}.zip", "Daily.zip", "Tous les jours {day}.zip"])
def test_a_name_for_the_daily_zip_is_accepted(name: str) -> None:
    assert daily_name_problem(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "{day}",
        "../{day}.zip",
        ".{day}.zip",
        "{day}_1_x.zip",
        "{date}.zip",
        "a\n.zip",
        "é" * 126 + ".zip",
        "{day}_-7_.zip",
        "a:b.zip",
        "{day}?.zip",
        "{day}\\x.zip",
        "{day} .zip",
        "{day}..zip",
        "nul.zip",
        "Com1.zip",
        "LPT¹.x.zip",
        "a" * 117 + ".zip",
    ],
)
def test_a_name_that_the_daily_zip_cannot_have_is_refused(name: str) -> None:
    """Some of them could be the name of a campaign's zip, others are none on Windows."""
    assert daily_name_problem(name)
