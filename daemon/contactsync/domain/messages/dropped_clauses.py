"""The clauses that report dropped values in the headline of an applied file, by column. Pure data."""

from __future__ import annotations

from contactsync.domain.messages.text import Sentences, Text, table


def _masculine(one: str, many: str, one_en: str, many_en: str) -> Text:
    return Text(
        (
            f"Un {one} n'a pas été enregistré, car il n'est pas valide.",
            f"{{count}} {many} n'ont pas été enregistrés, car ils ne sont pas valides.",
        ),
        (
            f"1 {one_en} was not stored because it is not valid.",
            f"{{count}} {many_en} were not stored because they are not valid.",
        ),
    )


def _feminine(one: str, many: str, one_en: str, many_en: str) -> Text:
    return Text(
        (
            f"Une {one} n'a pas été enregistrée, car elle n'est pas valide.",
            f"{{count}} {many} n'ont pas été enregistrées, car elles ne sont pas valides.",
        ),
        (
            f"1 {one_en} was not stored because it is not valid.",
            f"{{count}} {many_en} were not stored because they are not valid.",
        ),
    )


DROPPED: Sentences = table(
    email=_feminine("adresse e-mail", "adresses e-mail", "e-mail address", "e-mail addresses"),
    phone=_masculine(
        "numéro de téléphone fixe",
        "numéros de téléphone fixe",
        "fixed telephone number",
        "fixed telephone numbers",
    ),
    mobile=_masculine("numéro de mobile", "numéros de mobile", "mobile number", "mobile numbers"),
    number=_masculine("numéro de téléphone", "numéros de téléphone", "telephone number", "telephone numbers"),
    birth_date=_feminine("date de naissance", "dates de naissance", "birth date", "birth dates"),
)
"""By the key of the column; `number` where it is not known which of the two columns the number was in."""

COUNTED: Sentences = table(
    email=Text(
        ("une adresse e-mail", "{count} adresses e-mail"), ("1 e-mail address", "{count} e-mail addresses")
    ),
    phone=Text(
        ("un numéro de téléphone fixe", "{count} numéros de téléphone fixe"),
        ("1 fixed telephone number", "{count} fixed telephone numbers"),
    ),
    mobile=Text(
        ("un numéro de mobile", "{count} numéros de mobile"), ("1 mobile number", "{count} mobile numbers")
    ),
    number=Text(
        ("un numéro de téléphone", "{count} numéros de téléphone"),
        ("1 telephone number", "{count} telephone numbers"),
    ),
    birth_date=Text(
        ("une date de naissance", "{count} dates de naissance"), ("1 birth date", "{count} birth dates")
    ),
)
"""The same as parts of a list, where values of several columns were dropped."""

SEVERAL = Text(
    "{count} valeurs n'ont pas été enregistrées, car elles ne sont pas valides : {columns}.",
    "{count} values were not stored because they are not valid: {columns}.",
)

WHOLE_COLUMN = Text(
    "C'est presque toute la colonne {column} : vérifiez son format.",
    "That is almost the whole column {column}: check its format.",
)
