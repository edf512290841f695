"""Why a file is refused for its rows: their number, and the structure of their lines. Pure data."""

from __future__ import annotations

from contactsync.domain.messages.text import Sentences, Text, table

ROW_REASONS: Sentences = table(
    no_rows=Text(
        (
            "Le fichier ne contient que la ligne d'en-têtes. Si votre export ne comptait aucun contact, vous n'avez "
            "rien à faire ; sinon, exportez et déposez-le de nouveau."
        ),
        (
            "The file holds only the header line. If your export had no contacts, there is nothing to do; "
            "otherwise export and upload it again."
        ),
        variants={
            "line_ends": Text(
                (
                    "Le fichier ne contient qu'une ligne, car ses sauts de ligne ne sont pas de ceux que nous lisons : "
                    "exportez-le de nouveau avec des sauts de ligne Windows (CRLF) ou Unix (LF)."
                ),
                (
                    "The file holds only one line, because its line breaks are none that we read: "
                    "export it again with the line breaks of Windows (CRLF) or Unix (LF)."
                ),
            ),
        },
    ),
    no_valid_row=Text(
        (
            (
                "La seule ligne du fichier n'est pas valide : "
                "corrigez-la dans votre fichier et déposez-le de nouveau."
            ),
            (
                "Aucune des {rows} lignes n'est valide : corrigez-les dans votre fichier et déposez-le de nouveau. "
                "Les motifs figurent dans le fichier des rejets."
            ),
        ),
        (
            "The only row of the file is not valid: correct it in your file and upload it again.",
            (
                "None of the {rows} rows is valid: correct them in your file and upload it again. "
                "The reasons are in the rejected file."
            ),
        ),
        by="rows",
    ),
    too_many_fields=Text(
        (
            (
                "La ligne {line} a plus de cellules que la ligne d'en-têtes : "
                "mettez entre guillemets les cellules qui contiennent {sep:a}."
            ),
            (
                "{count} lignes sont mal formées. La première, ligne {line}, a plus de cellules que la ligne "
                "d'en-têtes : mettez entre guillemets les cellules qui contiennent {sep:a}."
            ),
        ),
        (
            (
                "Line {line} has more cells than the header line: "
                "put cells that contain {sep:a} in double quotes."
            ),
            (
                "{count} lines are malformed. The first, line {line}, has more cells than the header line: "
                "put cells that contain {sep:a} in double quotes."
            ),
        ),
        variants={
            "every": Text(
                (
                    "Chaque ligne a plus de cellules que la ligne d'en-têtes : complétez la ligne d'en-têtes, "
                    "ou mettez entre guillemets les cellules qui contiennent {sep:a}."
                ),
                (
                    "Each line has more cells than the header line: complete the header line, "
                    "or put cells that contain {sep:a} in double quotes."
                ),
            ),
        },
    ),
    too_few_fields=Text(
        (
            (
                "La ligne {line} a moins de cellules que la ligne d'en-têtes : complétez-la, supprimez-la si ce n'est "
                "pas un contact, ou mettez entre guillemets les cellules qui contiennent un saut de ligne."
            ),
            (
                "{count} lignes sont mal formées. La première, ligne {line}, a moins de cellules que la ligne "
                "d'en-têtes : complétez-la, supprimez-la si ce n'est pas un contact, ou mettez entre guillemets les "
                "cellules qui contiennent un saut de ligne."
            ),
        ),
        (
            (
                "Line {line} has fewer cells than the header line: complete it, remove it if it is not a contact, "
                "or put cells that contain a line break in double quotes."
            ),
            (
                "{count} lines are malformed. The first, line {line}, has fewer cells than the header line: complete "
                "it, remove it if it is not a contact, or put cells that contain a line break in double quotes."
            ),
        ),
        variants={
            "footer": Text(
                (
                    (
                        "La ligne {line}, en bas du fichier, a moins de cellules que la ligne d'en-têtes : "
                        "supprimez-la si ce n'est pas un contact, sinon complétez-la."
                    ),
                    (
                        "{count} lignes en bas du fichier ({lines}) ont moins de cellules que la ligne d'en-têtes : "
                        "supprimez celles qui ne sont pas des contacts, et complétez les autres."
                    ),
                ),
                (
                    (
                        "Line {line} at the end of the file has fewer cells than the header line: "
                        "remove it if it is not a contact, otherwise complete it."
                    ),
                    (
                        "{count} lines at the end of the file ({lines}) have fewer cells than the header line: "
                        "remove those that are no contacts, and complete the others."
                    ),
                ),
            ),
        },
    ),
    missing_empty_cells=Text(
        (
            (
                "Il manque des cellules vides à la fin de la ligne {line}, sans doute omises par votre tableur : "
                "placez en dernier une colonne toujours remplie, par exemple {column}."
            ),
            (
                "Il manque des cellules vides à la fin de {count} lignes ({lines}), sans doute omises par votre "
                "tableur : placez en dernier une colonne toujours remplie, par exemple {column}."
            ),
        ),
        (
            (
                "Empty cells are missing at the end of line {line}, probably left out by your spreadsheet: "
                "put a column that is always filled last, for example {column}."
            ),
            (
                "Empty cells are missing at the end of {count} lines ({lines}), probably left out by your "
                "spreadsheet: put a column that is always filled last, for example {column}."
            ),
        ),
    ),
    cell_too_long=Text(
        (
            "À la ligne {line}, une cellule dépasse 32 768 caractères : "
            "ajoutez le guillemet fermant s'il manque, sinon raccourcissez la cellule."
        ),
        (
            "On line {line} a cell is longer than 32,768 characters: "
            "add the closing quote if it is missing, otherwise shorten the cell."
        ),
    ),
    line_too_long=Text(
        "La ligne {line} dépasse 1 Mo sans saut de ligne : exportez le fichier en CSV, un contact par ligne.",
        "Line {line} is over 1 MB without a line break: export the file as CSV, one contact per line.",
    ),
    nul_byte=Text(
        (
            "La ligne {line} contient un octet nul (0x00), le fichier n'est donc pas un texte intact : "
            "exportez-le de nouveau en CSV et déposez-le en mode binaire."
        ),
        (
            "Line {line} holds a NUL byte (0x00), so the file is not intact text: "
            "export it again as CSV and upload it in binary mode."
        ),
    ),
)
