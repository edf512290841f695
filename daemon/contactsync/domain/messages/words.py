"""The pieces that fill the blanks of a sentence: numbers, lines, names, separators, dates. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from contactsync.domain.account import Language

NBSP = "\u00a0"

MAX_LINES_IN_A_SENTENCE = 3
MAX_MAPPED_IN_A_SENTENCE = 10
MAX_NAME_CHARACTERS = 40

SEPARATORS = MappingProxyType(
    {
        #      "separated by …"          "… as the separator"    "that contain …"
        ";": {
            "plural": ("des points-virgules", "semicolons"),
            "the": ("le point-virgule", "the semicolon"),
            "a": ("un point-virgule", "a semicolon"),
        },
        ",": {
            "plural": ("des virgules", "commas"),
            "the": ("la virgule", "the comma"),
            "a": ("une virgule", "a comma"),
        },
        "|": {
            "plural": ("des barres verticales", "vertical bars"),
            "the": ("la barre verticale", "the vertical bar"),
            "a": ("une barre verticale", "a vertical bar"),
        },
        "\t": {
            "plural": ("des tabulations", "tabs"),
            "the": ("la tabulation", "the tab"),
            "a": ("une tabulation", "a tab"),
        },
    }
)
"""Each separator in the three forms that sentences need; the character alone could not be seen if it is a TAB."""

KINDS = MappingProxyType(
    {
        "RAR": ("une archive RAR", "a RAR archive"),
        "7-Zip": ("une archive 7-Zip", "a 7-Zip archive"),
        "gzip": ("un fichier gzip", "a gzip file"),
        "bzip2": ("un fichier bzip2", "a bzip2 file"),
        "xz": ("un fichier xz", "an xz file"),
        "PDF": ("un PDF", "a PDF"),
        "PNG": ("une image PNG", "a PNG image"),
        "JPEG": ("une image JPEG", "a JPEG image"),
        "HTML": ("une page web", "a web page"),
        "XML": ("une feuille de calcul XML", "an XML spreadsheet"),
        "JSON": ("un fichier JSON", "a JSON file"),
        "vCard": ("une carte de visite vCard", "a vCard"),
        "Word": ("un document Word", "a Word document"),
        "PowerPoint": ("une présentation PowerPoint", "a PowerPoint presentation"),
        "OpenDocument": ("un document texte LibreOffice", "a LibreOffice text document"),
        "other XML": ("un fichier XML", "an XML file"),
        "RTF": ("un document RTF", "an RTF document"),
        "MHTML": ("une page web (MHTML)", "a web page (MHTML)"),
        "mail": ("un message électronique", "an e-mail message"),
        "iCalendar": ("un agenda iCalendar", "an iCalendar file"),
        "LDIF": ("un export LDIF", "an LDIF export"),
        "SYLK": ("un classeur SYLK", "a SYLK workbook"),
        "SQL": ("un script SQL", "an SQL script"),
        "SQLite": ("une base de données SQLite", "an SQLite database"),
        "Access": ("une base de données Access", "an Access database"),
        "dBase": ("une table dBase", "a dBase table"),
        "Outlook": ("un fichier de données Outlook", "an Outlook data file"),
        "tar": ("une archive tar", "a tar archive"),
        "archive": ("une archive compressée", "a compressed archive"),
        "image": ("une image", "an image"),
        "GIF": ("une image GIF", "a GIF image"),
        "program": ("un programme", "a program"),
    }
)
"""What a file can be that is not a CSV, by the key that `not_csv` has in its details as `found`."""

_MONTHS = (
    ("janvier", "février", "mars", "avril", "mai", "juin",
     "juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ("January", "February", "March", "April", "May", "June",
     "July", "August", "September", "October", "November", "December"),
)  # fmt: skip
_BEFORE = re.compile(r" (?=[:;!?»%])|(?<=«) ")
_THOUSANDS_AND_UNITS = re.compile(r"(?<=\d) (?=\d{3}(?!\d))|(?<=[\d}]) (?=Mo\b)|(?<=\d) (?=h\b)")


def spaced(french: str) -> str:
    """French with non-breaking spaces where a line may not break: punctuation, guillemets, thousands, units."""
    return _THOUSANDS_AND_UNITS.sub(NBSP, _BEFORE.sub(NBSP, french))


def number(value: int, language: Language) -> str:
    """Digits with the thousands apart."""
    return f"{value:,}".replace(",", NBSP) if language == "fr" else f"{value:,}"


def decimal(value: float, language: Language) -> str:
    """A number with one decimal at most, such as a share in percent."""
    digits = f"{value:,.1f}".removesuffix(".0")
    return digits.replace(",", NBSP).replace(".", ",") if language == "fr" else digits


def joined(items: Sequence[str], language: Language) -> str:
    """The items as a list in words: "a, b et c"."""
    *first, last = items
    both = " et " if language == "fr" else " and "
    return f"{', '.join(first)}{both}{last}" if first else last


def semicolon(language: Language) -> str:
    """A semicolon as it follows a word."""
    return f"{NBSP};" if language == "fr" else ";"


def lines(numbers: Sequence[int], language: Language, more: int = 0) -> str:
    """Physical lines in words, at most three of them; `more` counts those that `numbers` does not list."""
    distinct = sorted(set(numbers))
    shown = [number(each, language) for each in distinct[:MAX_LINES_IN_A_SENTENCE]]
    others = len(distinct) - len(shown) + more
    if others:
        shown.append(f"{number(others, language)} {_others(others, language)}")
    one, many = ("ligne", "lignes") if language == "fr" else ("line", "lines")
    return f"{one if len(shown) == 1 else many} {joined(shown, language)}"


def names(items: Sequence[str], language: Language, limit: int) -> str:
    """Names that the reader typed, in quotes; those past the limit are only counted."""
    shown = [quoted(item, language) for item in items[:limit]]
    others = len(items) - len(shown)
    if others:
        shown.append(f"{number(others, language)} {_others(others, language)}")
    return joined(shown, language)


def _others(count: int, language: Language) -> str:
    if language == "en":
        return "more"
    return "autre" if count == 1 else "autres"


def mapped(pairs: Sequence[tuple[str, Sequence[str]]], language: Language) -> str:
    """Headers with the columns that they were read as; two columns are chosen between by the number."""
    french = language == "fr"
    either, by_number = (" ou ", ", selon le numéro") if french else (" or ", ", depending on the number")
    shown = [
        f"{quoted(header, language)} {'comme' if french else 'as'} {either.join(columns)}"
        f"{by_number if len(columns) > 1 else ''}"
        for header, columns in pairs[:MAX_MAPPED_IN_A_SENTENCE]
    ]
    others = len(pairs) - len(shown)
    if others:
        shown.append(f"{number(others, language)} {_others(others, language)}")
    return joined(shown, language)


def quoted(name: str, language: Language) -> str:
    """A name that the reader typed, shortened, in the quotes of the language."""
    if len(name) > MAX_NAME_CHARACTERS:
        name = f"{name[:MAX_NAME_CHARACTERS]}..."
    return f"«{NBSP}{name}{NBSP}»" if language == "fr" else f'"{name}"'


def of(name: str) -> str:
    """A name in French with "de" before it."""
    return f"d'{name}" if name[:1] in "AEIOUÉ" else f"de {name}"


def moment(when: datetime, zone: str, language: Language) -> str:
    """A time in an account's time zone, to the minute, to follow "le" or "on"."""
    local = when.astimezone(ZoneInfo(zone))
    if language == "en":
        return f"{local.day} {_MONTHS[1][local.month - 1]} {local.year} at {local:%H:%M}"
    day = "1er" if local.day == 1 else str(local.day)
    return f"{day} {_MONTHS[0][local.month - 1]} {local.year} à {local.hour}{NBSP}h{NBSP}{local:%M}"


def separator(character: str, form: str, language: Language) -> str:
    """A separator by its name; `form` is "plural", "the" or "a"."""
    return SEPARATORS[character][form][language == "en"]


def kind(found: str, language: Language) -> str:
    """What a file is that is not a CSV."""
    return KINDS[found][language == "en"]
