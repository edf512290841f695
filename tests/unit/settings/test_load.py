"""Settings: every problem is reported at once, with its place, its key and a valid value; secrets are never shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from contactsync.domain.errors import ConfigurationError
from contactsync.settings.load import load, load_with_sources
from contactsync.settings.settings import PREFIX, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

Load = "Callable[[str], Settings]"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in Settings.model_fields:
        monkeypatch.delenv(f"{PREFIX}{key.upper()}", raising=False)


@pytest.fixture
def problems(tmp_path: Path) -> Callable[[str], list[str]]:
    """The problems of a file with this text, without the file's name at the start of each line."""

    def report(text: str) -> list[str]:
        path = tmp_path / "c.toml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigurationError) as raised:
            load(path)
        return [line.removeprefix(f"{path}: ") for line in str(raised.value).splitlines()]

    return report


BAD: list[tuple[str, str]] = [
    ("workers = 0", "workers: must be a whole number from 1 to 64, not 0"),
    ('workers = "4"', "workers: must be a whole number from 1 to 64, not '4'"),
    ("workers = true", "workers: must be a whole number from 1 to 64, not true"),
    ("max_file_bytes = 1.5", "max_file_bytes: must be a whole number, at least 1, not 1.5"),
    ("settle_seconds = -1", "settle_seconds: must be a number from 0 to 86400, not -1"),
    ("rescan_seconds = nan", "rescan_seconds: must be a number above 0, at most 3600, not nan"),
    ("rescan_seconds = inf", "rescan_seconds: must be a number above 0, at most 3600, not inf"),
    ('result_files = "yes"', "result_files: must be true or false, not 'yes'"),
    ("result_files = 1", "result_files: must be true or false, not 1"),
    ('log_format = "xml"', 'log_format: must be "json" or "console", not \'xml\''),
    ("ftp_root = 5", 'ftp_root: must be the path of a folder or file, in quotes, such as "/srv/ftp", not 5'),
    ('ftp_root = ""', "ftp_root: must be the path of a folder or file, not empty"),
    ('ftp_rot = "/x"', "ftp_rot: there is no such key; did you mean ftp_root?"),
    ("Keep-Settled-Days = 5", "Keep-Settled-Days: there is no such key; did you mean keep_settled_days?"),
    ("[account]\nx = 1", "account: there is no such key; the keys are ftp_root, database_url"),
    ('ignored_names = "*.part"', "ignored_names: must be a list of patterns"),
    ("ignored_names = [5]", "ignored_names: must be a list of patterns"),
    ('ignored_names = ["*"]', "ignored_names: the pattern '*' would ignore every upload"),
    ('database_url = "secret nonsense"', "database_url: libpq cannot read it: write postgresql://"),
    ('database_url = "postgresql://u:p@ss@h/x"', "database_url: libpq cannot read it"),
    ('database_url = "postgresql://u:p@ss:wrong@h/x"', "database_url: libpq cannot read it"),
    ("keep_history_days = -1", "keep_history_days: must be a whole number from 0 to 36500, not -1"),
    ("settle_seconds = 9\ngrace_seconds = 3", "grace_seconds: must not be below settle_seconds"),
    ("keep_reactions_days = 8", "keep_reactions_days: must be 0 or at least report_retention_days + 2 (9)"),
    (
        "keep_contacts_idle_days = 9\nkeep_history_days = 8",
        "keep_contacts_idle_days: must not be above keep_history_days (9 and 8)",
    ),
    (
        "keep_contacts_idle_days = 99\nkeep_reactions_days = 98",
        "keep_contacts_idle_days: must not be above keep_reactions_days (99 and 98)",
    ),
    ('ftp_root = "/srv"\ndata_dir = "/srv/data"', "data_dir: must not be inside ftp_root (/srv)"),
    ("workers = ", "not TOML: Invalid value (at end of document); a line is"),
]


@pytest.mark.parametrize(("text", "sentence"), BAD)
def test_a_message_names_the_key_and_a_valid_value(
    problems: Callable[[str], list[str]], text: str, sentence: str
) -> None:
    """One problem is one line, without secrets."""
    (line,) = problems(text)
    assert line.startswith(sentence)
    assert "secret" not in line
    assert "p@ss" not in line


@pytest.mark.parametrize("key", ["DATABASE_URL", "Database_Url"])
def test_a_key_in_capitals_is_reported(problems: Callable[[str], list[str]], key: str) -> None:
    """And once: pydantic-settings takes it for the key in small letters."""
    (line,) = problems(f'{key} = "postgresql://secret@host/x"')
    assert line.endswith(f"{key}: there is no such key; did you mean database_url?")


def test_every_problem_is_reported_at_once(
    problems: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From file and environment, including conflicts, in the order of the keys; unknown keys come last."""
    monkeypatch.setenv("CONTACTSYNC_IGNORED_NAMES", "*.part")
    monkeypatch.setenv("CONTACTSYNC_WORKERS", "many")
    text = 'x = 1\nftp_root = "/srv"\ndata_dir = "/srv/x"\nsettle_seconds = 9\ngrace_seconds = 3\nresult_files = 7'
    keys = [line.split(":")[0] for line in problems(text)]
    assert keys == [
        "data_dir",
        "CONTACTSYNC_WORKERS",
        "grace_seconds",
        "CONTACTSYNC_IGNORED_NAMES",
        "result_files",
        "x",
    ]


def test_the_source_of_each_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment wins over the file, and the file over defaults; unknown variables are ignored."""
    path = tmp_path / "c.toml"
    path.write_text("workers = 7\nsettle_seconds = 3\n")
    monkeypatch.setenv("CONTACTSYNC_WORKERS", "8")
    monkeypatch.setenv("CONTACTSYNC_IGNORED_NAMES", '["*.x"]')
    monkeypatch.setenv("CONTACTSYNC_NO_SUCH_KEY", "1")
    settings, sources = load_with_sources(path)
    assert (settings.workers, settings.settle_seconds, settings.ignored_names) == (8, 3, ("*.x",))
    assert sources["workers"] == "CONTACTSYNC_WORKERS"
    assert sources["settle_seconds"] == str(path)
    assert sources["grace_seconds"] == "default"
    assert list(sources) == list(Settings.model_fields)


def test_a_grace_of_zero_is_no_conflict(tmp_path: Path) -> None:
    """0 means no wait in addition to settle_seconds."""
    path = tmp_path / "c.toml"
    path.write_text("settle_seconds = 3\ngrace_seconds = 0\n")
    assert load(path).grace_seconds == 0


def test_no_patterns_ignore_nothing() -> None:
    """An empty list does not become a pattern that matches every name."""
    assert not Settings(ignored_names=()).ignores(b"list.csv")


@pytest.mark.parametrize(
    "name",
    [
        *(
            "list.csv.part",
            "list.csv.filepart",
            "list.csv.partial",
            "list.csv.3f2a9c1b.partial",
            "list.csv.tmp",
        ),
        *("list.csv.temp", "list.csv.writing", "list.csv.inprogress", "list.csv.uploading"),
        *("list.csv.crdownload", "list.csv~", ".in.list.csv.", ".pureftpd-upload.abc", "LIST.CSV.PARTIAL"),
    ],
)
def test_temporary_names_of_common_clients_are_no_uploads(name: str) -> None:
    """Not even rclone's, which has eight characters of its own before `.partial`."""
    assert Settings().ignores(name.encode())
    assert not Settings().ignores(b"partial.csv")
    assert Settings().ignores(b"list.csv.PART")


SECRET_KEYS = ("database_url", "database_password_file")
SECRET = "geheim"
SECRET_VALUES = (
    f'"{SECRET}"',
    f'["{SECRET}"]',
    f'[["{SECRET}", 1], {{x = "{SECRET}"}}]',
    f'{{password = "{SECRET}"}}',
    f"{{{SECRET} = 1}}",
    f"{{{SECRET} = 1, {SECRET} = 2}}",
    f'["{SECRET}"',
    f'"{SECRET}',
    f'"postgresql://u:{SECRET}@h:x/db"',
    f'"postgresql://u:1/{SECRET}@h/db"',
    f'"""{SECRET}',
    SECRET,
    f"'{SECRET}' {SECRET}",
    f"{{a.{SECRET} = 1, a = 2}}",
    "12345678",
    "1234.5678",
    "2026-11-22T12:34:56",
    "9" * 5000,
    "[" * 2000,
    "true",
)


@pytest.mark.parametrize("key", SECRET_KEYS)
@pytest.mark.parametrize("value", SECRET_VALUES, ids=range(len(SECRET_VALUES)))
def test_no_message_quotes_a_secret(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], key: str, value: str
) -> None:
    """Whatever the value's type or syntax error: a message names the key or the line, and a valid value."""
    path = tmp_path / "c.toml"
    path.write_text(f"{key} = {value}\n", encoding="utf-8")
    try:
        message = repr(load(path))
    except ConfigurationError as error:
        message = str(error).removeprefix(f"{path}: ")
    assert message.startswith((f"{key}: ", "not TOML: ", "Settings("))
    for part in (SECRET, "12345678", "1234.5", "12:34:56", "99999", "[[["):
        assert part not in message
    assert capfd.readouterr() == ("", "")


def test_no_message_quotes_a_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTACTSYNC_DATABASE_URL", f"postgresql://u:{SECRET}@h:{SECRET}")
    with pytest.raises(ConfigurationError, match="CONTACTSYNC_DATABASE_URL: libpq cannot") as raised:
        load(None)
    assert SECRET not in str(raised.value)


def test_every_database_key_is_secret() -> None:
    """A later one too (protocol 7)."""
    fields = Settings.model_fields
    assert {key for key in fields if not fields[key].repr} == {
        key for key in fields if key.startswith("database_")
    }


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            'metrics_socket = "/srv/ftp/acme/http.sock"',
            "metrics_socket: must not be inside ftp_root (/srv/ftp)",
        ),
        (f'metrics_socket = "/{"x" * 107}"', "metrics_socket: must be at most 107 bytes long"),
        (
            'http_hosts = ["monitor.example:9187"]',
            "http_hosts: 'monitor.example:9187' is not the name of a host",
        ),
        (
            'http_hosts = "monitor.example"',
            'http_hosts: must be a list of names, such as ["contactsync.example.net"]',
        ),
    ],
)
def test_where_http_is_served_is_checked(tmp_path: Path, line: str, message: str) -> None:
    """A socket that a tenant could replace, a path that no socket can have, a name that no Host header has."""
    file = tmp_path / "contactsync.toml"
    file.write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load(file)
    assert message in str(refused.value)
