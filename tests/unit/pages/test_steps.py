"""What to do next, with the exact file and folder."""

from __future__ import annotations

from typing import Any

import pytest

from contactsync.domain.messages.reasons import REASONS
from contactsync.pages.steps import AGAIN, CORRECT_OR_SUPPORT, SUPPORT, steps
from contactsync.pages.verdict import context_of, verdict
from tests import answers


def planned(result: dict[str, Any]) -> list[tuple[str, str]]:
    context = context_of(result, answers.account("en"))
    return [(step.text, step.place) for step in steps(result, context, verdict(result, context))]


def places(result: dict[str, Any]) -> list[str]:
    return [place for _, place in planned(result) if place]


def test_rejected_rows_come_back_by_the_rejected_file() -> None:
    """It is named with its folder, and so is the folder to upload to."""
    assert planned(answers.applied("en", "partly_rejected"))[:2] == [
        (
            "Open the rejected file and correct its 6 rows. The column Motif says how.",
            "contacts/import/ok/1447797847_clients.csv.rejected.csv",
        ),
        ("Upload that same file to this folder without renaming it.", "contacts/import/in/"),
    ]


def test_a_rejected_file_that_lacks_rows_is_not_advised() -> None:
    """In mode 1 the whole file makes a second list, and the step says so."""
    found = planned(answers.applied("en", "rejected_incomplete"))
    assert found[0][1] == "clients.csv"
    assert found[1][0].endswith("This second upload will make a second list.")
    assert not any("rejected.csv" in place for _, place in found)


@pytest.mark.parametrize("reason", ["too_many_removals", "repeated_file"])
def test_what_waits_is_confirmed_by_an_empty_file(reason: str) -> None:
    """Its whole path is shown."""
    assert places(answers.refused("en", reason)) == [
        "contacts/import/ko/1447797847_clients.csv",
        "contacts/import/in/1447797847_clients.csv.confirm",
        "contacts/import/in/",
    ]


@pytest.mark.parametrize("reason", REASONS)
def test_every_refusal_has_steps(reason: str) -> None:
    """They name a folder, unless only support can help."""
    found = places(answers.refused("en", reason, action="delete"))
    assert any(place.startswith("contacts/delete/") for place in found) == (reason not in SUPPORT)


def test_the_kinds_of_refusals_are_reasons() -> None:
    """A reason that is renamed must not fall out of its kind."""
    assert {*AGAIN, *SUPPORT, *CORRECT_OR_SUPPORT} <= REASONS.keys()


def test_a_check_is_uploaded_under_its_real_name() -> None:
    """Whether it passed or not."""
    passed = answers.applied("en", "check_passed")
    refused = answers.refused("en", "missing_column", name=b"clients.check.zip")
    assert places(passed) == ["contacts/import/in/clients.csv"]
    assert places(refused)[-1] == "contacts/import/in/clients.zip"


def test_a_reader_who_need_not_act_reads_that() -> None:
    """Also if everybody had been opted out before."""
    for code in ("applied", "only_notes", "all_opted_out"):
        assert planned(answers.applied("en", code)) == [("There is nothing to do.", "")]
