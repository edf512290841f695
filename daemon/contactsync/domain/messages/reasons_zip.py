"""Why a zip is refused. Pure data."""

from __future__ import annotations

from contactsync.domain.messages.text import Sentences, Text, table

ZIP_REASONS: Sentences = table(
    zip_encrypted=Text(
        "Le zip est protégé par un mot de passe : refaites-le sans mot de passe.",
        "The zip is protected by a password: make it again without one.",
    ),
    zip_damaged=Text(
        "Le zip est endommagé : refaites-le et déposez-le de nouveau.",
        "The zip is damaged: make it again and upload it again.",
    ),
    zip_truncated=Text(
        "Le zip est incomplet, le transfert a été interrompu : déposez-le de nouveau.",
        "The zip is incomplete, its transfer was interrupted: upload it again.",
    ),
    zip_ascii_mode=Text(
        (
            "Le zip a été transféré en mode ASCII, qui l'endommage : déposez-le de nouveau en mode binaire, "
            "un réglage de votre logiciel FTP."
        ),
        (
            "The zip was transferred in ASCII mode, which damages it: upload it again in binary mode, "
            "a setting of your FTP program."
        ),
    ),
    zip_nested=Text(
        "Le zip contient un autre zip : mettez-y directement le CSV.",
        "The zip holds another zip: put the CSV straight into it.",
    ),
    zip_several_files=Text(
        "Le zip contient {count} fichiers ({names:3}) : ne mettez qu'un CSV par zip.",
        "The zip holds {count} files ({names:3}): put only one CSV in a zip.",
    ),
    zip_empty=Text(
        "Le zip ne contient aucun fichier : mettez-y un CSV.",
        "The zip holds no file: put one CSV into it.",
    ),
    zip_method=Text(
        (
            "Le zip utilise une méthode de compression que nous ne lisons pas : "
            "refaites-le avec la méthode habituelle (Deflate)."
        ),
        (
            "The zip uses a compression method that we do not read: "
            "make it again with the usual one (Deflate)."
        ),
    ),
    inflated_too_large=Text(
        "Une fois décompressé, le CSV dépasse {limit} Mo : répartissez ses lignes dans plusieurs fichiers.",
        "Once inflated, the CSV is over {limit} MB: spread its rows over several files.",
        variants={
            "mode_3": Text(
                (
                    "Une fois décompressé, le CSV dépasse {limit} Mo : prévenez le support. "
                    "Ne le répartissez pas, chaque fichier remplacerait la liste."
                ),
                (
                    "Once inflated, the CSV is over {limit} MB: tell support. "
                    "Do not split it, each part would replace the list."
                ),
            ),
        },
    ),
)
