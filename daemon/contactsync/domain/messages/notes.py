"""What an uploader may like to know and need not act on. Pure data."""

from __future__ import annotations

from contactsync.domain.messages.text import Sentences, Text, table

NOTES: Sentences = table(
    footer=Text(
        (
            (
                "La ligne {line}, en bas du fichier, n'est pas un contact : elle a été ignorée. "
                "Vous n'avez rien à faire."
            ),
            (
                "{count} lignes en bas du fichier ne sont pas des contacts ({lines}) : elles ont été ignorées. "
                "Vous n'avez rien à faire."
            ),
        ),
        (
            "Line {line} at the end of the file is not a contact: it was ignored. There is nothing to do.",
            (
                "{count} lines at the end of the file are not contacts ({lines}): they were ignored. "
                "There is nothing to do."
            ),
        ),
    ),
    mapped_headers=Text(
        (
            ("Nous avons lu la colonne {mapped:as}. Si ce n'est pas ce que vous vouliez, renommez-la."),
            (
                "Nous avons lu {count} colonnes sous un autre nom : {mapped:as}. "
                "Si ce n'est pas ce que vous vouliez, renommez-les."
            ),
        ),
        (
            "We read the column {mapped:as}. If this is not what you want, rename it.",
            (
                "We read {count} columns under another name: {mapped:as}. "
                "If this is not what you want, rename them."
            ),
        ),
    ),
)
"""Warnings that ask for nothing: they come last, and do not turn "applied" into "applied, with points to check"."""

UTF8 = Text(
    "Le fichier a été lu en UTF-8. Si les accents sont justes, vous n'avez rien à faire.",
    "The file was read as UTF-8. If the accents are right, there is nothing to do.",
)
"""A note for the page; in result.json the `encoding` shows it."""
