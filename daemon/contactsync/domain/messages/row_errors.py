"""Sentences for one row or one kind of dropped value, in French and English. Pure data."""

from __future__ import annotations

from types import MappingProxyType

from contactsync.domain.messages.sentence import Sentences

ERRORS: Sentences = MappingProxyType(
    {
        "too_many_fields": ("Plus de cellules que d'en-têtes", "More cells than headers"),
        "too_few_fields": ("Moins de cellules que d'en-têtes", "Fewer cells than headers"),
        "text_after_quote": ("Du texte suit un guillemet fermant", "Text follows a closing quote"),
        "unterminated_quote": ("Guillemet jamais fermé", "Quote never closed"),
        "cell_too_long": ("Cellule de plus de 32 768 caractères", "Cell longer than 32,768 characters"),
        "line_too_long": ("Ligne de plus de 1 Mio", "Line over 1 MiB"),
        "too_many_columns": ("Plus de 256 colonnes", "More than 256 columns"),
        "nul_byte": ("Octet nul", "NUL byte"),
        "invalid_utf8": ("Octets qui ne sont pas de l'UTF-8", "Bytes that are not UTF-8"),
        "missing_reference": ("La référence manque", "The reference is missing"),
        "reference_too_long": ("La référence dépasse 255 caractères", "The reference is over 255 characters"),
        "missing_means": (
            "Aucun moyen de contact : il faut un email, un téléphone ou un mobile",
            "No means of contact: an email, phone or mobile is needed",
        ),
        "missing_email": ("L'email manque", "The email is missing"),
        "missing_phone": ("Le téléphone fixe manque", "The fixed telephone is missing"),
        "missing_mobile": ("Le mobile manque", "The mobile is missing"),
        "invalid_email": ("L'email n'est pas valable", "The email is not valid"),
        "invalid_phone": ("Le téléphone fixe n'est pas valable", "The fixed telephone is not valid"),
        "invalid_mobile": ("Le mobile n'est pas valable", "The mobile is not valid"),
        "scientific_notation": (
            "Numéro en notation scientifique (3,36E+10) : mettez la colonne au format Texte dans le tableur",
            "Number in scientific notation (3.36E+10): give the column the Text format in the spreadsheet",
        ),
    }
)
"""Why a line is bad or a row rejected: `errors` of result.json and `Motif` of rejected.csv."""

WARNINGS: Sentences = MappingProxyType(
    {
        "unknown_column": ("Colonnes inconnues, ignorées", "Unknown columns, ignored"),
        "utf8": (
            "Fichier lu en UTF-8 ; le protocole demande ISO-8859-1",
            "File read as UTF-8; the protocol asks for ISO-8859-1",
        ),
        "several_markers": (
            "Plusieurs marqueurs dans import/ : mode 1 ; n'en laissez qu'un",
            "Several markers in import/: mode 1; leave only one",
        ),
        "invalid_email": ("Emails non valables, laissés de côté", "Invalid emails, dropped"),
        "invalid_phone": (
            "Téléphones fixes non valables, laissés de côté",
            "Invalid fixed telephones, dropped",
        ),
        "invalid_mobile": ("Mobiles non valables, laissés de côté", "Invalid mobiles, dropped"),
        "invalid_birth_date": (
            "Dates de naissance non valables, laissées de côté",
            "Invalid birth dates, dropped",
        ),
        "scientific_notation": (
            "Numéros en notation scientifique, laissés de côté : mettez la colonne au format Texte",
            "Numbers in scientific notation, dropped: give the column the Text format",
        ),
    }
)
"""What was passed over in a file that was applied: `warnings` of result.json."""
