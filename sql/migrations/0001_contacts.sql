-- Accounts, contacts, lists, opt-outs and the ledger of deposits (SPEC 7).
--
-- Rules of this schema, so that the same file runs on one PostgreSQL and distributed by account_id:
-- account_id comes first in every key; ids are bigint from a sequence; no trigger, rule or ON DELETE SET NULL.
-- Tables that take a row per contact have no foreign key: its check costs as much as the insert itself, and the
-- daemon writes contacts, members and ledger of an account in one transaction under the account's lock.

SET LOCAL search_path TO contactsync;

CREATE SEQUENCE account_id_seq;
CREATE TABLE account (
    account_id    bigint PRIMARY KEY DEFAULT nextval('contactsync.account_id_seq'),
    name          text NOT NULL UNIQUE CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    home          text,
    unix_user     text,
    unix_group    text,
    separator     text NOT NULL DEFAULT ';' CHECK (separator IN (';', ',', '|', E'\t')),
    dedup         text NOT NULL DEFAULT 'none' CHECK (dedup IN ('none', 'triplet', 'reference')),
    field_labels  text[] NOT NULL DEFAULT array_fill(NULL::text, ARRAY[15]) CHECK (cardinality(field_labels) = 15),
    region        text NOT NULL DEFAULT 'FR' CHECK (region ~ '^[A-Z]{2}$'),
    time_zone     text NOT NULL DEFAULT 'Europe/Paris',
    encoding      text NOT NULL DEFAULT 'auto' CHECK (encoding IN ('auto', 'iso-8859-1', 'utf-8')),
    blank_cells   text NOT NULL DEFAULT 'keep' CHECK (blank_cells IN ('keep', 'clear')),
    phone_check   text NOT NULL DEFAULT 'possible' CHECK (phone_check IN ('possible', 'valid')),
    syntax_errors text NOT NULL DEFAULT 'refuse' CHECK (syntax_errors IN ('refuse', 'skip')),
    language      text NOT NULL DEFAULT 'fr' CHECK (language IN ('fr', 'en')),
    -- Rises with every change: a deposit that was validated under other settings is validated again.
    revision      integer NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL DEFAULT now()
);

CREATE SEQUENCE contact_id_seq;
CREATE TABLE contact (
    account_id  bigint NOT NULL,
    contact_id  bigint NOT NULL DEFAULT nextval('contactsync.contact_id_seq'),
    -- By what the account's criterion tells contacts apart: the reference, 'email|phone|mobile', or null.
    identity    text COLLATE "C",
    civility    text,
    first_name  text,
    last_name   text,
    email       text,
    phone       text,
    mobile      text,
    fax         text,
    address_1   text,
    address_2   text,
    postal_code text,
    city        text,
    state       text,
    country     text,
    birth_date  date,
    company     text,
    reference   text,
    field_1     text,
    field_2     text,
    field_3     text,
    field_4     text,
    field_5     text,
    field_6     text,
    field_7     text,
    field_8     text,
    field_9     text,
    field_10    text,
    field_11    text,
    field_12    text,
    field_13    text,
    field_14    text,
    field_15    text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, contact_id)
);
CREATE UNIQUE INDEX contact_identity ON contact (account_id, identity) WHERE identity IS NOT NULL;

CREATE SEQUENCE contact_list_id_seq;
CREATE TABLE contact_list (
    account_id bigint NOT NULL REFERENCES account,
    list_id    bigint NOT NULL DEFAULT nextval('contactsync.contact_list_id_seq'),
    name       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, list_id)
);
CREATE INDEX contact_list_name ON contact_list (account_id, name, list_id);

CREATE TABLE list_member (
    account_id bigint NOT NULL,
    list_id    bigint NOT NULL,
    contact_id bigint NOT NULL,
    PRIMARY KEY (account_id, list_id, contact_id)
);

CREATE TABLE opt_out (
    account_id bigint NOT NULL,
    medium     text NOT NULL CHECK (medium IN ('EMAIL', 'SMS', 'VOICE', 'VOICEMAIL')),
    address    text COLLATE "C" NOT NULL,
    origin     text NOT NULL CHECK (origin IN ('file', 'campaign')),
    since      timestamptz NOT NULL,
    PRIMARY KEY (account_id, medium, address)
);

CREATE SEQUENCE consent_event_id_seq;
CREATE TABLE consent_event (
    account_id  bigint NOT NULL,
    event_id    bigint NOT NULL DEFAULT nextval('contactsync.consent_event_id_seq'),
    medium      text NOT NULL,
    address     text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('optout', 'optin')),
    origin      text NOT NULL CHECK (origin IN ('file', 'campaign')),
    deposit_id  bigint,
    occurred_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, event_id)
);

CREATE VIEW contact_status AS
SELECT
    c.account_id,
    c.contact_id,
    c.email IS NOT NULL AND e.address IS NULL  AS email_active,
    c.mobile IS NOT NULL AND s.address IS NULL AS sms_active,
    c.phone IS NOT NULL AND v.address IS NULL  AS voice_active,
    c.mobile IS NOT NULL AND m.address IS NULL AS voicemail_active
FROM contact AS c
LEFT JOIN opt_out AS e ON e.account_id = c.account_id AND e.medium = 'EMAIL' AND e.address = c.email
LEFT JOIN opt_out AS s ON s.account_id = c.account_id AND s.medium = 'SMS' AND s.address = c.mobile
LEFT JOIN opt_out AS v ON v.account_id = c.account_id AND v.medium = 'VOICE' AND v.address = c.phone
LEFT JOIN opt_out AS m ON m.account_id = c.account_id AND m.medium = 'VOICEMAIL' AND m.address = c.mobile;

CREATE SEQUENCE deposit_id_seq;
CREATE TABLE deposit (
    account_id    bigint NOT NULL REFERENCES account,
    deposit_id    bigint NOT NULL DEFAULT nextval('contactsync.deposit_id_seq'),
    action        text NOT NULL,
    name          text NOT NULL,
    name_bytes    bytea NOT NULL,
    claimed_name  text NOT NULL,
    -- The name on disk, which need not be text; with the action it finds the file.
    claimed_bytes bytea NOT NULL,
    deposited_at  timestamptz NOT NULL,
    claimed_at    timestamptz NOT NULL,
    size_bytes    bigint NOT NULL,
    sha256        text,
    mode          smallint CHECK (mode IN (1, 2, 3)),
    list_id       bigint,
    state         text NOT NULL DEFAULT 'on' CHECK (state IN ('on', 'ok', 'ko')),
    reason        text,
    rows_read     bigint NOT NULL DEFAULT 0,
    rows_applied  bigint NOT NULL DEFAULT 0,
    rows_rejected bigint NOT NULL DEFAULT 0,
    inserted      bigint NOT NULL DEFAULT 0,
    updated       bigint NOT NULL DEFAULT 0,
    unchanged     bigint NOT NULL DEFAULT 0,
    removed       bigint NOT NULL DEFAULT 0,
    attempts      integer NOT NULL DEFAULT 0,
    finished_at   timestamptz,
    -- What result.json says, so that a restart can write it again; null while the deposit is in on/.
    result        jsonb,
    PRIMARY KEY (account_id, deposit_id),
    UNIQUE (account_id, action, claimed_bytes)
);
CREATE INDEX deposit_unfinished ON deposit (account_id) WHERE state = 'on';
