"""Why a file is refused for its quotes. Pure data."""

from __future__ import annotations

from contactsync.domain.messages.text import Sentences, Text, table

QUOTE_REASONS: Sentences = table(
    text_after_quote=Text(
        (
            (
                "À la ligne {line}, du texte suit un guillemet fermant : "
                "doublez les guillemets à l'intérieur de la cellule."
            ),
            (
                "{count} lignes sont mal formées. À la première, ligne {line}, du texte suit un guillemet fermant : "
                "doublez les guillemets à l'intérieur de la cellule."
            ),
        ),
        (
            "On line {line} text follows a closing quote: double the quotes inside the cell.",
            (
                "{count} lines are malformed. On the first, line {line}, text follows a closing quote: "
                "double the quotes inside the cell."
            ),
        ),
    ),
    unterminated_quote=Text(
        (
            (
                "À la ligne {line}, un guillemet ouvert n'est jamais fermé : "
                "ajoutez le guillemet fermant, ou supprimez le guillemet ouvrant."
            ),
            (
                "{count} lignes sont mal formées. À la première, ligne {line}, un guillemet ouvert n'est jamais "
                "fermé : ajoutez le guillemet fermant, ou supprimez le guillemet ouvrant."
            ),
        ),
        (
            (
                "On line {line} a quote is opened and never closed: "
                "add the closing quote, or remove the opening one."
            ),
            (
                "{count} lines are malformed. On the first, line {line}, a quote is opened and never closed: "
                "add the closing quote, or remove the opening one."
            ),
        ),
    ),
    quoted_lines=Text(
        (
            "La ligne {line} est tout entière entre guillemets : retirez-les.",
            "{count} lignes sont tout entières entre guillemets ({lines}) : retirez-les.",
        ),
        (
            "Line {line} is in quotes as a whole: remove them.",
            "{count} lines are in quotes as a whole ({lines}): remove them.",
        ),
        variants={
            "all": Text(
                (
                    "Chaque ligne est tout entière entre guillemets, le fichier n'a donc qu'une colonne. Dans Excel, "
                    "séparez la colonne A (Données > Convertir), puis enregistrez en CSV ; ou retirez ces guillemets."
                ),
                (
                    "Each line is in quotes as a whole, so the file has only one column. In Excel, split column A "
                    "(Data > Text to Columns) and save as CSV; or remove these quotes."
                ),
            ),
        },
    ),
    wrong_quotes=Text(
        (
            "Les cellules sont entre apostrophes, et non entre guillemets droits : "
            "exportez le fichier de nouveau avec des guillemets droits."
        ),
        (
            "The cells are in apostrophes, not in straight double quotes: "
            "export the file again with straight double quotes."
        ),
        variants={
            "doubled": Text(
                (
                    "Les cellules sont entre deux paires de guillemets : "
                    "exportez le fichier de nouveau avec une seule paire."
                ),
                "The cells are in two pairs of quotes: export the file again with one pair only.",
            ),
            "typographic": Text(
                (
                    "Les cellules sont entre guillemets typographiques, et non entre guillemets droits : "
                    "exportez le fichier de nouveau avec des guillemets droits."
                ),
                (
                    "The cells are in typographic quotes, not in straight double quotes: "
                    "export the file again with straight double quotes."
                ),
            ),
        },
    ),
)
