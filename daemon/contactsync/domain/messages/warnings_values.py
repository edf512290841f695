"""Warnings about the values of a file that was applied: dropped, or stored though they look wrong. Pure data."""

from __future__ import annotations

from contactsync.domain.messages.text import Sentences, Text, table

_NEXT_TIME = Text(
    ("Corrigez cette valeur dans votre prochain dépôt.", "Corrigez ces valeurs dans votre prochain dépôt."),
    ("Correct this value in your next upload.", "Correct these values in your next upload."),
)
_GO_BACK = Text(
    "Reprenez le fichier d'origine, avec la colonne au format Texte.",
    "Go back to the original file, with the column as Text.",
)


def _invalid_numbers(column: str) -> Text:
    return Text(
        (
            (
                f"Un numéro de la colonne {column} n'est pas valide et n'a pas été enregistré ({{lines}}) ; "
                "le reste de la ligne l'a été. {remedy}"
            ),
            (
                f"{{count}} numéros de la colonne {column} ne sont pas valides et n'ont pas été enregistrés "
                "({lines}) ; le reste de ces lignes l'a été. {remedy}"
            ),
        ),
        (
            (
                f"A number in the column {column} is not valid and was not stored ({{lines}}); "
                "the rest of the row was. {remedy}"
            ),
            (
                f"{{count}} numbers in the column {column} are not valid and were not stored ({{lines}}); "
                "the rest of these rows was. {remedy}"
            ),
        ),
        parts={"remedy": _NEXT_TIME},
    )


VALUE_WARNINGS: Sentences = table(
    invalid_email=Text(
        (
            (
                "Une adresse e-mail n'est pas valide et n'a pas été enregistrée ({lines}) ; "
                "le reste de la ligne l'a été. {remedy}"
            ),
            (
                "{count} adresses e-mail ne sont pas valides et n'ont pas été enregistrées ({lines}) ; "
                "le reste de ces lignes l'a été. {remedy}"
            ),
        ),
        (
            "An e-mail address is not valid and was not stored ({lines}); the rest of the row was. {remedy}",
            (
                "{count} e-mail addresses are not valid and were not stored ({lines}); "
                "the rest of these rows was. {remedy}"
            ),
        ),
        parts={"remedy": _NEXT_TIME},
    ),
    invalid_phone=_invalid_numbers("Téléphone Fixe"),
    invalid_mobile=_invalid_numbers("Mobile"),
    scientific_notation=Text(
        (
            (
                "Un numéro est en notation scientifique et n'a pas été enregistré ({lines}) : des chiffres sont "
                "perdus, reprenez le fichier d'origine avec la colonne au format Texte."
            ),
            (
                "{count} numéros sont en notation scientifique et n'ont pas été enregistrés ({lines}) : des chiffres "
                "sont perdus, reprenez le fichier d'origine avec la colonne au format Texte."
            ),
        ),
        (
            (
                "A number is in scientific notation and was not stored ({lines}): digits are lost, "
                "go back to the original file with the column as Text."
            ),
            (
                "{count} numbers are in scientific notation and were not stored ({lines}): digits are lost, "
                "go back to the original file with the column as Text."
            ),
        ),
        variants={
            "in_reference": Text(
                (
                    (
                        "Une valeur de la colonne Référence est en notation scientifique, des chiffres sont perdus "
                        "({lines}) ; elle a été enregistrée telle quelle. {remedy}"
                    ),
                    (
                        "{count} valeurs de la colonne Référence sont en notation scientifique, des chiffres sont "
                        "perdus ({lines}) ; elles ont été enregistrées telles quelles. {remedy}"
                    ),
                ),
                (
                    (
                        "1 reference is in scientific notation, digits are lost ({lines}); "
                        "it was stored as it is. {remedy}"
                    ),
                    (
                        "{count} references are in scientific notation, digits are lost ({lines}); "
                        "they were stored as they are. {remedy}"
                    ),
                ),
                parts={"remedy": _GO_BACK},
            ),
        },
    ),
    decimal_number=Text(
        (
            (
                "Un nombre décimal figure à la place d'un numéro et n'a pas été enregistré ({lines}) : "
                "mettez la colonne au format Texte et exportez le fichier de nouveau."
            ),
            (
                "{count} nombres décimaux figurent à la place de numéros et n'ont pas été enregistrés ({lines}) : "
                "mettez la colonne au format Texte et exportez le fichier de nouveau."
            ),
        ),
        (
            (
                "A decimal number is in the place of a phone number and was not stored ({lines}): "
                "give the column the Text format and export the file again."
            ),
            (
                "{count} decimal numbers are in the place of phone numbers and were not stored ({lines}): "
                "give the column the Text format and export the file again."
            ),
        ),
    ),
    invalid_birth_date=Text(
        (
            (
                "Une date de naissance n'est pas valide et n'a pas été enregistrée ({lines}) : "
                "écrivez-la sous la forme 31/12/1980."
            ),
            (
                "{count} dates de naissance ne sont pas valides et n'ont pas été enregistrées ({lines}) : "
                "écrivez-les sous la forme 31/12/1980."
            ),
        ),
        (
            "A birth date is not valid and was not stored ({lines}): write it like 31/12/1980.",
            "{count} birth dates are not valid and were not stored ({lines}): write them like 31/12/1980.",
        ),
    ),
    month_first_dates=Text(
        (
            (
                "Une date de naissance n'a pas été enregistrée : ce fichier semble écrire le mois d'abord "
                "(12/31/1980). {remedy}"
            ),
            (
                "{count} dates de naissance n'ont pas été enregistrées : ce fichier semble écrire le mois d'abord "
                "(12/31/1980). {remedy}"
            ),
        ),
        (
            ("1 birth date was not stored: this file seems to write the month first (12/31/1980). {remedy}"),
            (
                "{count} birth dates were not stored: this file seems to write the month first (12/31/1980). "
                "{remedy}"
            ),
        ),
        parts={
            "remedy": Text(
                "Écrivez 31/12/1980 ou 1980-12-31, ou demandez au support de régler votre compte.",
                "Write 31/12/1980 or 1980-12-31, or ask support to set your account.",
            )
        },
    ),
    spreadsheet_error=Text(
        (
            (
                "Une valeur de la colonne Référence est une erreur du tableur, par exemple #N/A ({lines}) ; "
                "elle a été enregistrée telle quelle. {remedy}"
            ),
            (
                "{count} valeurs de la colonne Référence sont des erreurs du tableur, par exemple #N/A ({lines}) ; "
                "elles ont été enregistrées telles quelles. {remedy}"
            ),
        ),
        (
            ("1 reference is a spreadsheet error, such as #N/A ({lines}); it was stored as it is. {remedy}"),
            (
                "{count} references are spreadsheet errors, such as #N/A ({lines}); "
                "they were stored as they are. {remedy}"
            ),
        ),
        parts={
            "remedy": Text(
                "Corrigez la formule et exportez le fichier de nouveau.",
                "Correct the formula and export the file again.",
            )
        },
    ),
    repeated_reference=Text(
        (
            (
                "Une ligne reprend la Référence d'une ligne plus haute ({lines}) : "
                "les deux forment un seul contact, et les valeurs de la plus basse l'emportent."
            ),
            (
                "{count} lignes reprennent la Référence d'une ligne plus haute ({lines}) : "
                "elles forment un seul contact, et les valeurs de la plus basse l'emportent."
            ),
        ),
        (
            (
                "1 row repeats the reference of a row above it ({lines}): "
                "both are one contact, and the values of the lower one win."
            ),
            (
                "{count} rows repeat the reference of a row above them ({lines}): "
                "they are one contact, and the values of the lowest win."
            ),
        ),
    ),
)
