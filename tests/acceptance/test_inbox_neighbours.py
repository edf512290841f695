"""What lies in `in/` beside deposits, and what it delays: control files, empty files, folders, half uploads (protocol 1, 4)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.acceptance.program import Program
from tests.acceptance.tables import people

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS = b"Email\np1@example.com\n"


def test_control_files_are_no_deposits_and_delay_nothing(patient: Program) -> None:
    """`list.csv.ok` and the like stay in `in/`, without an answer; the list is applied at once."""
    patient.add_account("control")
    inbox = patient.box("control", "in")
    names = ["before.ok", "list.csv.DONE", "list.md5"]
    for name in names:
        (inbox / name).touch()
    patient.drop("control", "list.csv", people(1))
    assert patient.settled("control", "list.csv").state == "ok"
    assert sorted(path.name for path in inbox.iterdir()) == names
    assert len(patient.ledger("control")) == 1


def test_an_empty_file_delays_no_other(patient: Program) -> None:
    """It is given an hour to grow; later files are applied meanwhile."""
    patient.add_account("empty")
    (patient.box("empty", "in") / "trigger.csv").touch()
    patient.drop("empty", "list.csv", people(1))
    assert patient.settled("empty", "list.csv").state == "ok"
    assert patient.files_in("empty", "in") == ["trigger.csv"]


def test_a_half_upload_delays_imports_but_no_consent(patient: Program) -> None:
    """Opt-outs and opt-ins are by address: they come before the import that is still waited for, and in their order."""
    patient.add_account("half")
    patient.drop("half", "half.csv", people(2)[:-5])
    patient.drop("half", "later.csv", people(1))
    patient.drop("half", "stop.csv", ADDRESS, "optoutEMAIL")
    patient.drop("half", "yes.csv", ADDRESS, "optinEMAIL")
    assert patient.settled("half", "yes.csv", "optinEMAIL").state == "ok"
    assert [row["action"] for row in patient.ledger("half")] == ["optoutEMAIL", "optinEMAIL"]
    assert patient.files_in("half", "in") == ["half.csv", "later.csv"]


def test_a_folder_is_answered_once(down: Program) -> None:
    """The answer in `ko/` says where files belong; the folder stays, also after a restart."""
    down.add_account("acme")
    folder = down.box("acme", "in") / "exports"
    folder.mkdir()
    (folder / "list.csv").write_bytes(people(1))

    def answers() -> list[Path]:
        return [*down.box("acme", "ko").glob("*_exports.result.json")]

    with down:
        (answer,) = down.until(answers, "the folder is answered")
        result = json.loads(answer.read_text())
        assert result["reason"] == "a_folder"
        assert "déposez les fichiers directement dans in/" in result["message"]
        answer.unlink()
    with down:
        assert down.until(answers, "the answer is written again") == [answer]
        assert json.loads(answer.read_text()) == result
    (row,) = down.ledger("acme")
    assert (row["state"], row["reason"], row["name"]) == ("ko", "a_folder", "exports")
    assert (folder / "list.csv").exists()
