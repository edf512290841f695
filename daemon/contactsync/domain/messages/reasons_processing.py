"""Why a file is refused for what it would do, or because processing it did not succeed. Pure data."""

from __future__ import annotations

from contactsync.domain.messages.text import Sentences, Text, table

_ALLOWED = Text(
    ("n'en autorise aucun", "n'en autorise qu'un à la fois", "en autorise {limit} à la fois"),
    ("allows none", "allows only 1 at once", "allows {limit} at once"),
    by="limit",
)
_CONFIRM = Text(
    "Si c'est voulu, déposez dans le même in/ un fichier vide nommé « {claimed_name}.confirm ».",
    'If you mean it, upload an empty file named "{claimed_name}.confirm" to the same in/.',
)

PROCESSING_REASONS: Sentences = table(
    no_criterion=Text(
        (
            "Votre compte n'a pas de critère de dédoublonnage, aucun contact ne peut donc être supprimé par fichier : "
            "demandez au support d'en définir un."
        ),
        (
            "Your account has no deduplication criterion, so no contact can be deleted by file: "
            "ask support to set one."
        ),
    ),
    too_many_removals=Text(
        (
            (
                "Ce fichier retirerait un contact sur {total} de la liste « {list} », alors que votre compte "
                "{allowed} : vérifiez que l'export est complet. {confirm}"
            ),
            (
                "Ce fichier retirerait {count} contacts sur {total} de la liste « {list} », alors que votre compte "
                "{allowed} : vérifiez que l'export est complet. {confirm}"
            ),
        ),
        (
            (
                'This file would remove 1 of {total} contacts from the list "{list}", but your account {allowed}: '
                "check that the export is complete. {confirm}"
            ),
            (
                'This file would remove {count} of {total} contacts from the list "{list}", but your account '
                "{allowed}: check that the export is complete. {confirm}"
            ),
        ),
        parts={"allowed": _ALLOWED, "confirm": _CONFIRM},
        variants={
            "delete percent": Text(
                (
                    (
                        "Ce fichier supprimerait un contact de votre compte, soit {share} %, alors que celui-ci en "
                        "autorise {limit} % à la fois : vérifiez que le fichier est le bon. {confirm}"
                    ),
                    (
                        "Ce fichier supprimerait {count} contacts de votre compte, soit {share} %, alors que celui-ci "
                        "en autorise {limit} % à la fois : vérifiez que le fichier est le bon. {confirm}"
                    ),
                ),
                (
                    (
                        "This file would delete 1 contact of your account, which is {share}%, but the account allows "
                        "{limit}% at once: check that it is the right file. {confirm}"
                    ),
                    (
                        "This file would delete {count} contacts of your account, which is {share}%, but the account "
                        "allows {limit}% at once: check that it is the right file. {confirm}"
                    ),
                ),
                parts={"confirm": _CONFIRM},
            ),
            "delete": Text(
                (
                    (
                        "Ce fichier supprimerait un contact sur {total} de votre compte, qui {allowed} : "
                        "vérifiez que le fichier est le bon. {confirm}"
                    ),
                    (
                        "Ce fichier supprimerait {count} contacts sur {total} de votre compte, qui {allowed} : "
                        "vérifiez que le fichier est le bon. {confirm}"
                    ),
                ),
                (
                    (
                        "This file would delete 1 of the {total} contacts of your account, which {allowed}: "
                        "check that it is the right file. {confirm}"
                    ),
                    (
                        "This file would delete {count} of the {total} contacts of your account, which {allowed}: "
                        "check that it is the right file. {confirm}"
                    ),
                ),
                parts={"allowed": _ALLOWED, "confirm": _CONFIRM},
            ),
            "percent": Text(
                (
                    (
                        "Ce fichier retirerait un contact de la liste « {list} », soit {share} %, alors que votre "
                        "compte en autorise {limit} % à la fois : vérifiez que l'export est complet. {confirm}"
                    ),
                    (
                        "Ce fichier retirerait {count} contacts de la liste « {list} », soit {share} %, alors que "
                        "votre compte en autorise {limit} % à la fois : vérifiez que l'export est complet. {confirm}"
                    ),
                ),
                (
                    (
                        'This file would remove 1 contact from the list "{list}", which is {share}%, but your '
                        "account allows {limit}% at once: check that the export is complete. {confirm}"
                    ),
                    (
                        'This file would remove {count} contacts from the list "{list}", which is {share}%, but your '
                        "account allows {limit}% at once: check that the export is complete. {confirm}"
                    ),
                ),
                parts={"confirm": _CONFIRM},
            ),
        },
    ),
    too_expensive=Text(
        (
            "Ce fichier demande plus de temps de traitement que votre compte n'en permet, sans doute à cause de "
            "valeurs inhabituelles : vérifiez que l'export est le bon, ou prévenez le support."
        ),
        (
            "This file needs more processing time than your account allows, probably because of unusual values: "
            "check that the export is the right one, or tell support."
        ),
    ),
    too_large=Text(
        (
            "Ce fichier demande plus de place que votre compte n'en permet : n'exportez que les colonnes utiles, "
            "ou répartissez ses lignes dans plusieurs fichiers."
        ),
        (
            "This file needs more space than your account allows: export only the columns that you need, "
            "or spread its rows over several files."
        ),
        variants={
            "mode_3": Text(
                (
                    "Ce fichier demande plus de place que votre compte n'en permet : "
                    "n'exportez que les colonnes utiles, ou prévenez le support."
                ),
                (
                    "This file needs more space than your account allows: "
                    "export only the columns that you need, or tell support."
                ),
            ),
        },
    ),
    poison=Text(
        (
            (
                "Le traitement de ce fichier s'est interrompu une fois, pour une raison que nous ignorons : "
                "prévenez le support, en citant le dépôt {deposit_id:d}."
            ),
            (
                "Le traitement de ce fichier s'est interrompu {attempts} fois, pour une raison que nous ignorons : "
                "prévenez le support, en citant le dépôt {deposit_id:d}."
            ),
        ),
        (
            (
                "Processing this file stopped once, for a reason that we do not know: "
                "tell support, quoting deposit {deposit_id:d}."
            ),
            (
                "Processing this file stopped {attempts} times, for a reason that we do not know: "
                "tell support, quoting deposit {deposit_id:d}."
            ),
        ),
        by="attempts",
    ),
    database_refused=Text(
        (
            "Notre base de données refuse une valeur de ce fichier (SQLSTATE {sqlstate}) : "
            "prévenez le support, en citant le dépôt {deposit_id:d}."
        ),
        (
            "Our database refuses a value of this file (SQLSTATE {sqlstate}): "
            "tell support, quoting deposit {deposit_id:d}."
        ),
    ),
    vanished=Text(
        (
            "Le fichier a disparu de on/ avant la fin du traitement, rien n'a été pris en compte : "
            "déposez-le de nouveau."
        ),
        "The file vanished from on/ before it was processed, nothing was applied: upload it again.",
    ),
)
