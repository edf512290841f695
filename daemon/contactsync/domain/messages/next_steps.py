"""What the reader of an answer does next: the steps of its page (protocol 10). Pure data.

A step is one or two sentences; the page shows the exact folder or file below it.
"""

from __future__ import annotations

from contactsync.domain.messages.text import Sentences, Text, table

STEPS: Sentences = table(
    nothing=Text("Vous n'avez rien à faire.", "There is nothing to do."),
    correct_rejected=Text(
        (
            "Ouvrez le fichier des rejets et corrigez sa ligne. La colonne Motif indique comment.",
            "Ouvrez le fichier des rejets et corrigez ses {count} lignes. La colonne Motif indique comment.",
        ),
        (
            "Open the rejected file and correct its row. The column Motif says how.",
            "Open the rejected file and correct its {count} rows. The column Motif says how.",
        ),
    ),
    upload_rejected=Text(
        "Déposez ce même fichier dans le dossier suivant, sans le renommer.",
        "Upload that same file to this folder without renaming it.",
    ),
    correct_own=Text(
        "Corrigez la cause dans votre propre fichier, car le fichier des rejets n'est pas complet.",
        "Correct the cause in your own file, because the rejected file is not complete.",
    ),
    upload_whole=Text(
        "Déposez le fichier corrigé, en entier, dans le dossier suivant.",
        "Upload the corrected file, whole, to this folder.",
    ),
    upload_second_list=Text(
        "Déposez le fichier corrigé, en entier, dans le dossier suivant. Ce second dépôt créera une seconde liste.",
        "Upload the corrected file, whole, to this folder. This second upload will make a second list.",
    ),
    correct_file=Text(
        "Corrigez votre fichier, comme l'explique la réponse en haut de cette page.",
        "Correct your file as the answer at the top of this page explains.",
    ),
    correct_rows=Text(
        "Corrigez dans votre fichier les lignes rejetées, dont les motifs sont ci-dessous.",
        "Correct the rejected rows in your file; their reasons are below.",
    ),
    upload_again=Text(
        "Déposez de nouveau votre fichier, comme l'explique la réponse en haut de cette page.",
        "Upload your file again as the answer at the top of this page explains.",
    ),
    if_empty=Text(
        "Si votre export ne comptait aucun contact, vous n'avez rien à faire.",
        "If your export had no contacts, there is nothing to do.",
    ),
    otherwise_again=Text(
        "Sinon, exportez de nouveau le fichier et déposez-le dans le dossier suivant.",
        "Otherwise export the file again and upload it to this folder.",
    ),
    upload_from_folder=Text(
        "Déposez un par un les fichiers de votre dossier, directement dans le dossier suivant.",
        "Upload the files of your folder one by one, straight into this folder.",
    ),
    remove_folder=Text("Supprimez ensuite votre dossier.", "Then remove your folder."),
    is_it_meant=Text(
        "Vérifiez que le fichier suivant est bien celui que vous vouliez déposer.",
        "Check that this file is the one that you meant to upload.",
    ),
    confirm=Text(
        "Si c'est voulu, déposez un fichier vide qui porte exactement le nom suivant.",
        "If you mean it, upload an empty file with exactly this name.",
    ),
    otherwise_right_file=Text(
        "Sinon, déposez le bon fichier dans le dossier suivant. S'il n'y en a pas, vous n'avez rien à faire.",
        "Otherwise upload the right file to this folder. If there is none, there is nothing to do.",
    ),
    name_to_confirm=Text(
        "Cherchez dans le dossier suivant le nom exact du fichier à confirmer, et ajoutez-y .confirm à la fin.",
        "Find the exact name of the file to confirm in this folder, and add .confirm to its end.",
    ),
    upload_confirmation=Text(
        "Déposez un fichier vide de ce nom dans le dossier suivant.",
        "Upload an empty file of that name to this folder.",
    ),
    support=Text(
        "Prévenez le support, en citant le dépôt {deposit_id:d}.",
        "Tell support, and quote deposit {deposit_id:d}.",
    ),
    if_not_support=Text(
        "Si cela ne suffit pas, prévenez le support, en citant le dépôt {deposit_id:d}.",
        "If that is not enough, tell support, and quote deposit {deposit_id:d}.",
    ),
    read_points=Text(
        "Lisez les points à vérifier ci-dessous. Chacun indique ce qu'il faut corriger, s'il y a lieu.",
        "Read the points to check below. Each one says what to correct, if anything.",
    ),
    upload_unchecked=Text(
        "Pour que le fichier soit pris en compte, déposez-le sous le nom suivant.",
        "To apply the file, upload it under this name.",
    ),
)
