"""The line in large type at the head of an answer, by what became of the file. Pure data.

A verdict has no full stop. "votre compte n'a pas changé" is what a worried reader looks for: it is there wherever it
is true.
"""

from __future__ import annotations

from contactsync.domain.messages.text import Sentences, Text, table

VERDICTS: Sentences = table(
    applied=Text("Fichier pris en compte", "File applied"),
    applied_to_check=Text(
        "Fichier pris en compte, avec des points à vérifier", "File applied, with points to check"
    ),
    applied_but_values=Text(
        ("Fichier pris en compte, sauf une valeur", "Fichier pris en compte, sauf {count} valeurs"),
        ("File applied, except 1 value", "File applied, except {count} values"),
    ),
    applied_but_rows=Text(
        (
            "Fichier pris en compte, sauf une ligne rejetée",
            "Fichier pris en compte, sauf {count} lignes rejetées",
        ),
        ("File applied, except 1 rejected row", "File applied, except {count} rejected rows"),
    ),
    up_to_date=Text(
        "Fichier pris en compte : tout était déjà à jour", "File applied: everything was up to date"
    ),
    nobody_deleted=Text(
        "Aucun contact ne correspond à votre fichier : rien n'a été supprimé",
        "No contact matches your file: nothing was deleted",
    ),
    nobody_opted_in=Text(
        "Aucune de ces adresses n'était désabonnée : rien n'a changé",
        "None of these addresses was opted out: nothing has changed",
        variants={
            "number": Text(
                "Aucun de ces numéros n'était désabonné : rien n'a changé",
                "None of these numbers was opted out: nothing has changed",
            )
        },
    ),
    all_opted_out=Text(
        "Toutes ces adresses étaient déjà désabonnées : rien n'a changé",
        "All these addresses were already opted out: nothing has changed",
        variants={
            "number": Text(
                "Tous ces numéros étaient déjà désabonnés : rien n'a changé",
                "All these numbers were already opted out: nothing has changed",
            )
        },
    ),
    refused=Text(
        "Fichier refusé : votre compte n'a pas changé", "File refused: your account has not changed"
    ),
    refused_no_valid_row=Text(
        "Fichier refusé, aucune ligne n'est valide : votre compte n'a pas changé",
        "File refused, no row is valid: your account has not changed",
    ),
    held=Text(
        "Fichier en attente de votre confirmation : votre compte n'a pas changé",
        "File waiting for your confirmation: your account has not changed",
    ),
    confirmed=Text("Confirmation prise en compte", "Confirmation applied"),
    check_passed=Text(
        "Contrôle réussi : ce fichier serait pris en compte", "Check passed: this file would be applied"
    ),
    check_but_rows=Text(
        (
            "Contrôle terminé : ce fichier serait pris en compte, sauf une ligne",
            "Contrôle terminé : ce fichier serait pris en compte, sauf {count} lignes",
        ),
        (
            "Check done: this file would be applied, except 1 row",
            "Check done: this file would be applied, except {count} rows",
        ),
    ),
    check_refused=Text(
        "Contrôle terminé : ce fichier serait refusé", "Check done: this file would be refused"
    ),
)

UNDONE = Text(
    "Les effets de ce fichier ont été annulés le {date}.",
    "The effects of this file were undone on {date}.",
)

ONLY_A_CHECK = Text(
    (
        "Ce n'était qu'un contrôle : votre compte n'a pas changé. "
        "Pour qu'il soit pris en compte, déposez le fichier sans « .check » dans son nom."
    ),
    (
        "This was only a check: your account has not changed. "
        'To apply the file, upload it without ".check" in its name.'
    ),
)
"""The second line of every check by upload."""
