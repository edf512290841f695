"""Why a file is refused for what it is: its size, its kind, its encoding, its history. Pure data."""

from __future__ import annotations

from contactsync.domain.messages.text import Sentences, Text, table

_UNREADABLE_HEADERS_DOS = Text(
    (
        "Les accents des en-têtes sont illisibles, le fichier semble au format « CSV (MS-DOS) » : "
        "enregistrez-le au format « CSV UTF-8 »."
    ),
    'The accents of the headers cannot be read, the file looks like "CSV (MS-DOS)": save it as "CSV UTF-8".',
)
_UNREADABLE_HEADERS_MAC = Text(
    (
        "Les accents des en-têtes sont illisibles, le fichier semble au format « CSV (Macintosh) » : "
        "enregistrez-le au format « CSV UTF-8 »."
    ),
    'The accents of the headers cannot be read, the file looks like "CSV (Macintosh)": save it as "CSV UTF-8".',
)

FILE_REASONS: Sentences = table(
    empty_file=Text(
        "Le fichier est vide, le transfert a sans doute échoué : déposez-le de nouveau.",
        "The file is empty, the transfer has probably failed: upload it again.",
    ),
    file_too_large=Text(
        "Le fichier dépasse {limit} Mo : déposez-le compressé dans un zip.",
        "The file is over {limit} MB: upload it compressed in a zip.",
        variants={
            "zip mode_3": Text(
                (
                    "Le zip dépasse {limit} Mo : prévenez le support. "
                    "Ne le répartissez pas, chaque fichier remplacerait la liste."
                ),
                "The zip is over {limit} MB: tell support. Do not split it, each part would replace the list.",
            ),
            "zip": Text(
                "Le zip dépasse {limit} Mo : répartissez ses lignes dans plusieurs fichiers.",
                "The zip is over {limit} MB: spread its rows over several files.",
            ),
        },
    ),
    not_a_file=Text(
        "Ce n'est pas un fichier ordinaire, mais un lien ou un fichier spécial : déposez le fichier lui-même.",
        "This is not a regular file but a link or a special file: upload the file itself.",
    ),
    hard_link=Text(
        "Le fichier porte plusieurs noms (lien physique) : déposez une copie.",
        "The file has several names (a hard link): upload a copy.",
    ),
    a_folder=Text(
        "« {name} » est un dossier, son contenu n'a pas été lu : déposez les fichiers directement dans in/.",
        '"{name}" is a folder, its content was not read: upload the files straight into in/.',
    ),
    workbook=Text(
        (
            "Le fichier est un classeur (Excel ou LibreOffice) : ouvrez-le et enregistrez la feuille au format CSV. "
            "Changer l'extension du nom ne suffit pas."
        ),
        (
            "The file is a workbook (Excel or LibreOffice): open it and save the sheet as CSV. "
            "Changing the extension is not enough."
        ),
    ),
    not_csv=Text(
        "Le fichier est {found:kind}, pas un CSV : déposez un CSV, seul ou dans un zip.",
        "The file is {found:kind}, not a CSV: upload a CSV, plain or in a zip.",
    ),
    utf16=Text(
        "Le fichier est en UTF-16 (« Texte Unicode » dans Excel) : enregistrez-le au format « CSV UTF-8 ».",
        'The file is in UTF-16 ("Unicode Text" in Excel): save it as "CSV UTF-8".',
    ),
    invalid_utf8=Text(
        (
            "Votre compte attend de l'UTF-8, mais la ligne {line} est dans un autre encodage : "
            "exportez le fichier de nouveau en UTF-8."
        ),
        (
            "Your account expects UTF-8, but line {line} is in another encoding: "
            "export the file again as UTF-8."
        ),
        variants={
            "bom": Text(
                (
                    "Le fichier s'annonce en UTF-8 (BOM), mais la ligne {line} ne l'est pas : "
                    "exportez-le de nouveau, entièrement en UTF-8."
                ),
                (
                    "The file begins with a UTF-8 mark (BOM), but line {line} is not UTF-8: "
                    "export it again, entirely as UTF-8."
                ),
            ),
        },
    ),
    wrong_encoding=Text(
        "Le fichier n'est pas dans un encodage que nous lisons : exportez-le de nouveau en UTF-8.",
        "The file is in no encoding that we read: export it again as UTF-8.",
        variants={
            "twice_utf8": Text(
                (
                    "Les en-têtes sont illisibles, leurs accents sont altérés (« RÃ©fÃ©rence ») : "
                    "exportez le fichier de nouveau en UTF-8."
                ),
                (
                    'The headers cannot be read, their accents are damaged ("RÃ©fÃ©rence"): '
                    "export the file again as UTF-8."
                ),
            ),
            "cp850": _UNREADABLE_HEADERS_DOS,
            "mac_roman": _UNREADABLE_HEADERS_MAC,
            "dropped": Text(
                (
                    "Les accents des en-têtes ont disparu (« Rfrence », « R_f_rence »), "
                    "et sans doute ceux des contacts aussi : exportez le fichier de nouveau en UTF-8."
                ),
                (
                    'The accents of the headers are gone ("Rfrence", "R_f_rence"), '
                    "and those of the contacts probably too: export the file again as UTF-8."
                ),
            ),
            "escaped": Text(
                (
                    "Les accents des en-têtes sont remplacés par des codes (« R=C3=A9f=C3=A9rence ») : "
                    "exportez le fichier de nouveau en UTF-8."
                ),
                (
                    'The accents of the headers are replaced by codes ("R=C3=A9f=C3=A9rence"): '
                    "export the file again as UTF-8."
                ),
            ),
            "lost": Text(
                (
                    "Les accents des en-têtes ont été remplacés par des points d'interrogation (« R?f?rence »), "
                    "et sans doute ceux des contacts aussi : exportez le fichier de nouveau en UTF-8."
                ),
                (
                    'The accents of the headers were replaced by question marks ("R?f?rence"), '
                    "and those of the contacts probably too: export the file again as UTF-8."
                ),
            ),
        },
    ),
    continuation=Text(
        (
            "Ce fichier n'a pas d'en-têtes et suit de près un dépôt du même nom : c'est sans doute la fin d'un "
            "transfert en plusieurs morceaux. Déposez de nouveau le fichier entier, sous un nom provisoire que vous "
            "changerez une fois le transfert terminé."
        ),
        (
            "This file has no headers and closely follows an upload of the same name: it is probably the end of a "
            "transfer in pieces. Upload the whole file again, under a temporary name that you change when the "
            "transfer is over."
        ),
        then={
            "mode_3": Text(
                (
                    "Le premier morceau a pu retirer des contacts de la liste ; "
                    "le fichier entier les y remettra."
                ),
                "The first piece may have removed contacts from the list; the whole file will put them back.",
            ),
        },
    ),
    nothing_to_confirm=Text(
        (
            "Aucun fichier nommé « {claimed} » n'attend de confirmation : reprenez le nom exact du fichier dans ko/, "
            "suivi de .confirm."
        ),
        (
            'No file named "{claimed}" waits for a confirmation: use the exact name of the file in ko/, '
            "followed by .confirm."
        ),
    ),
    repeated_file=Text(
        (
            "Ce fichier est identique à celui du {date}, déjà pris en compte ({claimed}). "
            "S'il faut le reprendre, déposez dans le même in/ un fichier vide nommé « {claimed_name}.confirm »."
        ),
        (
            "This file is identical to the one of {date}, already applied ({claimed}). "
            'To apply it again, upload an empty file named "{claimed_name}.confirm" to the same in/.'
        ),
        variants={
            "optin": Text(
                (
                    "Ce fichier est identique à celui du {date}, déjà pris en compte ({claimed}) ; le reprendre "
                    "pourrait annuler des désabonnements plus récents. S'il faut tout de même le reprendre, déposez "
                    "dans le même in/ un fichier vide nommé « {claimed_name}.confirm »."
                ),
                (
                    "This file is identical to the one of {date}, already applied ({claimed}); applying it again "
                    "could undo later opt-outs. If you still want that, upload an empty file named "
                    '"{claimed_name}.confirm" to the same in/.'
                ),
            ),
        },
    ),
)
