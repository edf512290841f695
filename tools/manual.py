"""Generates the manual page: `python -m tools.manual > docs/contactsync.1` (`make man`).

Commands, options and help texts come from `contactsync.cli`, settings from `contactsync.settings`, so that
each is written once. The page has no date: the same program gives the same bytes.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from typing import Any

import typer

from contactsync import __version__, cli
from contactsync.settings import problems, settings

ADDED_BY_TYPER = ("--install-completion", "--show-completion", "--help")

BEFORE = """\
.TH CONTACTSYNC 1 "" "contactsync {version}" "User Commands"
.SH NAME
contactsync \\- apply the contact files that CRMs upload over FTP to PostgreSQL, each exactly once
.SH SYNOPSIS
.B contactsync
.RB [ \\-\\-config
.IR FILE ]
.I COMMAND
.RI [ OPTION \\|.\\|.\\|.]
.SH DESCRIPTION
A daemon for the host of an FTP server. It watches the
.I in/
folders of the accounts, waits until an upload is complete, and claims each file by renaming it with the time of its
deposit. It validates every row, applies the file to PostgreSQL in one transaction, moves the file to
.I ok/
or
.I ko/
and writes result files next to it.
"""

AFTER = """\
.SH EXIT STATUS
.TP
.B 0
Done.
.TP
.B 1
The answer is no: a file would be refused, a deposit cannot be retried, the database is unreachable, a check failed.
.TP
.B 2
The command line or the configuration is invalid.
.SH FILES
.TP
.I /etc/contactsync/contactsync.toml
The settings; it may be missing.
.TP
.I DATA_DIR/condition.json
The state of the running daemon; read by
.BR "contactsync status" .
.SH SHELL COMPLETION
.B contactsync \\-\\-install\\-completion
installs completion for the current shell (bash, zsh, fish) in your home.
.B contactsync \\-\\-show\\-completion
prints it; to install it for all users of a host, run this in bash:
.PP
.RS 4
.EX
contactsync \\-\\-show\\-completion > /etc/bash_completion.d/contactsync
.EE
.RE
"""


def page() -> str:
    """The whole page as roff (man(7))."""
    root: Any = typer.main.get_command(cli.app)
    lines = [BEFORE.format(version=__version__), ".SH OPTIONS"]
    lines += _options(root)
    lines.append(".SH COMMANDS")
    for words, command in _commands(root, ()):
        lines += _command(words, command)
    lines += _settings()
    return "\n".join(line.rstrip("\n") for line in lines) + "\n" + AFTER


def _commands(group: Any, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*above, name))
        elif not command.hidden:
            yield (*above, name), command


def _command(words: tuple[str, ...], command: Any) -> Iterator[str]:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    shown = [_metavar(each) if each.required else f"[{_metavar(each)}]" for each in arguments]
    yield f".SS {_text(' '.join(['contactsync', *words, *shown]))}"
    story, _, example = inspect.cleandoc(command.help or "").partition("Example: ")
    for n, paragraph in enumerate(re.split(r"\n\s*\n", story.strip())):
        if n:
            yield ".PP"
        yield _text(" ".join(paragraph.split()))
    for each in arguments:
        yield f".TP\n.I {_text(_metavar(each))}\n{_text(each.help or '')}"
    yield from _options(command)
    if example:
        yield f".PP\nExample:\n.RS 4\n.EX\n{_text(' '.join(example.split()))}\n.EE\n.RE"


def _options(command: Any) -> Iterator[str]:
    for option in command.params:
        if option.param_type_name != "option" or option.hidden or set(option.opts) & set(ADDED_BY_TYPER):
            continue
        names = ", ".join(f"\\fB{_text(name)}\\fR" for name in option.opts)
        value = "" if option.is_flag else f" \\fI{_text(_metavar(option))}\\fR"
        default = "" if option.is_flag or option.default is None else f" (default: {option.default})"
        yield f".TP\n{names}{value}\n{_text((option.help or '') + default)}"


def _metavar(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.upper())


def _settings() -> Iterator[str]:
    yield ".SH SETTINGS"
    yield _text(
        "Each setting is a key of the TOML file. It is also an environment variable, CONTACTSYNC_ and the key in "
        "capitals, which wins. contactsync config show shows the values and where they come from."
    )
    for key, field in settings.Settings.model_fields.items():
        default = "none" if field.default is None else _toml(field.default)
        about = (field.description or "").rstrip(".")
        yield (
            f".TP\n\\fB{_text(key)}\\fR\n"
            f"{_text(about[:1].upper() + about[1:])}: {_text(problems.expected(field))}. Default: {_text(default)}."
        )


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return f'"{value}"'


def _text(text: str) -> str:
    """Escape text for roff."""
    text = (
        text.replace("\\", "\\e")
        .replace("-", "\\-")
        .replace("`", "")
        .replace("'", "\\(aq")
        .replace("…", "\\|.\\|.\\|.")
    )
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


if __name__ == "__main__":
    sys.stdout.write(page())
