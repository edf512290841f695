"""result.json: every key of the protocol, in the account's language."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from contactsync.domain.deposit import ACTIONS, Claimed, Counts, Mode
from contactsync.domain.errors import FileRefused, LineError
from contactsync.domain.messages.row_errors import ERRORS
from contactsync.domain.messages.sentence import Context, row_error
from contactsync.domain.messages.words import NBSP
from contactsync.domain.terminal import harmless, harmless_content
from contactsync.processing import result_json
from contactsync.processing.result_json import Subject
from contactsync.reading.findings import Findings
from tests.unit.processing.script import ACCOUNT

CLAIMED = Claimed(
    ACTIONS["import"], b"a\xe9.csv", b"1447797847_a\xe9.csv", datetime(2015, 11, 17, 22, 4, 7, tzinfo=UTC), 10, "00",
    None, Mode.ADD,
)  # fmt: skip
INVALID_EMAIL = row_error(ERRORS, "invalid_email", Context(ACCOUNT, CLAIMED), "Email")
TOO_FEW_FIELDS = row_error(ERRORS, "too_few_fields", Context(ACCOUNT, CLAIMED), None)


def subject(findings: Findings | None = None, **changed: Any) -> Subject:
    """A deposit of an account with these settings."""
    return Subject(replace(ACCOUNT, **changed), CLAIMED, 7, findings or Findings())


KEYS = [
    "deposit_id",
    "account",
    "action",
    "file",
    "claimed_name",
    "deposited_at",
    "finished_at",
    "state",
    "dry_run",
    "reason",
    "message",
    "mode",
    "list",
    "encoding",
    "separator",
    "rows_read",
    "rows_applied",
    "rows_rejected",
    "inserted",
    "updated",
    "unchanged",
    "removed",
    "warnings",
    "errors",
    "rejected_complete",
    "rejected_left_out",
    "dropped",
]


def test_the_result_of_an_applied_file() -> None:
    """Every key of the protocol; names that are not UTF-8 as text; counts in the message."""
    findings = Findings(
        5,
        2,
        Counter(invalid_phone=3),
        [LineError(4, "Email", "invalid_email")],
        "iso-8859-1",
        ";",
        lines={"invalid_phone": [2, 3, 7]},
        given=Counter(phone=5, mobile=3),
        dropped=Counter(phone=3, mobile=0),
    )
    counts = Counts(5, 3, 2, 1, 1, 1, 0)
    result = json.loads(result_json.as_json(result_json.applied(subject(findings), counts, "a")))
    assert list(result) == KEYS
    assert result | {"finished_at": "", "message": "", "warnings": [], "errors": []} == {
        "deposit_id": 7, "account": "acme", "action": "import", "file": "aé.csv",
        "claimed_name": "1447797847_aé.csv", "deposited_at": "2015-11-17T22:04:07+00:00", "finished_at": "",
        "state": "ok", "dry_run": False, "reason": None, "message": "", "mode": 2, "list": "a", "encoding": "iso-8859-1", "separator": ";",
        "rows_read": 5, "rows_applied": 3, "rows_rejected": 2, "inserted": 1, "updated": 1, "unchanged": 1,
        "removed": 0, "warnings": [], "errors": [], "rejected_complete": True, "rejected_left_out": 0, "dropped": {"phone": 3},
    }  # fmt: skip
    assert result["message"].replace(NBSP, " ") == (
        "3 numéros de téléphone fixe n'ont pas été enregistrés, car ils ne sont pas valides. "
        "La liste « aé » contient maintenant les 3 contacts du fichier ; un contact est nouveau ; "
        "un contact a été mis à jour ; un contact était déjà à jour. 2 lignes sur 5 ont été rejetées. "
        "Corrigez-les dans le fichier des rejets et déposez-le dans le même in/."
    )
    assert result["errors"] == [
        {"line": 4, "column": "Email", "code": "invalid_email", "message": INVALID_EMAIL}
    ]
    (warning,) = result["warnings"]
    assert (warning["code"], warning["count"], warning["lines"]) == ("invalid_phone", 3, [2, 3, 7])
    assert warning["message"].startswith("3 numéros de la colonne Téléphone Fixe ne sont pas valides")


def test_the_language_is_the_accounts() -> None:
    """English if the account asks for it."""
    result = result_json.applied(subject(language="en"), Counts(2, 2, 0, 2), None)
    assert result["message"] == 'The list "aé" now holds the 2 contacts of the file; 2 contacts are new.'


def test_a_refused_file_counts_no_rows() -> None:
    """Nothing is applied: the errors are the bad lines, not the rows that were rejected before them."""
    findings = Findings(5, 2, errors=[LineError(2, "Email", "invalid_email")], encoding="utf-8")
    refusal = FileRefused("too_few_fields", {"count": 1, "line": 9}, [LineError(9, None, "too_few_fields")])
    result, counts = result_json.refused(subject(findings), refusal)
    assert counts == Counts()
    assert (result["state"], result["reason"], result["rows_read"], result["list"]) == (
        "ko",
        "too_few_fields",
        0,
        None,
    )
    assert [(e["line"], e["message"]) for e in result["errors"]] == [(9, TOO_FEW_FIELDS)]


def test_a_file_without_a_valid_row_counts_them_all_as_rejected() -> None:
    """Each row was validated, so the counts and the errors are those of the rows."""
    findings = Findings(2, 2, errors=[LineError(2, "Email", "invalid_email")])
    result, counts = result_json.refused(subject(findings), FileRefused("no_valid_row", {"rows": 2}))
    assert counts == Counts(2, 0, 2)
    assert (result["rows_read"], result["rows_rejected"], len(result["errors"])) == (2, 2, 1)


@pytest.mark.parametrize("code", sorted(ERRORS.keys() | {"invalid_utf8"}))
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_listed_error_has_a_message(code: str, language: Any) -> None:
    """The message is a sentence, not the code."""
    refusal = FileRefused("empty_file", {}, [LineError(1, None, code)])
    result, _ = result_json.refused(subject(language=language), refusal)
    assert " " in result["errors"][0]["message"]


def test_unknown_columns_are_named() -> None:
    """Ten at most, each shortened: a header line may be anything."""
    findings = Findings(1, 0)
    findings.warn("unknown_column", 12, names=["Pointure", "x" * 50, *"abcdefghijk"])
    result = result_json.applied(subject(findings), Counts(1, 1), None)
    message = result["warnings"][0]["message"].replace(NBSP, " ")
    assert "« Pointure »" in message
    assert "x" * 41 not in message
    assert "« h »" in message
    assert "« i »" not in message


def test_a_rejected_file_that_lacks_rows_is_reported() -> None:
    """In its own keys, and in the message."""
    findings = Findings(200_003, 200_002, rejects_left_out=100_002)
    counts = Counts(200_003, 1, 200_002, 1)
    result = result_json.applied(subject(findings, language="en"), counts, "a")
    assert (result["rejected_complete"], result["rejected_left_out"]) == (False, 100_002)
    assert "limited to the first 100,000 rows: 100,002 more rejected rows are not in it" in result["message"]
    result, _ = result_json.refused(subject(findings), FileRefused("no_valid_row", {"rows": 200_002}))
    assert (result["rejected_complete"], result["rejected_left_out"]) == (False, 100_002)


def test_a_refused_file_has_no_rejected_file_to_lack_rows() -> None:
    """The one that was begun is removed."""
    findings = Findings(5, 2, rejects_left_out=1)
    result, _ = result_json.refused(subject(findings), FileRefused("nul_byte", {"line": 9}))
    assert (result["rejected_complete"], result["rejected_left_out"]) == (True, 0)


@pytest.mark.parametrize(
    "name", ["a\x1b[31mb.csv", "a\x9b31mb.csv", "a\u202evsc.exe", "a\u2066b.csv", "a\u2028b.csv", "a\x7f.csv"]
)
def test_nothing_in_a_result_acts_on_a_terminal(name: str) -> None:
    """Names are escaped wherever they are: as keys of their own, in sentences, in lists of members and headers."""
    claimed = replace(CLAIMED, name=name.encode(), claimed_name=f"1447797847_{name}".encode())
    details = {"unknown_column": {"names": (name,)}}
    findings = Findings(1, 0, Counter(unknown_column=1), details=details)
    deposit = Subject(ACCOUNT, claimed, 7, findings)
    refusal = FileRefused("zip_several_files", {"count": 2, "names": [name, "b.csv"]})
    for result in (
        result_json.applied(deposit, Counts(1, 1, 0, 1), name),
        result_json.refused(deposit, refusal)[0],
    ):
        assert harmless_content(result) == result
        assert result["file"] == repr(name)[1:-1]
        written = result_json.as_json(result).decode().replace("\n", "")
        assert harmless(written) == written
