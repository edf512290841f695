"""What the reader of an answer does next, each step with its exact folder or file (protocol 10). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contactsync.domain import names
from contactsync.domain.deposit import RELEASABLE, Mode
from contactsync.domain.messages.next_steps import STEPS
from contactsync.domain.messages.sentence import Context, sentence
from contactsync.pages.verdict import Verdict, points

AGAIN = (
    "empty_file",
    "not_a_file",
    "hard_link",
    "continuation",
    "zip_truncated",
    "zip_ascii_mode",
    "vanished",
)
"""The reasons of files that need no correction: the transfer or the kind of file was at fault."""

SUPPORT = ("poison", "database_refused", "no_criterion")
"""The reasons that only support can do something about."""

CORRECT_OR_SUPPORT = ("too_expensive", "too_large", "file_too_large", "inflated_too_large")
"""The reasons whose remedy may not suffice."""


@dataclass(frozen=True, slots=True)
class Step:
    """A sentence, and the folder or file that it is about, from the FTP home; "" if there is none."""

    text: str
    place: str = ""


def steps(result: Mapping[str, Any], context: Context, verdict: Verdict) -> list[Step]:
    """The steps that follow from a verdict; `result` is the content of a result.json. There is at least one."""
    planned = _Plan(result, context)
    if result["state"] == "ko":
        return planned.refused()
    if result["dry_run"]:
        return planned.checked()
    found = planned.rejected() if result["rows_rejected"] else []
    if verdict.code.startswith("nobody_"):
        found.append(planned.step("is_it_meant", f"{planned.folder}/ok/{result['claimed_name']}"))
    if points(result):
        found.append(planned.step("read_points"))
    return found or [planned.step("nothing")]


@dataclass(frozen=True, slots=True)
class _Plan:
    """Puts steps together for one deposit."""

    result: Mapping[str, Any]
    context: Context

    @property
    def folder(self) -> str:
        """The action's folder, from the FTP home."""
        return f"contacts/{self.result['action']}"

    @property
    def upload(self) -> str:
        """Where its files are uploaded."""
        return f"{self.folder}/in/"

    def step(self, code: str, place: str = "", **details: Any) -> Step:
        """One step."""
        return Step(sentence(STEPS, code, self.context, details), place)

    def refused(self) -> list[Step]:
        """Of a refused file, or of one that waits for a confirmation."""
        reason, name, claimed = (self.result[key] for key in ("reason", "file", "claimed_name"))
        if self.result["dry_run"]:
            return [self.step("correct_file", name), self._unchecked()]
        planned = {
            "a_folder": (("upload_from_folder", self.upload), ("remove_folder", f"{self.upload}{name}/")),
            "no_rows": (("if_empty", ""), ("otherwise_again", self.upload)),
            "nothing_to_confirm": (
                ("name_to_confirm", f"{self.folder}/ko/"),
                ("upload_confirmation", self.upload),
            ),
            "no_valid_row": (("correct_rows", name), ("upload_whole", self.upload)),
            **dict.fromkeys(AGAIN, (("upload_again", f"{self.upload}{name}"),)),
            **dict.fromkeys(SUPPORT, (("support", ""),)),
            **dict.fromkeys(
                RELEASABLE,
                (
                    ("is_it_meant", f"{self.folder}/ko/{claimed}"),
                    ("confirm", f"{self.upload}{claimed}.confirm"),
                    ("otherwise_right_file", self.upload),
                ),
            ),
            **dict.fromkeys(
                CORRECT_OR_SUPPORT,
                (("correct_file", name), ("upload_whole", self.upload), ("if_not_support", "")),
            ),
        }
        ordinary = (("correct_file", name), ("upload_whole", self.upload))
        return [self.step(code, place) for code, place in planned.get(reason, ordinary)]

    def checked(self) -> list[Step]:
        """Of a file that was checked and would be applied."""
        found = [self.step("read_points")] if points(self.result) else []
        if self.result["rows_rejected"]:
            found.append(self.step("correct_rows", self.result["file"]))
        return [*found, self._unchecked()]

    def rejected(self) -> list[Step]:
        """Of the rejected rows of an applied file."""
        if self.result["rejected_complete"]:
            place = f"{self.folder}/ok/{self.result['claimed_name']}.rejected.csv"
            return [
                self.step("correct_rejected", place, count=self.result["rows_rejected"]),
                self.step("upload_rejected", self.upload),
            ]
        again = "upload_second_list" if self.result["mode"] == Mode.CREATE else "upload_whole"
        return [self.step("correct_own", self.result["file"]), self.step(again, self.upload)]

    def _unchecked(self) -> Step:
        name = names.as_text(names.without_check(self.context.claimed.name))
        return self.step("upload_unchecked", f"{self.upload}{name}")
