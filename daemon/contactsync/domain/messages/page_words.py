"""The headings, labels and remarks of the page that answers a deposit (protocol 10). Pure data."""

from __future__ import annotations

from contactsync.domain.messages.text import Sentences, Text, table

HEADINGS: Sentences = table(
    done=Text("Ce qui a été fait", "What was done"),
    would_be_done=Text("Ce qui aurait été fait", "What would have been done"),
    read=Text("Ce que nous avons lu", "What we read"),
    next=Text("Que faire maintenant", "What to do now"),
    errors=Text("Lignes rejetées, par motif", "Rejected rows, by reason"),
    bad_lines=Text("Lignes mal formées, par motif", "Malformed lines, by reason"),
    warnings=Text("Points à vérifier", "Points to check"),
    dropped=Text("Valeurs non enregistrées", "Values that were not stored"),
    notes=Text("Bon à savoir", "Good to know"),
    deposit=Text("Le dépôt", "The deposit"),
)

LABELS: Sentences = table(
    file=Text("Fichier", "File"),
    folder=Text("Dossier", "Folder"),
    now_in=Text("Emplacement actuel", "Where it is now"),
    deposited=Text("Déposé le", "Uploaded on"),
    finished=Text("Traité le", "Processed on"),
    list=Text("Liste", "List"),
    mode=Text("Mode d'import", "Mode of import"),
    deposit=Text("Numéro de dépôt", "Deposit number"),
    column=Text("Colonne", "Column"),
    number=Text("Nombre", "Number"),
    rows=Text("Lignes du fichier", "Rows of the file"),
    contacts=Text("Contacts du fichier", "Contacts of the file"),
    list_before=Text("Contacts qui étaient dans la liste", "Contacts that were in the list"),
    account=Text("Contacts de votre compte", "Contacts of your account"),
    addresses=Text("Adresses e-mail du fichier", "E-mail addresses of the file"),
    numbers=Text("Numéros du fichier", "Numbers of the file"),
    either_phone=Text("Téléphone Fixe ou Mobile", "Téléphone Fixe or Mobile"),
)

COUNTED_AS: Sentences = table(
    applied=Text("prises en compte", "applied"),
    valid=Text("valides", "valid"),
    rejected=Text("rejetées", "rejected"),
    new=Text("nouveaux", "new"),
    updated=Text("mis à jour", "updated"),
    up_to_date=Text("déjà à jour", "up to date before"),
    left_list=Text("retirés", "removed"),
    deleted=Text("supprimés", "deleted"),
    addresses_opted_out=Text("désabonnées", "opted out"),
    addresses_already=Text("déjà désabonnées", "opted out before"),
    addresses_opted_in=Text("réabonnées", "opted in again"),
    addresses_unchanged=Text("qui n'étaient pas désabonnées", "not opted out before"),
    addresses_later=Text("qui restent désabonnées", "still opted out"),
    numbers_opted_out=Text("désabonnés", "opted out"),
    numbers_already=Text("déjà désabonnés", "opted out before"),
    numbers_opted_in=Text("réabonnés", "opted in again"),
    numbers_unchanged=Text("qui n'étaient pas désabonnés", "not opted out before"),
    numbers_later=Text("qui restent désabonnés", "still opted out"),
)
"""What a bar counts; it agrees with the caption of its group, such as "Lignes du fichier"."""

MODES: Sentences = table(
    mode_1=Text(
        "crée une nouvelle liste à chaque import (mode 1)", "makes a new list for each import (mode 1)"
    ),
    mode_2=Text("ajoute les contacts à la liste (mode 2)", "adds the contacts to the list (mode 2)"),
    mode_3=Text(
        "la liste contient ensuite exactement les contacts du fichier (mode 3)",
        "the list then holds exactly the contacts of the file (mode 3)",
    ),
)

REMARKS: Sentences = table(
    line=Text("ligne", "line"),
    lines=Text("lignes", "lines"),
    first_lines=Text("premières lignes", "first lines"),
    more_rejected=Text(
        (
            "Une autre ligne a été rejetée : son motif est dans le fichier des rejets.",
            "{count} autres lignes ont été rejetées : leurs motifs sont dans le fichier des rejets.",
        ),
        (
            "1 more row was rejected: its reason is in the rejected file.",
            "{count} more rows were rejected: their reasons are in the rejected file.",
        ),
    ),
    line_numbers=Text(
        (
            "Les numéros de ligne sont ceux d'un éditeur de texte. "
            "Dans Excel, ils diffèrent si une cellule contient un saut de ligne."
        ),
        "Line numbers are those of a text editor. In Excel they differ if a cell contains a line break.",
    ),
    support=Text(
        "Pour toute question, citez le dépôt {deposit_id:d} au support.",
        "If you have a question, quote deposit {deposit_id:d} to support.",
    ),
    time_zone=Text("Fuseau horaire : {name}.", "Time zone: {name}."),
    no_values=Text(
        "Cette page ne contient aucune valeur de votre fichier.",
        "This page contains no value of your file.",
    ),
)
