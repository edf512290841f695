"""Why a line is bad or a row rejected: `errors` of result.json and `Motif` of rejected.csv (protocol 7). Pure data.

A noun phrase, a colon, the remedy, no full stop; under 130 characters, without `;`, `"` or TAB, and never like a
formula, so that most accounts need no quotes around it.
"""

from __future__ import annotations

from contactsync.domain.messages.text import Sentences, Text, table

_FOREIGN = Text(
    "Numéro étranger non valide : écrivez-le en entier, avec + et l'indicatif du pays",
    "Foreign number not valid: write it in full, with + and the country code",
)

ERRORS: Sentences = table(
    too_many_fields=Text(
        "Plus de cellules que d'en-têtes : mettez entre guillemets les cellules qui contiennent {sep:a}",
        "More cells than headers: put cells that contain {sep:a} in double quotes",
    ),
    too_few_fields=Text(
        "Moins de cellules que d'en-têtes : complétez la ligne, ou supprimez-la si ce n'est pas un contact",
        "Fewer cells than headers: complete the row, or remove it if it is not a contact",
    ),
    text_after_quote=Text(
        "Texte après un guillemet fermant : doublez les guillemets à l'intérieur de la cellule",
        "Text after a closing quote: double the quotes inside the cell",
    ),
    unterminated_quote=Text(
        "Guillemet jamais fermé : ajoutez le guillemet fermant, ou supprimez l'ouvrant",
        "Quote never closed: add the closing quote, or remove the opening one",
    ),
    quoted_lines=Text(
        "Ligne tout entière entre guillemets : retirez-les",
        "Line in quotes as a whole: remove them",
    ),
    mixed_separators=Text(
        "Cellules séparées autrement que les en-têtes : séparez-les aussi par {sep:plural}",
        "Cells separated in another way than the headers: separate them by {sep:plural} too",
    ),
    wrong_quotes=Text(
        "Cellules entre apostrophes ou guillemets typographiques : remplacez-les par des guillemets droits",
        "Cells in apostrophes or typographic quotes: replace them with straight double quotes",
    ),
    missing_empty_cells=Text(
        "Cellules vides manquantes à la fin de la ligne : placez en dernier une colonne toujours remplie",
        "Empty cells missing at the end of the line: put a column that is always filled last",
    ),
    cell_too_long=Text(
        (
            "Cellule de plus de 32 768 caractères : "
            "raccourcissez-la, ou ajoutez le guillemet fermant s'il manque"
        ),
        "Cell longer than 32,768 characters: shorten it, or add the closing quote if it is missing",
    ),
    line_too_long=Text(
        "Ligne de plus de 1 Mo : écrivez un contact par ligne",
        "Line over 1 MB: write one contact per line",
    ),
    too_many_columns=Text(
        "Plus de 256 colonnes : vérifiez le séparateur",
        "More than 256 columns: check the separator",
    ),
    nul_byte=Text(
        "Octet nul (0x00) : exportez le fichier de nouveau en CSV",
        "NUL byte (0x00): export the file again as CSV",
    ),
    invalid_utf8=Text(
        "Texte qui n'est pas en UTF-8 : exportez le fichier de nouveau en UTF-8",
        "Text that is not UTF-8: export the file again as UTF-8",
    ),
    missing_reference=Text(
        "Référence manquante : remplissez la colonne Référence",
        "Reference missing: fill in the column Référence",
    ),
    reference_too_long=Text(
        "Référence de plus de 255 caractères : raccourcissez-la",
        "Reference longer than 255 characters: shorten it",
    ),
    reference_changed=Text(
        "Référence différente de celle de la ligne d'origine : remettez-la, le tableur l'a sans doute modifiée",
        "Reference differs from that of the original line: put it back, the spreadsheet has probably changed it",
    ),
    spreadsheet_error=Text(
        (
            "Erreur du tableur à la place de la Référence (#N/A, #REF!) : "
            "corrigez la formule et exportez de nouveau"
        ),
        "Spreadsheet error instead of the reference (#N/A, #REF!): correct the formula and export again",
    ),
    missing_means=Text(
        "Aucun moyen de contact : remplissez Email, Téléphone Fixe ou Mobile",
        "No means of contact: fill in Email, Téléphone Fixe or Mobile",
    ),
    missing_email=Text(
        "Adresse e-mail manquante : remplissez la colonne Email, ou supprimez la ligne",
        "E-mail address missing: fill in the column Email, or remove the row",
    ),
    missing_phone=Text(
        "Numéro manquant : remplissez la colonne Téléphone Fixe, ou supprimez la ligne",
        "Number missing: fill in the column Téléphone Fixe, or remove the row",
    ),
    missing_mobile=Text(
        "Numéro manquant : remplissez la colonne Mobile, ou supprimez la ligne",
        "Number missing: fill in the column Mobile, or remove the row",
    ),
    invalid_email=Text(
        "Adresse e-mail non valide : écrivez une seule adresse, sans nom ni chevrons (nom@example.com)",
        "E-mail address not valid: write one address only, without name or angle brackets (name@example.com)",
    ),
    invalid_phone=Text(
        "Numéro non valide dans Téléphone Fixe : écrivez un seul numéro complet, par exemple {sample_phone}",
        "Number not valid in Téléphone Fixe: write one complete number, for example {sample_phone}",
        variants={"foreign": _FOREIGN},
    ),
    invalid_mobile=Text(
        "Numéro non valide dans Mobile : écrivez un seul numéro complet, par exemple {sample_mobile}",
        "Number not valid in Mobile: write one complete number, for example {sample_mobile}",
        variants={"foreign": _FOREIGN},
    ),
    scientific_notation=Text(
        (
            "Numéro en notation scientifique (3,36E+10), chiffres perdus : "
            "reprenez l'original, colonne au format Texte"
        ),
        (
            "Number in scientific notation (3.36E+10), digits lost: "
            "go back to the original, with the column as Text"
        ),
        variants={
            "in_reference": Text(
                (
                    "Référence en notation scientifique (1,23E+15), chiffres perdus : "
                    "reprenez l'original, colonne au format Texte"
                ),
                (
                    "Reference in scientific notation (1.23E+15), digits lost: "
                    "go back to the original, with the column as Text"
                ),
            ),
        },
    ),
    decimal_number=Text(
        "Nombre décimal au lieu d'un numéro : mettez la colonne au format Texte et exportez de nouveau",
        "Decimal number instead of a phone number: give the column the Text format and export again",
    ),
)
