"""Headers of widely used programs, as `headers = known` recognises them (protocol 2). Pure data.

The earlier entry of a column wins. `docs/headers.md` is made of this table (`make headers`).
"""

from __future__ import annotations

from types import MappingProxyType

ANY_NUMBER = "any_number"
"""The key of a column with numbers of any type: mobile numbers fill Mobile, the others Téléphone Fixe."""

KNOWN: MappingProxyType[str, tuple[str, ...]] = MappingProxyType({
    "civility": (
        "Titre de civilité", "Titre civilité", "Social title", "Salutation", "Anrede", "Prefix", "Name Prefix",
        "Tratamiento", "Aanhef",
    ),
    "first_name": (
        "Given Name", "Forename", "Prénom usuel", "Vorname", "Nombre", "Nome", "Voornaam",
    ),
    "last_name": (
        "Nom de famille", "Nom d'usage", "Nom usuel", "Family Name", "Surname", "Nachname", "Familienname",
        "Apellidos", "Apellido", "Cognome", "Achternaam", "Full Name", "Nom complet", "Nom et prénom", "Name",
        "Intitulé",
    ),
    "email": (
        "Email Address", "Adresse e-mail", "Adresse mail", "Adresse de messagerie",
        "Adresse électronique", "Première adresse électronique", "Courriel", "Mail", "E-mail 1 - Value",
        "Email 1", "Primary Email", "E-mail professionnel", "Email pro", "Mail pro", "E-mail privé",
        "Email personnel", "E-mail perso", "E-Mail-Adresse", "E-mailadres", "Mailadres",
        "Correo electrónico", "Correo", "Dirección de correo electrónico", "Indirizzo e-mail",
        "Posta elettronica",
    ),
    "mobile": (
        "Mobile Phone", "Portable", "Téléphone mobile", "Tél mobile", "Téléphone portable", "Tél portable",
        "Numéro de mobile", "Numéro mobile", "N° mobile", "Numéro de portable", "N° portable", "GSM", "SMS",
        "Cellphone", "Cell", "Cellulaire", "Mobile Number", "Mobile Phone Number", "Mobile 1", "Phone Mobile",
        "Phone 1 - Value", "Mobil", "Mobiltelefon", "Mobilnummer", "Handy", "Handynummer", "Móvil",
        "Teléfono móvil", "Celular", "Cellulare", "Telefono cellulare", "Mobiel", "Mobiele telefoon",
    ),
    "phone": (
        "Default Address Phone", "Home Phone", "Business Phone", "Work Phone", "Landline", "Landline Number",
        "Landline Phone", "Fixe", "Tél fixe", "Numéro fixe", "Tél. personnel", "Tél pro", "Tél. professionnel",
        "Téléphone professionnel", "Téléphone pro", "Tél perso.", "Téléphone privé", "Téléphone personnel",
        "Téléphone domicile", "Téléphone bureau", "Phone 2 - Value", "Festnetz", "Festnetznummer",
        "Teléfono fijo", "Telefono fisso", "Vaste telefoon",
    ),
    ANY_NUMBER: (
        "Phone", "Phone Number", "Téléphone", "Telephone Number", "Tél", "Numéro de téléphone",
        "N° de téléphone", "Numéro téléphone", "N° téléphone", "Telephone 1", "Tél 1", "Phone 1", "Telefon",
        "Telefonnummer", "Teléfono", "Numero di telefono", "Telefoon", "Telefoonnummer",
    ),
    "fax": (
        "Business Fax", "Fax Number", "Télécopie", "Numéro de fax", "Faxnummer", "Telefax",
    ),
    "address_1": (
        "Rue", "Adresse", "Home Street", "Street Address", "Street 1", "Street", "Address Line 1",
        "Address-Line One", "Adresse ligne 1", "Adresse postale", "Adresse privée", "Address", "Strasse",
        "Straße und Hausnummer", "Dirección", "Domicilio", "Indirizzo", "Via", "Straat", "Adres",
    ),
    "address_2": (
        "Rue 2", "Home Street 2", "Street 2", "Address Line 2", "Address-Line Two", "Adresse ligne 2",
        "Extended Address", "Complément d'adresse", "Complément adresse", "Complément", "Adresse privée 2",
        "Adresszusatz",
    ),
    "postal_code": (
        "CP", "Postcode", "Zip", "Zip Code", "Zip/Postal Code", "Postal/Zip Code", "Code post.", "PLZ",
        "Postleitzahl", "NPA", "CAP", "Código postal", "Codice postale",
    ),
    "city": (
        "Commune", "Localité", "Town", "City/Town", "Ort", "Stadt", "Wohnort", "Población", "Localidad", "Ciudad",
        "Città", "Comune", "Plaats", "Woonplaats",
    ),
    "state": (
        "Département", "Région", "Dép/Région", "Province", "State/Region", "State/Province", "Province Code",
        "County", "Bundesland", "Kanton", "Canton", "Provincia", "Provincie", "Regione",
    ),
    "country": (
        "Pays/Région", "Pays/État", "Country/Region", "Country Code", "Country ID", "Country Name", "Code Pays",
        "Land", "Land/Region", "País", "Paese", "Nazione",
    ),
    "birth_date": (
        "Birthday", "Birthdate", "DOB", "Date naissance", "Né le", "Anniversaire",
        "Date Anniversaire", "Date d'anniversaire", "Geburtstag", "Geburtsdatum", "Fecha de nacimiento",
        "Data di nascita", "Geboortedatum",
    ),
    "company": (
        "Company Name", "Account Name", "Organization", "Organization Name", "Organization 1 - Name",
        "Organisation", "Organisation Name", "Raison sociale", "Entreprise", "Nom de la société",
        "Nom de l'entreprise", "Nom du tiers", "Firma", "Firmenname", "Unternehmen", "Empresa", "Azienda",
        "Ragione sociale", "Società", "Bedrijf", "Bedrijfsnaam",
    ),
})  # fmt: skip
"""Column key → headers that mean it, in French, English, German, Spanish, Italian and Dutch."""

PREFIXES = (
    "Home", "Personal", "Private", "Business", "Work", "Mailing", "Billing", "Bill to", "Person", "Contact",
    "Customer", "Client", "Primary", "Main", "Default Address", "Address 1", "Address", "CT", "Shipping",
    "Ship to", "Delivery", "Other",
)  # fmt: skip
"""What may precede a known header or a name of the protocol: `Mailing City`, `billing_phone`, `Person - Email`."""

SUFFIXES = (
    "(bureau)", "(travail)", "(pro)", "(domicile)", "(perso)", "(work)", "(business)", "(home)", "geschäftlich",
    "privat", "contact", "client", "principal", "(trabajo)", "(particular)",
)  # fmt: skip
"""What may follow one, also before its number: `Rue (bureau)`, `Rue (bureau) 2`, `Ort geschäftlich`."""

TITLES = ("Title", "Titre")
"""Civilities or jobs: the values decide."""

IDENTIFIERS = (
    "Ref", "Réf", "N° client", "Numéro client", "Numéro de client", "Code client", "Code (tiers)", "Code tiers",
    "N° Carte", "Numéro de carte", "Licence", "N° adhérent", "Numéro d'adhérent", "Matricule", "Identifiant", "ID",
    "ID externe", "ID du membre", "Id contact", "Contact ID", "Record ID", "Customer ID", "Client ID", "Person - ID",
    "External ID", "EXT_ID", "CT_NUM", "Customer Number", "(Do Not Modify) Contact", "Kundennummer", "Relatienummer",
    "Klantnummer", "Código cliente", "Codice cliente", "UUID",
)  # fmt: skip
"""Identifiers of other programs: never read as Référence, but the warning asks whether it was meant."""
