"""Warnings about how a file was read: its columns and its encoding. Pure data."""

from __future__ import annotations

from contactsync.domain.messages.text import Sentences, Text, table

READING_WARNINGS: Sentences = table(
    unknown_column=Text(
        (
            (
                "La colonne {names:10} n'est pas reconnue, ses valeurs n'ont pas été enregistrées. "
                "Renommez-la si vous en avez besoin."
            ),
            (
                "{count} colonnes ne sont pas reconnues, leurs valeurs n'ont pas été enregistrées : {names:10}. "
                "Renommez celles dont vous avez besoin."
            ),
        ),
        (
            "The column {names:10} is not recognised, its values were not stored. Rename it if you need it.",
            (
                "{count} columns are not recognised, their values were not stored: {names:10}. "
                "Rename those you need."
            ),
        ),
        variants={
            "refused": Text(
                (
                    "La colonne {names:10} n'est pas reconnue.",
                    "{count} colonnes ne sont pas reconnues : {names:10}.",
                ),
                (
                    "The column {names:10} is not recognised.",
                    "{count} columns are not recognised: {names:10}.",
                ),
            ),
            "suggestion": Text(
                "La colonne « {header} » n'est pas reconnue : s'agit-il {column:of} ?",
                'The column "{header}" is not recognised: do you mean {column}?',
            ),
            "unnamed": Text(
                (
                    "La colonne {positions} n'a pas de nom : la première ligne est-elle bien la ligne d'en-têtes ?",
                    (
                        "Les colonnes {positions} n'ont pas de nom : "
                        "la première ligne est-elle bien la ligne d'en-têtes ?"
                    ),
                ),
                (
                    "Column {positions} has no name: is the first line really the header line?",
                    "Columns {positions} have no names: is the first line really the header line?",
                ),
            ),
        },
    ),
    mixed_encoding=Text(
        (
            (
                "La ligne {line} n'a pas le même encodage que le reste du fichier. Nous l'avons lue au mieux : "
                "vérifiez ses accents, et exportez tout le fichier en UTF-8 la prochaine fois."
            ),
            (
                "{count} lignes n'ont pas le même encodage que le reste du fichier ({lines}). Nous les avons lues au "
                "mieux : vérifiez leurs accents, et exportez tout le fichier en UTF-8 la prochaine fois."
            ),
        ),
        (
            (
                "Line {line} is in another encoding than the rest of the file. We read it as well as we could: "
                "check its accents, and export the whole file as UTF-8 next time."
            ),
            (
                "{count} lines are in another encoding than the rest of the file ({lines}). We read them as well as "
                "we could: check their accents, and export the whole file as UTF-8 next time."
            ),
        ),
    ),
    suspect_encoding=Text(
        (
            "Les accents de ce fichier semblent altérés (« Ã© » au lieu de « é »), et ils ont été enregistrés ainsi : "
            "exportez le fichier de nouveau en UTF-8 et déposez-le de nouveau."
        ),
        (
            'The accents of this file look damaged ("Ã©" instead of "é") and were stored like that: '
            "export the file again as UTF-8 and upload it again."
        ),
        variants={
            "cp850": Text(
                (
                    "Ce fichier semble au format « CSV (MS-DOS) », ses accents ont pu être mal lus : "
                    "enregistrez-le au format « CSV UTF-8 » et déposez-le de nouveau."
                ),
                (
                    'This file looks like "CSV (MS-DOS)", its accents may have been misread: '
                    'save it as "CSV UTF-8" and upload it again.'
                ),
            ),
            "mac_roman": Text(
                (
                    "Ce fichier semble au format « CSV (Macintosh) », ses accents ont pu être mal lus : "
                    "enregistrez-le au format « CSV UTF-8 » et déposez-le de nouveau."
                ),
                (
                    'This file looks like "CSV (Macintosh)", its accents may have been misread: '
                    'save it as "CSV UTF-8" and upload it again.'
                ),
            ),
        },
    ),
)
