"""The clauses of the headline of an applied file, by what they report. Pure data.

Clauses without a full stop are joined into one sentence; the others are sentences of their own. A clause that has
no form for 0 is left out where there is nothing to report.
"""

from __future__ import annotations

from contactsync.domain.messages.outcome_consent import CONSENT_CLAUSES
from contactsync.domain.messages.text import Sentences, Text, table

CLAUSES: Sentences = table(
    **CONSENT_CLAUSES,
    list_created=Text(
        (
            "La liste « {list} » a été créée avec un contact",
            "La liste « {list} » a été créée avec {count} contacts",
        ),
        (
            'The list "{list}" was created with 1 contact',
            'The list "{list}" was created with {count} contacts',
        ),
    ),
    list_filled=Text(
        (
            "La liste « {list} » contient maintenant le contact du fichier",
            "La liste « {list} » contient maintenant les {count} contacts du fichier",
        ),
        (
            'The list "{list}" now holds the contact of the file',
            'The list "{list}" now holds the {count} contacts of the file',
        ),
    ),
    left_list=Text(
        (
            "aucun n'en a été retiré",
            "un contact en a été retiré et reste dans votre compte",
            "{count} contacts en ont été retirés et restent dans votre compte",
        ),
        (
            "none was removed",
            "1 contact was removed from it and stays in your account",
            "{count} contacts were removed from it and stay in your account",
        ),
    ),
    new=Text(
        ("aucun contact n'est nouveau", "un contact est nouveau", "{count} contacts sont nouveaux"),
        ("no contact is new", "1 contact is new", "{count} contacts are new"),
    ),
    updated=Text(
        ("un contact a été mis à jour", "{count} contacts ont été mis à jour"),
        ("1 contact was updated", "{count} contacts were updated"),
    ),
    up_to_date=Text(
        ("un contact était déjà à jour", "{count} contacts étaient déjà à jour"),
        ("1 contact was up to date", "{count} contacts were up to date"),
    ),
    deleted=Text(
        ("Aucun contact n'a été supprimé", "Un contact a été supprimé", "{count} contacts ont été supprimés"),
        ("No contact was deleted", "1 contact was deleted", "{count} contacts were deleted"),
    ),
    met_nobody=Text(
        ("une ligne ne correspond à aucun contact", "{count} lignes ne correspondent à aucun contact"),
        ("1 row matches no contact", "{count} rows match no contact"),
    ),
    rejected=Text(
        ("Une ligne sur {read} a été rejetée.", "{count} lignes sur {read} ont été rejetées."),
        ("1 of {read} rows was rejected.", "{count} of {read} rows were rejected."),
    ),
    rejected_remedy=Text(
        (
            "Corrigez-la dans le fichier des rejets et déposez-le dans le même in/.",
            "Corrigez-les dans le fichier des rejets et déposez-le dans le même in/.",
        ),
        (
            "Correct it in the rejected file and upload that to the same in/.",
            "Correct them in the rejected file and upload that to the same in/.",
        ),
    ),
    rejected_incomplete=Text(
        (
            "Le fichier des rejets est limité : une ligne rejetée n'y figure pas. {remedy}",
            (
                "Le fichier des rejets est limité à ses {kept} premières lignes : "
                "{count} autres lignes rejetées n'y figurent pas. {remedy}"
            ),
        ),
        (
            "The rejected file is limited: 1 rejected row is not in it. {remedy}",
            (
                "The rejected file is limited to the first {kept} rows: "
                "{count} more rejected rows are not in it. {remedy}"
            ),
        ),
        parts={
            "remedy": Text(
                "Corrigez d'abord la cause dans votre propre fichier, puis déposez-le de nouveau en entier.",
                "First correct the cause in your own file, then upload it whole again.",
            )
        },
    ),
    rejected_stay=Text(
        (
            "Le contact de la ligne rejetée n'a pas été retiré de la liste.",
            "Les contacts des lignes rejetées n'ont pas été retirés de la liste.",
        ),
        (
            "The contact of the rejected row was not removed from the list.",
            "The contacts of the rejected rows were not removed from the list.",
        ),
    ),
)
