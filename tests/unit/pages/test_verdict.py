"""The first line of a page: what became of the file, and whether someone needs to act."""

from __future__ import annotations

import pytest

from contactsync.domain.deposit import Counts
from contactsync.domain.messages.reasons import REASONS
from contactsync.pages.verdict import Verdict, context_of, is_needed, verdict
from contactsync.processing import result_json
from tests import answers

OUTCOMES = {
    "applied": ("applied", "good", False),
    "partly_rejected": ("applied_but_rows", "attention", True),
    "rejected_incomplete": ("applied_but_rows", "attention", True),
    "values_dropped": ("applied_but_values", "attention", True),
    "points_to_check": ("applied_to_check", "attention", True),
    "only_notes": ("applied", "good", False),
    "check_passed": ("check_passed", "good", True),
    "check_but_rows": ("check_but_rows", "attention", True),
    "nobody_deleted": ("nobody_deleted", "attention", True),
    "nobody_opted_in": ("nobody_opted_in", "attention", True),
    "too_late_to_opt_in": ("applied_to_check", "attention", True),
    "all_opted_out": ("all_opted_out", "good", False),
}


def judged(result: dict[str, object], language: str = "fr") -> Verdict:
    return verdict(result, context_of(result, answers.account(language)))


@pytest.mark.parametrize("code", answers.APPLIED)
def test_an_applied_file(code: str) -> None:
    """By what its reader has to know, the gravest first."""
    result = answers.applied("fr", code)
    found = judged(result)
    needed = is_needed(result, context_of(result, answers.account()))
    assert (found.code, found.tone, needed) == OUTCOMES[code]


@pytest.mark.parametrize("reason", REASONS)
def test_a_refused_file(reason: str) -> None:
    """Always needs someone; what waits for a confirmation is not called refused."""
    result = answers.refused("fr", reason)
    found = judged(result)
    expected = {
        "too_many_removals": ("held", "waiting"),
        "repeated_file": ("held", "waiting"),
        "no_valid_row": ("refused_no_valid_row", "bad"),
    }
    assert (found.code, found.tone) == expected.get(reason, ("refused", "bad"))
    assert is_needed(result, context_of(result, answers.account()))
    assert found.text.replace("\u00a0", " ").endswith("votre compte n'a pas changé")


def test_a_refused_check_says_that_it_was_one() -> None:
    """Also if the file would have to be confirmed."""
    result = answers.refused("en", "too_many_removals", name=b"clients.check.csv")
    assert judged(result, "en").text == "Check done: this file would be refused"


def test_numbers_are_not_called_addresses() -> None:
    """The gender follows the medium."""
    assert judged(answers.applied("en", "nobody_opted_in"), "en").text == (
        "None of these numbers was opted out: nothing has changed"
    )


def test_a_file_that_confirms_another_has_its_own_verdict() -> None:
    """It has no rows: a delete that is confirmed has not met nobody."""
    name = b"1447797847_clients.csv.confirm"
    result = result_json.applied(answers.subject("en", action="delete", name=name), Counts(), None)
    assert (judged(result, "en").code, judged(result, "en").tone) == ("confirmed", "good")


def test_a_result_of_an_older_version_has_a_verdict() -> None:
    """The ledger may hold one without the key that came later: a restart writes its page."""
    result = answers.applied("en", "values_dropped")
    del result["dropped"]
    assert judged(result, "en").code == "applied_to_check"
