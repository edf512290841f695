"""Warnings about what a file did, or did not do, to lists, contacts and opt-outs. Pure data."""

from __future__ import annotations

from contactsync.domain.messages.text import Sentences, Text, table

EFFECT_WARNINGS: Sentences = table(
    several_markers=Text(
        (
            "Le dossier import/ contient plusieurs fichiers de mode : une nouvelle liste a donc été créée. "
            "Ne gardez que celui qu'il vous faut."
        ),
        (
            "The folder import/ holds several mode files, so a new list was created. "
            "Keep only the one that you need."
        ),
    ),
    nobody_removed=Text(
        (
            (
                "Aucun contact n'a été retiré de la liste « {list} », car la Référence d'une ligne est illisible "
                "({lines}). {remedy}"
            ),
            (
                "Aucun contact n'a été retiré de la liste « {list} », car la Référence de {count} lignes est "
                "illisible ({lines}). {remedy}"
            ),
        ),
        (
            (
                'No contact was removed from the list "{list}" because the reference of 1 row cannot be read '
                "({lines}). {remedy}"
            ),
            (
                'No contact was removed from the list "{list}" because the references of {count} rows cannot be '
                "read ({lines}). {remedy}"
            ),
        ),
        parts={
            "remedy": Text(
                "Corrigez votre fichier et déposez-le de nouveau en entier.",
                "Correct your file and upload it whole again.",
            )
        },
    ),
    repeated_file=Text(
        (
            "Ce fichier est identique à celui du {date}, déjà pris en compte ({claimed}). "
            "Il l'a été une seconde fois ; si c'était voulu, vous n'avez rien à faire."
        ),
        (
            "This file is identical to the one of {date}, already applied ({claimed}). "
            "It was applied again; if you meant that, there is nothing to do."
        ),
        then={
            "mode_1": Text(
                "Une seconde liste « {list} » a été créée avec les mêmes contacts.",
                'A second list "{list}" was created with the same contacts.',
            ),
        },
    ),
    met_nobody=Text(
        (
            (
                "Une ligne ne correspond à aucun contact de votre compte ({lines}). "
                "Si ce contact était déjà supprimé, vous n'avez rien à faire."
            ),
            (
                "{count} lignes ne correspondent à aucun contact de votre compte ({lines}). "
                "Si ces contacts étaient déjà supprimés, vous n'avez rien à faire."
            ),
        ),
        (
            (
                "1 row matches no contact of your account ({lines}). "
                "If the contact was deleted before, there is nothing to do."
            ),
            (
                "{count} rows match no contact of your account ({lines}). "
                "If these contacts were deleted before, there is nothing to do."
            ),
        ),
        then={
            "by_triplet": Text(
                (
                    "Un contact n'est reconnu que si son adresse e-mail, son téléphone fixe et son mobile sont tous "
                    "les trois les mêmes que dans votre compte."
                ),
                (
                    "A contact is recognised only if its e-mail address, fixed telephone and mobile are all three "
                    "the same as in your account."
                ),
            ),
        },
    ),
    later_opt_out=Text(
        (
            (
                "Une adresse e-mail reste désabonnée, car son désabonnement est postérieur au dépôt de ce fichier "
                "({lines}). Si la personne a de nouveau donné son accord depuis, déposez son adresse dans un nouveau "
                "fichier."
            ),
            (
                "{count} adresses e-mail restent désabonnées, car leur désabonnement est postérieur au dépôt de ce "
                "fichier ({lines}). Si ces personnes ont de nouveau donné leur accord depuis, déposez leurs adresses "
                "dans un nouveau fichier."
            ),
        ),
        (
            (
                "1 e-mail address stays opted out because its opt-out is later than the upload of this file "
                "({lines}). If the person has agreed again since, upload the address in a new file."
            ),
            (
                "{count} e-mail addresses stay opted out because their opt-outs are later than the upload of this "
                "file ({lines}). If these people have agreed again since, upload the addresses in a new file."
            ),
        ),
        variants={
            "number": Text(
                (
                    (
                        "Un numéro reste désabonné, car son désabonnement est postérieur au dépôt de ce fichier "
                        "({lines}). Si la personne a de nouveau donné son accord depuis, déposez son numéro dans un "
                        "nouveau fichier."
                    ),
                    (
                        "{count} numéros restent désabonnés, car leur désabonnement est postérieur au dépôt de ce "
                        "fichier ({lines}). Si ces personnes ont de nouveau donné leur accord depuis, déposez leurs "
                        "numéros dans un nouveau fichier."
                    ),
                ),
                (
                    (
                        "1 number stays opted out because its opt-out is later than the upload of this file "
                        "({lines}). If the person has agreed again since, upload the number in a new file."
                    ),
                    (
                        "{count} numbers stay opted out because their opt-outs are later than the upload of this "
                        "file ({lines}). If these people have agreed again since, upload the numbers in a new file."
                    ),
                ),
            ),
        },
    ),
)
