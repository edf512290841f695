"""The example configuration lists every key of the program with its default, and nothing else."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from contactsync.settings import reload
from contactsync.settings.load import load
from contactsync.settings.settings import PREFIX, Settings

EXAMPLE = Path(__file__).parents[2] / "systemd/contactsync.toml"
KEY = re.compile(r"^#([a-z_]+ = .*)$", re.MULTILINE)
PROPOSED = ("keep_settled_days", "keep_history_days", "keep_reactions_days", "keep_consent_days")
"""Keys whose value in the file is a proposal: nothing is removed before an operator asks for it."""


def paragraph(key: str) -> str:
    """The comment and the line of a key."""
    return next(each for each in EXAMPLE.read_text(encoding="utf-8").split("\n\n") if f"\n#{key} = " in each)


@pytest.fixture
def shown() -> dict[str, Any]:
    """The file's values, with the keys uncommented."""
    return tomllib.loads("\n".join(KEY.findall(EXAMPLE.read_text(encoding="utf-8"))))


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in Settings.model_fields:
        monkeypatch.delenv(f"{PREFIX}{key.upper()}", raising=False)


def test_it_changes_nothing() -> None:
    """All keys are commented out, so installing the file is harmless."""
    assert tomllib.loads(EXAMPLE.read_text(encoding="utf-8")) == {}
    assert load(EXAMPLE) == Settings()


def test_it_lists_exactly_the_keys_of_the_program(shown: dict[str, Any]) -> None:
    """In the program's order, so that a new key has one place."""
    assert list(shown) == list(Settings.model_fields)


def test_it_shows_the_true_defaults(shown: dict[str, Any]) -> None:
    """A key without a default has a valid example, and a remark that it has none."""
    read = Settings(**shown)
    for key, field in Settings.model_fields.items():
        if key in PROPOSED:
            assert f"Default {field.default}. Proposed:" in " ".join(paragraph(key).split("\n# "))
        elif field.default is not None:
            assert getattr(read, key) == field.default, key
        else:
            assert getattr(read, key) is not None, key
    without = [key for key, field in Settings.model_fields.items() if field.default is None]
    assert EXAMPLE.read_text(encoding="utf-8").count("No default: without it") == len(without)


def test_its_proposals_can_all_be_uncommented(shown: dict[str, Any], tmp_path: Path) -> None:
    """They differ from the defaults, and do not conflict."""
    uncommented = tmp_path / "contactsync.toml"
    uncommented.write_text("\n".join(f"{key} = {shown[key]}" for key in PROPOSED), encoding="utf-8")
    read = load(uncommented)
    assert all(getattr(read, key) != Settings.model_fields[key].default for key in PROPOSED)


def test_it_marks_the_keys_that_need_a_restart() -> None:
    """Exactly the keys that SIGHUP does not change say so in their description."""
    paragraphs = EXAMPLE.read_text(encoding="utf-8").split("\n\n")[1:]
    marked = {KEY.findall(each)[0].split(" ")[0] for each in paragraphs if "Needs a restart." in each}
    assert marked == set(Settings.model_fields) - reload.LIVE
