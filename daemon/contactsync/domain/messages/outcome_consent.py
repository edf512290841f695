"""The clauses of the headline of an applied opt-out or opt-in, by action. Pure data."""

from __future__ import annotations

from contactsync.domain.messages.text import Sentences, Text, table

CONSENT_CLAUSES: Sentences = table(
    optoutEMAIL=Text(
        (
            "Aucune adresse e-mail n'a été désabonnée",
            "Une adresse e-mail a été désabonnée",
            "{count} adresses e-mail ont été désabonnées",
        ),
        (
            "No e-mail address was opted out",
            "1 e-mail address was opted out",
            "{count} e-mail addresses were opted out",
        ),
    ),
    optoutSMS=Text(
        (
            "Aucun numéro de mobile n'a été désabonné des SMS",
            "Un numéro de mobile a été désabonné des SMS",
            "{count} numéros de mobile ont été désabonnés des SMS",
        ),
        (
            "No mobile number was opted out of SMS",
            "1 mobile number was opted out of SMS",
            "{count} mobile numbers were opted out of SMS",
        ),
    ),
    optoutVOICE=Text(
        (
            "Aucun numéro de téléphone fixe n'a été désabonné des appels vocaux",
            "Un numéro de téléphone fixe a été désabonné des appels vocaux",
            "{count} numéros de téléphone fixe ont été désabonnés des appels vocaux",
        ),
        (
            "No fixed telephone number was opted out of voice calls",
            "1 fixed telephone number was opted out of voice calls",
            "{count} fixed telephone numbers were opted out of voice calls",
        ),
    ),
    optoutVOICEMAIL=Text(
        (
            "Aucun numéro de mobile n'a été désabonné des messages vocaux",
            "Un numéro de mobile a été désabonné des messages vocaux",
            "{count} numéros de mobile ont été désabonnés des messages vocaux",
        ),
        (
            "No mobile number was opted out of voice messages",
            "1 mobile number was opted out of voice messages",
            "{count} mobile numbers were opted out of voice messages",
        ),
    ),
    optout_already=Text(
        ("une l'était déjà", "{count} l'étaient déjà"),
        ("1 already was", "{count} already were"),
        variants={
            "number": Text(
                ("un l'était déjà", "{count} l'étaient déjà"), ("1 already was", "{count} already were")
            ),
        },
    ),
    optinEMAIL=Text(
        (
            "Aucune adresse e-mail n'a été réabonnée",
            "Une adresse e-mail a été réabonnée",
            "{count} adresses e-mail ont été réabonnées",
        ),
        (
            "No e-mail address was opted in again",
            "1 e-mail address was opted in again",
            "{count} e-mail addresses were opted in again",
        ),
    ),
    optinSMS=Text(
        (
            "Aucun numéro de mobile n'a été réabonné aux SMS",
            "Un numéro de mobile a été réabonné aux SMS",
            "{count} numéros de mobile ont été réabonnés aux SMS",
        ),
        (
            "No mobile number was opted in to SMS again",
            "1 mobile number was opted in to SMS again",
            "{count} mobile numbers were opted in to SMS again",
        ),
    ),
    optinVOICE=Text(
        (
            "Aucun numéro de téléphone fixe n'a été réabonné aux appels vocaux",
            "Un numéro de téléphone fixe a été réabonné aux appels vocaux",
            "{count} numéros de téléphone fixe ont été réabonnés aux appels vocaux",
        ),
        (
            "No fixed telephone number was opted in to voice calls again",
            "1 fixed telephone number was opted in to voice calls again",
            "{count} fixed telephone numbers were opted in to voice calls again",
        ),
    ),
    optinVOICEMAIL=Text(
        (
            "Aucun numéro de mobile n'a été réabonné aux messages vocaux",
            "Un numéro de mobile a été réabonné aux messages vocaux",
            "{count} numéros de mobile ont été réabonnés aux messages vocaux",
        ),
        (
            "No mobile number was opted in to voice messages again",
            "1 mobile number was opted in to voice messages again",
            "{count} mobile numbers were opted in to voice messages again",
        ),
    ),
    optin_already=Text(
        ("une n'était pas désabonnée", "{count} n'étaient pas désabonnées"),
        ("1 was not opted out", "{count} were not opted out"),
        variants={
            "number": Text(
                ("un n'était pas désabonné", "{count} n'étaient pas désabonnés"),
                ("1 was not opted out", "{count} were not opted out"),
            ),
        },
    ),
    stays_opted_out=Text(
        (
            "Une adresse e-mail reste désabonnée, car son désabonnement est postérieur au dépôt de ce fichier.",
            (
                "{count} adresses e-mail restent désabonnées, car leur désabonnement est postérieur au dépôt de ce "
                "fichier."
            ),
        ),
        (
            "1 e-mail address stays opted out because its opt-out is later than the upload of this file.",
            (
                "{count} e-mail addresses stay opted out because their opt-outs are later than the upload of this "
                "file."
            ),
        ),
        variants={
            "number": Text(
                (
                    "Un numéro reste désabonné, car son désabonnement est postérieur au dépôt de ce fichier.",
                    "{count} numéros restent désabonnés, car leur désabonnement est postérieur au dépôt de ce fichier.",
                ),
                (
                    "1 number stays opted out because its opt-out is later than the upload of this file.",
                    "{count} numbers stay opted out because their opt-outs are later than the upload of this file.",
                ),
            ),
        },
    ),
)
