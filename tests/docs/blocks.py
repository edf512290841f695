"""The fenced blocks of README, SECURITY.md and docs/, and the commands in those that are typed into a shell."""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(page for page in ROOT.glob("docs/**/*.md"))], key=lambda page: page.as_posix()
)
FENCED = re.compile(r"^ *```([a-z_-]*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)

# What may stand before a command's name.
KEYWORDS = {"do", "then", "else", "if", "while", "until", "!", "{", "time"}
OPERATORS = set("();<>|&\n")


@dataclass(frozen=True)
class Block:
    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def first_line(self) -> str:
        return self.text.partition("\n")[0].strip()

    def typed(self) -> list[str]:
        """What a reader types: the whole block, or in a `console` block what follows `$ `."""
        return [self.text] if self.language == "sh" else list(_after_prompts(self.text.splitlines()))


def blocks(*languages: str) -> list[Block]:
    """All blocks in these languages, or every block."""
    return [
        Block(page.relative_to(ROOT).as_posix(), text[: found.start()].count("\n") + 2, found[1], found[2])
        for page in PAGES
        for text in [page.read_text(encoding="utf-8")]
        for found in FENCED.finditer(text)
        if not languages or found[1] in languages
    ]


def _after_prompts(lines: list[str]) -> Iterator[str]:
    """Each command, with the lines that continue it: as many as bash needs to see it end."""
    for start, line in enumerate(lines):
        if line.startswith("$ "):
            ends = range(start + 1, len(lines) + 1)
            tried = ("\n".join(lines[start:end]).removeprefix("$ ") for end in ends)
            yield next((text for text in tried if not complaint_of_bash(text)), line.removeprefix("$ "))


def complaint_of_bash(text: str) -> str:
    """What `bash -n` prints about a script; empty if it can be parsed."""
    done = subprocess.run(["bash", "-n"], input=f"{text}\n", capture_output=True, text=True, check=False)
    return done.stderr


def commands(script: str) -> Iterator[list[str]]:
    """The words of each simple command; the target of a redirection counts as a command of its own."""
    lexer = shlex.shlex(script.replace("\\\n", " "), posix=True, punctuation_chars="();<>|&\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t", True, ""
    words: list[str] = []
    for word in [*lexer, "\n"]:
        if set(word) <= OPERATORS:
            if words:
                yield words
            words = []
        elif words or not (word in KEYWORDS or re.match(r"\w+=", word)):
            words.append(word)


def commands_of(block: Block) -> Iterator[list[str]]:
    """The simple commands of a block, without comments."""
    for script in block.typed():
        yield from commands(re.sub(r"(^|\s)#.*$", "", script, flags=re.MULTILINE))
