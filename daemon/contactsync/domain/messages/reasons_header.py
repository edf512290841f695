"""Why a file is refused for its header line. Pure data."""

from __future__ import annotations

from contactsync.domain.messages.text import Sentences, Text, table

HEADER_REASONS: Sentences = table(
    no_known_column=Text(
        "Aucune colonne n'est reconnue : la première ligne doit nommer les colonnes, par exemple « {header_line} ».",
        'No column is recognised: the first line must name the columns, for example "{header_line}".',
        variants={
            "below": Text(
                "La ligne d'en-têtes se trouve à la ligne {line} : supprimez les lignes qui la précèdent.",
                "The header line is on line {line}: remove the lines above it.",
            ),
            "no_header separator_tab import": Text(
                (
                    "La première ligne semble être un contact : ajoutez au-dessus une ligne d'en-têtes pour "
                    "nommer les colonnes, par exemple Référence, Nom et Email, séparés par {sep:plural}."
                ),
                (
                    "The first line looks like a contact: add a header line above it to name "
                    "the columns, for example Référence, Nom and Email, separated by {sep:plural}."
                ),
            ),
            "no_header": Text(
                (
                    "La première ligne semble être un contact : ajoutez au-dessus une ligne d'en-têtes pour "
                    "nommer les colonnes, par exemple « {header_line} »."
                ),
                (
                    "The first line looks like a contact: add a header line above it to name "
                    'the columns, for example "{header_line}".'
                ),
            ),
            "separator_tab import": Text(
                (
                    "Aucune colonne n'est reconnue : la première ligne doit nommer les colonnes, "
                    "par exemple Référence, Nom et Email, séparés par {sep:plural}."
                ),
                (
                    "No column is recognised: the first line must name the columns, "
                    "for example Référence, Nom and Email, separated by {sep:plural}."
                ),
            ),
        },
    ),
    wrong_separator=Text(
        (
            "Les colonnes sont séparées par {found:plural}, mais votre compte attend {expected:plural} : "
            "exportez le fichier de nouveau avec {expected:the} comme séparateur."
        ),
        (
            "The columns are separated by {found:plural}, but your account expects {expected:plural}: "
            "export the file again with {expected:the} as the separator."
        ),
        variants={
            "other": Text(
                (
                    "Les colonnes ne sont pas séparées par {expected:plural} : "
                    "exportez le fichier de nouveau avec {expected:the} comme séparateur."
                ),
                (
                    "The columns are not separated by {expected:plural}: "
                    "export the file again with {expected:the} as the separator."
                ),
            ),
        },
    ),
    mixed_separators=Text(
        (
            "Les en-têtes sont séparés par {expected:plural}, mais les lignes le sont par {found:plural} : "
            "exportez le fichier de nouveau avec {expected:the} partout."
        ),
        (
            "The headers are separated by {expected:plural}, but the rows by {found:plural}: "
            "export the file again with {expected:plural} throughout."
        ),
        variants={
            "some": Text(
                (
                    (
                        "Les cellules de la ligne {line} sont séparées par {found:plural}, mais les en-têtes le sont "
                        "par {expected:plural} : séparez-les aussi par {expected:plural}."
                    ),
                    (
                        "Les cellules de {count} lignes ({lines}) sont séparées par {found:plural}, mais les "
                        "en-têtes le sont par {expected:plural} : séparez-les aussi par {expected:plural}."
                    ),
                ),
                (
                    (
                        "The cells of line {line} are separated by {found:plural}, but the headers by "
                        "{expected:plural}: separate them by {expected:plural} too."
                    ),
                    (
                        "The cells of {count} lines ({lines}) are separated by {found:plural}, but the headers by "
                        "{expected:plural}: separate them by {expected:plural} too."
                    ),
                ),
            ),
        },
    ),
    missing_column=Text(
        "Il manque la colonne {column} : ajoutez-la, ou renommez celle qui en tient lieu.",
        "The column {column} is missing: add it, or rename the one that stands for it.",
        variants={
            "means": Text(
                "Il manque un moyen de contact : ajoutez au moins une des colonnes Email, Téléphone Fixe et Mobile.",
                "A means of contact is missing: add at least one of the columns Email, Téléphone Fixe and Mobile.",
            ),
            "reference_and_means": Text(
                (
                    "Il manque la colonne Référence et au moins une des colonnes Email, Téléphone Fixe et Mobile : "
                    "ajoutez-les."
                ),
                (
                    "The column Référence and at least one of the columns Email, Téléphone Fixe and Mobile "
                    "are missing: add them."
                ),
            ),
        },
    ),
    duplicate_column=Text(
        "La colonne {column} figure plusieurs fois, sous les en-têtes {headers:5} : n'en gardez qu'une.",
        "The column {column} appears more than once, as {headers:5}: keep one of them.",
        variants={
            "several": Text(
                "Plusieurs colonnes figurent plus d'une fois ({columns}) : ne gardez chacune qu'une fois.",
                "Several columns appear more than once ({columns}): keep each of them once.",
            ),
        },
    ),
    means_not_recognised=Text(
        (
            "La colonne « {header} » ressemble à {column}, mais n'est pas reconnue, et sans elle chaque contact serait "
            "pris pour un autre : renommez-la {column}, ou retirez-la du fichier si elle est d'autre nature."
        ),
        (
            'The column "{header}" looks like {column} but is not recognised, and without it each contact would be '
            "taken for another: rename it {column}, or take it out of the file if it is something else."
        ),
    ),
    too_many_columns=Text(
        "La ligne {line} a plus de 256 colonnes : vérifiez le séparateur et n'exportez que les colonnes utiles.",
        "Line {line} has more than 256 columns: check the separator and export only the columns that you need.",
    ),
)
