"""The options of `account add` and `account set`: one per column of an account."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from contactsync.cli.completion import complete_accounts

NewName = Annotated[str, typer.Argument(metavar="NAME", help="The account's name.")]
Name = Annotated[
    str, typer.Argument(metavar="NAME", help="The account's name.", autocompletion=complete_accounts)
]


def _choice(column: str, help_text: str, default: str) -> Any:
    def complete() -> list[str]:
        from contactsync.accounts.rules import CHOICES

        return list(CHOICES[column])

    return typer.Option(help=f"{help_text} (default: {default})", autocompletion=complete)


Home = Annotated[
    str | None,
    typer.Option(
        help="The account's FTP home (default: the folder with its name in ftp_root); '' clears it."
    ),
]
UnixUser = Annotated[
    str | None, typer.Option(help="The Unix user of its FTP login, for `init` run as root; '' clears it.")
]
UnixGroup = Annotated[str | None, typer.Option(help="The group of that user; required with --unix-user.")]
Separator = Annotated[
    str | None,
    typer.Option(
        help="The field separator of its files: ';' ',' '|' tab, or auto: the header line decides (default: ;)"
    ),
]
Dedup = Annotated[
    str | None,
    _choice("dedup", "How a row is matched to an existing contact: none, triplet or reference.", "none"),
]
Label = Annotated[
    list[str] | None,
    typer.Option(metavar="N=TEXT", help="Its own name for `Champ N`; repeatable, `N=` removes the name."),
]
Headers = Annotated[
    str | None,
    _choice(
        "headers",
        "Which headers are recognised: known (also those of widely used programs) or protocol.",
        "known",
    ),
]
Header = Annotated[
    list[str] | None,
    typer.Option(
        metavar="OLD=NEW",
        help="A header of its files and the column it means: Portable=Mobile; repeatable, `OLD=` removes it.",
    ),
]
Region = Annotated[
    str | None,
    typer.Option(help="The country of its national phone numbers: FR, BE, CH… (default: FR)"),
]
TimeZone = Annotated[
    str | None, typer.Option(help="The time zone of its days, for reports (default: Europe/Paris)")
]
Encoding = Annotated[
    str | None, _choice("encoding", "The encoding of its files: auto, iso-8859-1 or utf-8.", "auto")
]
BlankCells = Annotated[
    str | None,
    _choice("blank_cells", "What a blank cell does to an existing value: keep or clear.", "keep"),
]
PhoneCheck = Annotated[
    str | None,
    _choice("phone_check", "How strictly phone numbers are checked: possible or valid.", "possible"),
]
SyntaxErrors = Annotated[
    str | None,
    _choice(
        "syntax_errors",
        "What to do about rows with too many or too few cells: refuse the file, or skip the rows.",
        "refuse",
    ),
]
Language = Annotated[
    str | None, _choice("language", "The language of the messages to its uploaders: fr or en.", "fr")
]

DateOrder = Annotated[
    str | None,
    _choice("date_order", "The order of dates with slashes in its files: dmy (31/12/1980) or mdy.", "dmy"),
]
SettleSeconds = Annotated[
    str | None,
    typer.Option(
        help="Seconds for which its uploads that look complete must be quiet; '' clears it (default: settle_seconds)"
    ),
]
GraceSeconds = Annotated[
    str | None,
    typer.Option(help="The same for uploads that look incomplete; '' clears it (default: grace_seconds)"),
]
Repeats = Annotated[
    str | None,
    _choice(
        "repeats",
        "What to do about a file that was applied before: warn (and refuse opt-ins), apply or refuse.",
        "warn",
    ),
]
MaxRemovals = Annotated[
    str | None,
    typer.Option(
        help="The most contacts that one file may remove from a list (mode 3) or delete; "
        "a file that would remove more waits for a confirmation. '' clears it (default: no limit)"
    ),
]
MaxRemovalPercent = Annotated[
    str | None,
    typer.Option(
        help="The same in percent of the list, or of the account's contacts; '' clears it (default: no limit)"
    ),
]
