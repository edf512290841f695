"""`contactsync person`: everything that is held about one person, and the history of consent (protocol 9)."""

from __future__ import annotations

import csv
import json
import zipfile
from contextlib import closing
from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.commands import cli
from tests.acceptance.program import Program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Databases

LIST = (
    "Référence;Nom;Email;Mobile\n"
    "R1;Other;other@example.com;0600000001\n"
    "R2;Wanted;wanted@example.com;0612345678\n"
)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Program]:
    """A person in a list, a zip, a rejected row, a ragged row, opt-outs by file and campaign, and two accounts."""
    folder = tmp_path_factory.mktemp("person")
    with databases() as url, closing(Program(folder, url)) as program, program:
        program.add_account("acme", syntax_errors="skip")
        program.add_account("globex")
        program.add_account("empty")
        deposit(program, "acme", "list.csv", LIST)
        deposit(program, "acme", "zipped.zip", packed(LIST))
        ragged = "Référence;Email\nR1;other@example.com\nWANTED@example.com\n;wanted@example.com\n"
        deposit(program, "acme", "rejects.csv", ragged)
        deposit(program, "acme", "stop.csv", "Mobile\n06 00 00 00 01\n+33 6 12 34 56 78\n", "optoutSMS")
        deposit(program, "acme", "yes.csv", "Mobile\n0612345678\n", "optinSMS")
        deposit(program, "globex", "theirs.csv", "Référence;Email\nX9;wanted@example.com\n")
        program.connection.execute(
            "INSERT INTO campaign (account_id, campaign_id, name, media, opened_on)"
            " SELECT account_id, 7, 'Soldes', '{EMAIL}', current_date - 1 FROM account WHERE name = 'acme'"
        )
        program.connection.execute(
            "SELECT record_reaction(c.account_id, 7, c.contact_id, 'EMAIL', 'optout', now() - interval '1 minute')"
            " FROM contact AS c WHERE email = 'wanted@example.com' AND reference = 'R2'"
        )
        yield program


def deposit(program: Program, account: str, name: str, content: str | bytes, action: str = "import") -> None:
    program.drop(account, name, content if isinstance(content, bytes) else content.encode("latin-1"), action)
    assert program.settled(account, name, action).state == "ok"


def packed(text: str) -> bytes:
    whole = BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("list.csv", text.encode("latin-1"))
    return whole.getvalue()


def show(program: Program, *options: str) -> list[dict[str, Any]]:
    done = cli(program, "person", "show", "--json", *options)
    assert done.stderr == ""
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    "options",
    [
        ("--email", " Wanted@Example.com"),
        ("--mobile", "06 12 34 56 78"),
        ("--phone", "+33612345678"),
        ("--reference", "R2"),
    ],
    ids=lambda options: options[0],
)
def test_every_identifier_finds_everything_in_the_account(scene: Program, options: tuple[str, str]) -> None:
    """The contact, its lists, opt-outs, consent, reactions, and each line of a kept file that names the person."""
    (acme,) = show(scene, *options, "--account", "acme")
    assert [each["last_name"] for each in acme["contacts"]] == ["Wanted"]
    assert {each["name"] for each in acme["lists"]} == {"list", "zipped"}
    assert [(each["medium"], each["origin"]) for each in acme["opt_outs"]] == [("EMAIL", "campaign")]
    assert [each["kind"] for each in acme["consent"]] == ["optout", "optout", "optin"]
    assert [(each["campaign"], each["last_name"]) for each in acme["reactions"]] == [("Soldes", "Wanted")]
    lines = {each["claimed_name"].partition("_")[2]: each["lines"] for each in acme["files"]}
    assert lines == {
        "list.csv": [3],
        "zipped.zip": [3],
        "rejects.csv": [3, 4],
        "stop.csv": [3],
        "yes.csv": [2],
    }


def test_all_accounts_are_searched(scene: Program) -> None:
    """Each with what it holds; an account that holds nothing is left out."""
    found = show(scene, "--email", "wanted@example.com")
    assert [each["account"] for each in found] == ["acme", "globex"]
    assert [each["reference"] for each in found[1]["contacts"]] == ["X9"]
    assert "other@example.com" not in json.dumps(found)


def test_the_text_shows_the_same(scene: Program) -> None:
    """A section per kind of row."""
    shown = cli(scene, "person", "show", "--email", "wanted@example.com", "--account", "acme").stdout
    for expected in ("account acme", "  contacts", "last_name=Wanted", "  opt-outs", "lines=3 4"):
        assert expected in shown


def test_nobody_is_status_1_and_no_name_is_status_2(scene: Program) -> None:
    """A value that can be nobody's is refused before anything is read, and is not repeated."""
    done = cli(scene, "person", "show", "--email", "nobody@example.com")
    assert (done.returncode, done.stdout) == (1, "nothing is held about this person\n")
    assert cli(scene, "person", "show").returncode == 2
    for option, value in (("--email", "no address"), ("--mobile", "12"), ("--reference", " ")):
        done = cli(scene, "person", "why", option, value)
        assert done.returncode == 2
        assert value.strip() == "" or value not in done.stderr


def test_why_explains_each_change_with_its_source(scene: Program) -> None:
    """Time, address, medium, and the file with its line or the campaign; then what holds now."""
    lines = cli(scene, "person", "why", "--reference", "R2", "--account", "acme").stdout.splitlines()
    stop, yes = (
        row["claimed_name"] for row in scene.ledger("acme") if row["name"] in ("stop.csv", "yes.csv")
    )
    assert lines[0] == "account acme"
    events = sorted(lines[1:4], key=lambda line: ("optin" in line, "campaign" in line))
    assert f"+33612345678 opted out of SMS, by deposit 4, the file {stop} in optoutSMS, line 3." in "".join(
        events
    )
    assert (
        f"+33612345678 opted in again for SMS, by deposit 5, the file {yes} in optinSMS, line 2."
        in "".join(events)
    )
    assert "wanted@example.com opted out of EMAIL, by campaign 7 (Soldes)." in "".join(events)
    assert lines[4].startswith("  Now: wanted@example.com is opted out of EMAIL, since ")
    assert cli(scene, "person", "why", "--reference", "X9", "--account", "globex").returncode == 1


def test_export_is_json_or_a_table(scene: Program) -> None:
    """The table has every value of the JSON, one per row."""
    options = ("--email", "wanted@example.com", "--account", "globex")
    whole = json.loads(cli(scene, "person", "export", *options).stdout)
    assert whole == show(scene, *options)
    rows = list(csv.DictReader(StringIO(cli(scene, "person", "export", "--csv", *options).stdout)))
    assert ("contacts", "email", "wanted@example.com") in {
        (r["section"], r["field"], r["value"]) for r in rows
    }
    assert {row["section"] for row in rows} == {"contacts", "lists", "files"}


def test_a_file_that_is_gone_or_cannot_be_read_is_said_to_be(scene: Program) -> None:
    """An uploader's bad file names nobody that we can find; that it was not searched is shown."""
    scene.add_account("odd")
    scene.drop("odd", "odd.csv", b"Nothing\nwanted@example.com\n")
    scene.settled("odd", "odd.csv")
    (found,) = show(scene, "--email", "wanted@example.com", "--account", "odd")
    assert [each["problem"] for each in found["files"]] == ["it cannot be read as a list: no_known_column"]
