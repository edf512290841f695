"""The content of a page: bars, errors by kind, points, dropped values, facts in the account's own formats."""

from __future__ import annotations

from dataclasses import replace

from contactsync.domain.errors import LineError
from contactsync.pages.answer import Answer, answer
from contactsync.processing import result_json
from tests import answers


def shown(code: str, language: str = "en") -> Answer:
    return answer(answers.applied(language, code), answers.account(language))


def bars(page: Answer) -> list[tuple[str, str, str]]:
    return [(group.caption, bar.label, bar.number) for group in page.bars for bar in group.bars]


def test_the_counts_are_bars() -> None:
    """Rows first, then what they did; numbers in the account's format."""
    page = shown("partly_rejected", "fr")
    assert [(caption, label, number.replace("\u00a0", " ")) for caption, label, number in bars(page)] == [
        ("Lignes du fichier", "prises en compte", "9 994"),
        ("Lignes du fichier", "rejetées", "6"),
        ("Contacts du fichier", "nouveaux", "9 874"),
        ("Contacts du fichier", "mis à jour", "90"),
        ("Contacts du fichier", "déjà à jour", "30"),
    ]
    assert [bar.percent for bar in page.bars[0].bars] == [99.94, 0.06]


def test_contacts_that_left_the_list_are_bars_of_their_own() -> None:
    """They are no contacts of the file."""
    assert bars(shown("applied"))[-1] == ("Contacts that were in the list", "removed", "12")


def test_rows_that_met_nobody_are_not_called_applied() -> None:
    """The reader would believe that somebody was deleted."""
    assert bars(shown("nobody_deleted")) == [
        ("Rows of the file", "valid", "3"),
        ("Contacts of your account", "deleted", "0"),
    ]


def test_an_opt_in_that_came_too_late() -> None:
    """Its addresses are not counted among those that were not opted out."""
    assert bars(shown("too_late_to_opt_in"))[1:] == [
        ("E-mail addresses of the file", "opted in again", "1"),
        ("E-mail addresses of the file", "not opted out before", "1"),
        ("E-mail addresses of the file", "still opted out", "1"),
    ]


def test_errors_are_grouped_by_kind() -> None:
    """The most frequent first, with all their lines; neighbours are a range."""
    assert [(each.column, each.count, each.lines) for each in shown("partly_rejected").errors] == [
        ("Email", "4", "lines 4–6, 19"),
        ("Référence", "1", "line 12"),
        ("Mobile", "1", "line 4,811"),
    ]


def test_rows_past_the_listed_ones_are_counted() -> None:
    """result.json lists the first hundred."""
    result = answers.applied("en", "partly_rejected") | {"rows_rejected": 1006}
    assert answer(result, answers.account("en")).more_errors == (
        "1,000 more rows were rejected: their reasons are in the rejected file."
    )


def test_points_notes_and_dropped_values_are_apart() -> None:
    """A note asks for nothing; all lines of a point are listed where its sentence names only three."""
    page = shown("partly_rejected")
    assert [each.lines for each in page.points] == ["lines 100–129, 140, 150–152, 160, 170, 180", "", ""]
    assert page.dropped == (("Mobile", "37"), ("Date de naissance", "1"))
    assert len(page.notes) == 1
    assert page.notes[0].startswith("Line 10,003")


def test_times_are_those_of_the_account() -> None:
    """In its time zone and language."""
    account = replace(answers.account("en"), time_zone="America/Martinique")
    page = answer(answers.applied("en", "applied"), account)
    assert ("Uploaded on", "17 November 2015 at 18:04") in page.facts
    assert page.remarks[-1] == "Time zone: America/Martinique."


def test_a_check_shows_each_sentence_once() -> None:
    """Its message begins with the verdict and ends with the remark, which have places of their own."""
    page = answer(answers.refused("en", "missing_column", name=b"c.check.csv"), answers.account("en"))
    assert page.message == "The column Mobile is missing: add it, or rename the one that stands for it."
    assert page.only_a_check.startswith("This was only a check")
    assert page.done_heading == "What we read"


def test_a_file_that_was_read_as_utf8_is_mentioned() -> None:
    """Among the notes: nothing is to be done if the accents are right."""
    findings = replace(answers.partly(), encoding="utf-8")
    result = result_json.applied(answers.subject("en", findings), answers.REJECTED, "clients")
    assert "UTF-8" in answer(result, answers.account("en")).notes[-1]


def test_errors_of_a_line_have_no_column() -> None:
    """Errors of lines have no column; both kinds of a line are listed."""
    findings = replace(
        answers.partly(), errors=[LineError(3, None, "nul_byte"), LineError(3, "Email", "invalid_email")]
    )
    result = result_json.applied(answers.subject("en", findings), answers.REJECTED, "clients")
    assert [each.column for each in answer(result, answers.account("en")).errors] == ["", "Email"]
