"""Where the database's password comes from: systemd's credential, else a file of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from contactsync.database.source import database
from contactsync.domain.errors import ConfigurationError

URL = "postgresql://contactsync@db1,db2/contacts"


@pytest.fixture(autouse=True)
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the service's credentials; there is none in it yet."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    return folder


def password(file: Path | None, url: str = URL) -> str | None:
    """The password that connections are made with."""
    with database(url, file, Path("unused")) as (found, server):
        assert server is None
        parts = conninfo_to_dict(found)
    assert parts["host"] == "db1,db2"
    return None if parts.get("password") is None else str(parts["password"])


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o440)  # systemd's: libpq's passfile would refuse it
    return path


def test_the_credential_is_the_password(credentials: Path) -> None:
    """Without any setting; the line end after it does not count, spaces and quotes do."""
    written(credentials / "database_password", " it's é\\\n")
    assert password(None) == " it's é\\"


def test_a_file_is_read_where_there_is_no_credential(tmp_path: Path) -> None:
    assert password(written(tmp_path / "password", "secret")) == "secret"


def test_the_credential_comes_before_the_file(credentials: Path) -> None:
    """So one configuration serves root's commands and a service that cannot read root's file."""
    written(credentials / "database_password", "loaded")
    assert password(Path("/nowhere")) == "loaded"


def test_without_either_libpq_decides() -> None:
    assert password(None) is None


@pytest.mark.parametrize("text", ["", "\n", "two\nlines\n"])
def test_a_file_without_one_password_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(
        ConfigurationError, match="password: write the database's password there, on one line"
    ):
        password(written(tmp_path / "password", text))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        password(tmp_path / "password")


def test_two_passwords_are_refused(tmp_path: Path) -> None:
    """Neither is shown."""
    with pytest.raises(ConfigurationError, match="take it out of database_url") as told:
        password(written(tmp_path / "password", "one"), "postgresql://contactsync:another@db1,db2/contacts")
    assert "another" not in str(told.value)
