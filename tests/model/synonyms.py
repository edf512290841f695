"""Headers of widely used programs, ranked, as `headers = known` recognises them (protocol 2).

The earlier entry of a column wins. A program's prefix or suffix around an entry also counts, after
every bare entry.
"""

from __future__ import annotations

# A column for numbers of any type: mobile numbers fill Mobile, the others Téléphone Fixe.
ANY_NUMBER = "any_number"

SYNONYMS: dict[str, tuple[str, ...]] = {
    "email": (
        "Email Address", "E-mail 1 - Value", "Adresse e-mail", "Adresse de messagerie", "E-Mail-Adresse",
        "Emailadresse", "E-mailadres", "Correo electrónico", "Mail", "Courriel", "E-mail professionnel",
        "Première adresse électronique", "Primary Email",
    ),
    "phone": (
        "Home Phone", "Business Phone", "Default Address Phone", "Landline Number", "Phone 2 - Value",
        "Tél fixe", "Tél. personnel", "Tél pro", "Téléphone professionnel",
    ),
    "mobile": (
        "Mobile Phone", "Portable", "SMS", "Tél mobile", "Téléphone mobile", "Téléphone portable",
        "Tél portable", "GSM", "Phone 1 - Value", "Cellphone", "Cell Phone", "Mobile Number",
        "Mobile Phone Number", "Mobil", "Mobiltelefon", "Handy", "Móvil", "Teléfono móvil", "Cellulare", "Mobiel",
    ),
    ANY_NUMBER: (
        "Phone", "Phone Number", "Téléphone", "Tél", "Telephone 1", "Telefon", "Teléfono", "Telefoon",
    ),
    "fax": ("Business Fax", "Fax Number", "Télécopie"),
    "civility": ("Titre de civilité", "Titre civilité", "Social title", "Salutation", "Anrede", "Prefix"),
    "first_name": ("Given Name", "Vorname", "Nombre", "Nome", "Voornaam"),
    "last_name": (
        "Nom de famille", "Nom d'usage", "Family Name", "Nachname", "Apellidos", "Cognome", "Achternaam", "Name",
        "Intitulé",
    ),
    "address_1": (
        "Rue", "Adresse", "Home Street", "Street", "Street 1", "Street Address", "Adresse privée", "Address",
        "Address-Line One", "Strasse", "Dirección", "Indirizzo", "Straat",
    ),
    "address_2": (
        "Rue 2", "Home Street 2", "Street 2", "Extended Address", "Adresse privée 2", "Address-Line Two",
        "Complément",
    ),
    "postal_code": (
        "CP", "Postcode", "Zip", "Zip Code", "Zip/Postal Code", "PLZ", "Postleitzahl", "NPA", "CAP",
        "Código postal",
    ),
    "city": ("Commune", "Localité", "Ort", "Población", "Città", "Plaats"),
    "state": (
        "Département", "Région", "State/Region", "State/Province", "Dép/Région", "Province Code", "Provincia",
    ),
    "country": (
        "Pays/Région", "Pays/État", "Country/Region", "Country Code", "Country ID", "Code Pays", "Land",
        "Land/Region", "País",
    ),
    "birth_date": (
        "Date naissance", "Anniversaire", "Date Anniversaire", "Birthday", "Birthdate", "DOB", "Geburtstag",
        "Geburtsdatum", "Fecha de nacimiento", "Data di nascita", "Geboortedatum",
    ),
    "company": (
        "Raison sociale", "Entreprise", "Nom de la société", "Nom du tiers", "Company Name", "Account Name",
        "Organization Name", "Organization 1 - Name", "Organization", "Firma", "Empresa", "Bedrijf",
    ),
}  # fmt: skip

PREFIXES = (
    "Home", "Business", "Mailing", "Billing", "Person", "Bill to", "Default Address", "Address 1", "Address",
    "Customer", "CT",
)  # fmt: skip
SUFFIXES = ("(bureau)", "geschäftlich", "contact")

# Headers that name a civility or a job; their values decide.
TITLES = ("Title", "Titre")
CIVILITIES = frozenset(
    {
        "m", "mm", "mme", "mlle", "monsieur", "madame", "mademoiselle", "me", "maître", "dr", "docteur", "prof",
        "mr", "mrs", "ms", "miss", "herr", "frau", "sr", "sra", "srta", "sig", "sigra", "dhr", "mevr",
    }
)  # fmt: skip

# Parts of a header that make it look like a means of contact.
MEANS_WORDS = (
    "mail", "courriel", "messagerie", "phone", "telefon", "portable", "mobil", "gsm", "sms", "handy",
    "cellular", "movil",
)  # fmt: skip
