"""What uploaders are told, in French and English: one sentence a code, each naming the fix (protocol 2, 7). Pure.

French sentences keep to the characters of ISO-8859-1: `Motif` stands in files of that encoding.
"""

from __future__ import annotations

from types import MappingProxyType

from contactsync.domain.messages.sentence import Sentences

REASONS: Sentences = MappingProxyType(
    {
        "empty_file": (
            "Le fichier est vide : déposez-le de nouveau, l'envoi a sans doute échoué.",
            "The file is empty: upload it again, the transfer has probably failed.",
        ),
        "no_rows": (
            "Le fichier n'a qu'une ligne d'en-têtes : ajoutez au moins une ligne.",
            "The file has a header line only: add at least one row.",
        ),
        "no_valid_row": (
            "Aucune des {rows} lignes n'est valable : corrigez celles du fichier .rejected.csv et déposez-le.",
            "None of the {rows} rows is valid: correct those in the .rejected.csv file and upload it.",
        ),
        "no_known_column": (
            (
                "Aucune colonne n'est reconnue : la première ligne doit porter des en-têtes du protocole, "
                "par exemple Référence{sep}Nom{sep}Email."
            ),
            (
                "No column is known: the first line must hold headers of the protocol, "
                "for example Référence{sep}Nom{sep}Email."
            ),
        ),
        "wrong_separator": (
            (
                "Les colonnes sont séparées par {found}, mais ce compte attend {expected} : "
                "exportez le fichier avec {expected}."
            ),
            (
                "The columns are separated by {found}, but this account expects {expected}: "
                "export the file with {expected}."
            ),
        ),
        "missing_column": (
            "Il manque une colonne nécessaire : ajoutez {columns}.",
            "A column that must be there is missing: add {columns}.",
        ),
        "duplicate_column": (
            "La colonne {columns} est présente deux fois : gardez-en une seule.",
            "The column {columns} is there twice: keep one of them.",
        ),
        "too_many_columns": (
            "Ligne {line} : plus de 256 colonnes ; n'exportez que les colonnes du protocole, avec le bon séparateur.",
            "Line {line}: more than 256 columns; export the protocol's columns only, with the right separator.",
        ),
        "too_many_fields": (
            (
                "{count} ligne(s) mal formée(s), la première en ligne {line} : plus de cellules que d'en-têtes ; "
                "mettez entre guillemets les cellules qui contiennent {sep}."
            ),
            (
                "{count} malformed line(s), the first is line {line}: more cells than headers; "
                "put cells that contain {sep} in double quotes."
            ),
        ),
        "too_few_fields": (
            (
                "{count} ligne(s) mal formée(s), la première en ligne {line} : moins de cellules que d'en-têtes ; "
                "complétez la ligne, ou mettez entre guillemets les cellules qui contiennent un saut de ligne."
            ),
            (
                "{count} malformed line(s), the first is line {line}: fewer cells than headers; "
                "complete the row, or put cells that contain a line break in double quotes."
            ),
        ),
        "text_after_quote": (
            (
                "{count} ligne(s) mal formée(s), la première en ligne {line} : du texte suit un guillemet fermant ; "
                "doublez les guillemets à l'intérieur d'une cellule."
            ),
            (
                "{count} malformed line(s), the first is line {line}: text follows a closing quote; "
                "double the quotes inside a cell."
            ),
        ),
        "unterminated_quote": (
            (
                "{count} ligne(s) mal formée(s), la première en ligne {line} : un guillemet ouvert n'est jamais fermé ; "
                "fermez-le, ou doublez-le s'il fait partie de la cellule."
            ),
            (
                "{count} malformed line(s), the first is line {line}: a quote is opened and never closed; "
                "close it, or double it where it belongs to the cell."
            ),
        ),
        "cell_too_long": (
            (
                "Ligne {line} : une cellule dépasse 32 768 caractères ; raccourcissez-la, "
                "ou fermez le guillemet qui manque."
            ),
            "Line {line}: a cell is longer than 32,768 characters; shorten it, or close the quote that is missing.",
        ),
        "line_too_long": (
            "Ligne {line} : plus de 1 Mio sans fin de ligne ; exportez le fichier en CSV, une ligne par contact.",
            "Line {line}: more than 1 MiB without a line end; export the file as CSV, one line per contact.",
        ),
        "nul_byte": (
            "Ligne {line} : le fichier contient un octet nul ; exportez-le en CSV texte (ISO-8859-1 ou UTF-8).",
            "Line {line}: the file holds a NUL byte; export it as plain text CSV (ISO-8859-1 or UTF-8).",
        ),
        "utf16": (
            "Le fichier est en UTF-16 (« Texte Unicode ») : enregistrez-le en CSV ISO-8859-1 ou UTF-8.",
            'The file is in UTF-16 ("Unicode text"): save it as CSV in ISO-8859-1 or UTF-8.',
        ),
        "invalid_utf8": (
            (
                "Ligne {line} : le fichier n'est pas en UTF-8 valable, alors qu'il devrait l'être ; "
                "exportez-le de nouveau en UTF-8, ou sans marque d'ordre des octets."
            ),
            (
                "Line {line}: the file is not valid UTF-8 though it should be; "
                "export it again as UTF-8, or without the byte order mark."
            ),
        ),
        "workbook": (
            "Le fichier est un classeur (Excel ou LibreOffice) : enregistrez la feuille au format CSV.",
            "The file is a workbook (Excel or LibreOffice): save the sheet as CSV.",
        ),
        "not_csv": (
            "Le fichier n'est ni un CSV ni un zip ({found}) : déposez un CSV, seul ou dans un zip.",
            "The file is neither CSV nor zip ({found}): upload a CSV, plain or in a zip.",
        ),
        "zip_encrypted": (
            "Le zip est protégé par un mot de passe : refaites-le sans mot de passe.",
            "The zip is protected by a password: make it again without one.",
        ),
        "zip_damaged": (
            "Le zip est abîmé : refaites-le et déposez-le de nouveau.",
            "The zip is damaged: make it again and upload it again.",
        ),
        "zip_truncated": (
            "Le zip est incomplet, l'envoi a été coupé : déposez-le de nouveau.",
            "The zip is incomplete, its transfer was cut: upload it again.",
        ),
        "zip_ascii_mode": (
            "Le zip a été transféré en mode ASCII : déposez-le de nouveau en mode binaire (TYPE I).",
            "The zip was transferred in ASCII mode: upload it again in binary mode (TYPE I).",
        ),
        "zip_nested": (
            "Le zip contient un autre zip : mettez le CSV directement dans un seul zip.",
            "The zip holds another zip: put the CSV straight into one zip.",
        ),
        "zip_several_files": (
            "Le zip contient {count} fichiers : mettez un seul CSV par zip.",
            "The zip holds {count} files: put one CSV into a zip.",
        ),
        "zip_empty": (
            "Le zip ne contient aucun fichier : mettez-y un CSV.",
            "The zip holds no file: put one CSV into it.",
        ),
        "zip_method": (
            "Le zip utilise une compression inconnue : refaites-le avec la compression normale (deflate).",
            "The zip uses an unknown compression: make it again with the normal one (deflate).",
        ),
        "inflated_too_large": (
            "Décompressé, le CSV dépasse {limit} Mio : partagez-le en plusieurs fichiers.",
            "Once inflated the CSV is over {limit} MiB: split it into several files.",
        ),
        "file_too_large": (
            "Le fichier dépasse {limit} Mio : partagez-le, ou déposez-le dans un zip.",
            "The file is over {limit} MiB: split it, or upload it in a zip.",
        ),
        "not_a_file": (
            "Ce n'est pas un fichier ordinaire (lien, tube ou périphérique) : déposez le fichier lui-même.",
            "This is not a regular file (a link, pipe or device): upload the file itself.",
        ),
        "hard_link": (
            "Le fichier porte plusieurs noms (lien physique) : déposez une copie.",
            "The file has several names (a hard link): upload a copy.",
        ),
        "no_criterion": (
            "Ce compte n'a pas de critère de dédoublonnage, rien ne peut être supprimé : demandez-en un à votre contact.",
            "This account has no deduplication criterion, nothing can be deleted: ask your contact for one.",
        ),
        "poison": (
            "Le traitement de ce fichier s'est arrêté {attempts} fois : vérifiez son contenu et prévenez le support.",
            "Processing this file has died {attempts} times: check its content and tell support.",
        ),
        "too_expensive": (
            (
                "Ce fichier demande plus de temps de traitement que votre compte n'en permet, sans doute à cause de "
                "valeurs inhabituelles : vérifiez que l'export est le bon, ou prévenez le support."
            ),
            (
                "This file needs more processing time than your account allows, probably because of unusual values: "
                "check that the export is the right one, or tell support."
            ),
        ),
        "too_large": (
            (
                "Ce fichier demande plus de place que votre compte n'en permet : n'exportez que les colonnes utiles, "
                "ou répartissez ses lignes dans plusieurs fichiers."
            ),
            (
                "This file needs more space than your account allows: export only the columns that you need, "
                "or spread its rows over several files."
            ),
        ),
        "database_refused": (
            "La base de données refuse une valeur de ce fichier (SQLSTATE {sqlstate}) : prévenez le support.",
            "The database refuses a value of this file (SQLSTATE {sqlstate}): tell support.",
        ),
        "vanished": (
            "Le fichier a disparu du dossier on/ avant la fin du traitement : déposez-le de nouveau.",
            "The file vanished from on/ before it was processed: upload it again.",
        ),
    }
)
"""Why a whole file is refused: `reason` of the ledger and of result.json."""
