SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE SCHEMA contactsync;
CREATE FUNCTION contactsync.record_reaction(account_id bigint, campaign_id bigint, contact_id bigint, medium text, kind text, occurred_at timestamp with time zone) RETURNS void
    LANGUAGE sql
    AS $$
    SELECT contactsync.record_reactions(account_id, jsonb_build_array(jsonb_build_object(
        'campaign_id', campaign_id, 'contact_id', contact_id, 'medium', medium, 'kind', kind,
        'occurred_at', occurred_at
    )))
$$;
CREATE FUNCTION contactsync.record_reactions(account_id bigint, reactions jsonb) RETURNS bigint
    LANGUAGE plpgsql
    AS $_$
#variable_conflict use_column
DECLARE
    fault     record;
    recorded  bigint;
    silent    bigint;
    media     text[];
    addresses text[];
    times     timestamptz[];
BEGIN
    IF record_reactions.account_id IS NULL OR jsonb_typeof(reactions) IS DISTINCT FROM 'array' THEN
        RAISE EXCEPTION 'record_reactions wants an account_id and a JSON array of reactions'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- The table's own checks would refuse these too, with the whole contact in their DETAIL.
    SELECT r.place, w.what
    INTO fault
    FROM ROWS FROM (
        jsonb_to_recordset(reactions)
        AS (campaign_id bigint, contact_id bigint, medium text, kind text, occurred_at timestamptz)
    ) WITH ORDINALITY AS r (campaign_id, contact_id, medium, kind, occurred_at, place)
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN r.campaign_id IS NULL THEN 'campaign_id is missing'
            WHEN r.contact_id IS NULL THEN 'contact_id is missing'
            WHEN r.medium IS NULL THEN 'medium is missing'
            WHEN r.kind IS NULL THEN 'kind is missing'
            WHEN r.occurred_at IS NULL THEN 'occurred_at is missing'
            WHEN r.medium NOT IN ('EMAIL', 'SMS', 'VOICE', 'VOICEMAIL')
                THEN 'medium must be EMAIL, SMS, VOICE or VOICEMAIL'
            WHEN r.kind !~ '^[a-z][a-z0-9_-]{0,62}$'
                THEN 'kind must be a lower-case word, such as opened, clicked or optout'
            WHEN NOT isfinite(r.occurred_at) THEN 'occurred_at must be a moment'
        END
    ) AS w (what)
    WHERE w.what IS NOT NULL
    ORDER BY r.place
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'reaction %: %', fault.place, fault.what
            USING ERRCODE = CASE WHEN fault.what LIKE '% is missing' THEN 'null_value_not_allowed'
                                 ELSE 'invalid_parameter_value' END;
    END IF;
    WITH kept AS (
        INSERT INTO contactsync.reaction (
            account_id, campaign_id, contact_id, medium, kind, occurred_at,
            civility, first_name, last_name, email, phone, mobile, fax, address_1, address_2, postal_code,
            city, state, country, birth_date, company, reference, field_1, field_2, field_3, field_4, field_5,
            field_6, field_7, field_8, field_9, field_10, field_11, field_12, field_13, field_14, field_15
        )
        SELECT
            c.account_id, g.campaign_id, c.contact_id, r.medium, r.kind, r.occurred_at,
            c.civility, c.first_name, c.last_name, c.email, c.phone, c.mobile, c.fax, c.address_1, c.address_2,
            c.postal_code, c.city, c.state, c.country, c.birth_date, c.company, c.reference, c.field_1,
            c.field_2, c.field_3, c.field_4, c.field_5, c.field_6, c.field_7, c.field_8, c.field_9, c.field_10,
            c.field_11, c.field_12, c.field_13, c.field_14, c.field_15
        FROM ROWS FROM (
            jsonb_to_recordset(reactions)
            AS (campaign_id bigint, contact_id bigint, medium text, kind text, occurred_at timestamptz)
        ) WITH ORDINALITY AS r (campaign_id, contact_id, medium, kind, occurred_at, place)
        JOIN contactsync.contact AS c ON c.contact_id = r.contact_id
        JOIN contactsync.campaign AS g ON g.account_id = c.account_id AND g.campaign_id = r.campaign_id
        WHERE c.account_id = record_reactions.account_id AND g.account_id = record_reactions.account_id
        ORDER BY r.place
        RETURNING
            contact_id, medium, kind, occurred_at,
            nullif(CASE medium WHEN 'EMAIL' THEN email WHEN 'VOICE' THEN phone ELSE mobile END, '') AS address
    )
    SELECT
        count(*),
        min(contact_id) FILTER (WHERE kind = 'optout' AND address IS NULL),
        array_agg(medium) FILTER (WHERE kind = 'optout'),
        array_agg(address) FILTER (WHERE kind = 'optout'),
        array_agg(occurred_at) FILTER (WHERE kind = 'optout')
    INTO recorded, silent, media, addresses, times
    FROM kept;
    IF recorded < jsonb_array_length(reactions) THEN
        PERFORM contactsync.refuse_unknown(record_reactions.account_id, reactions);
    END IF;
    IF silent IS NOT NULL THEN
        RAISE EXCEPTION 'contact % has no address for the medium that it opted out of', silent
            USING ERRCODE = 'check_violation';
    END IF;
    IF media IS NOT NULL THEN
        WITH fresh AS (
            INSERT INTO contactsync.opt_out (account_id, medium, address, origin, since)
            SELECT record_reactions.account_id, o.medium, o.address, 'campaign', min(o.occurred_at)
            FROM unnest(media, addresses, times) AS o (medium, address, occurred_at)
            GROUP BY o.medium, o.address
            -- In one order, so that two calls with the same addresses wait for each other and never crosswise.
            ORDER BY o.medium COLLATE "C", o.address COLLATE "C"
            ON CONFLICT DO NOTHING
            RETURNING medium, address, since
        )
        INSERT INTO contactsync.consent_event (account_id, medium, address, kind, origin, occurred_at)
        SELECT record_reactions.account_id, medium, address, 'optout', 'campaign', since FROM fresh;
    END IF;
    RETURN recorded;
END
$_$;
CREATE FUNCTION contactsync.refuse_unknown(account_id bigint, reactions jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
DECLARE
    campaigns bigint[] := ARRAY(
        SELECT campaign_id FROM contactsync.campaign
        WHERE account_id = refuse_unknown.account_id AND campaign_id = ANY (
            SELECT (r ->> 'campaign_id')::bigint FROM jsonb_array_elements(reactions) AS r
        )
    );
    contacts  bigint[] := ARRAY(
        SELECT contact_id FROM contactsync.contact
        WHERE account_id = refuse_unknown.account_id AND contact_id = ANY (
            SELECT (r ->> 'contact_id')::bigint FROM jsonb_array_elements(reactions) AS r
        )
    );
    fault     record;
BEGIN
    SELECT r.place, CASE WHEN r.campaign_id = ANY (campaigns) THEN 'contact ' || r.contact_id
                         ELSE 'campaign ' || r.campaign_id END AS what
    INTO fault
    FROM ROWS FROM (jsonb_to_recordset(reactions) AS (campaign_id bigint, contact_id bigint))
        WITH ORDINALITY AS r (campaign_id, contact_id, place)
    WHERE r.campaign_id <> ALL (campaigns) OR r.contact_id <> ALL (contacts)
    ORDER BY r.place
    LIMIT 1;
    IF NOT FOUND THEN  -- it came meanwhile
        RAISE EXCEPTION 'campaigns or contacts changed meanwhile: try again' USING ERRCODE = 'serialization_failure';
    END IF;
    RAISE EXCEPTION 'reaction %: there is no % in account %', fault.place, fault.what, refuse_unknown.account_id
        USING ERRCODE = 'foreign_key_violation';
END
$$;
CREATE SEQUENCE contactsync.account_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE contactsync.account (
    account_id bigint DEFAULT nextval('contactsync.account_id_seq'::regclass) NOT NULL,
    name text NOT NULL,
    home text,
    unix_user text,
    unix_group text,
    separator text DEFAULT ';'::text NOT NULL,
    dedup text DEFAULT 'none'::text NOT NULL,
    field_labels text[] DEFAULT array_fill(NULL::text, ARRAY[15]) NOT NULL,
    region text DEFAULT 'FR'::text NOT NULL,
    time_zone text DEFAULT 'Europe/Paris'::text NOT NULL,
    encoding text DEFAULT 'auto'::text NOT NULL,
    blank_cells text DEFAULT 'keep'::text NOT NULL,
    phone_check text DEFAULT 'possible'::text NOT NULL,
    syntax_errors text DEFAULT 'refuse'::text NOT NULL,
    language text DEFAULT 'fr'::text NOT NULL,
    revision integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT account_blank_cells_check CHECK ((blank_cells = ANY (ARRAY['keep'::text, 'clear'::text]))),
    CONSTRAINT account_dedup_check CHECK ((dedup = ANY (ARRAY['none'::text, 'triplet'::text, 'reference'::text]))),
    CONSTRAINT account_encoding_check CHECK ((encoding = ANY (ARRAY['auto'::text, 'iso-8859-1'::text, 'utf-8'::text]))),
    CONSTRAINT account_field_labels_check CHECK ((cardinality(field_labels) = 15)),
    CONSTRAINT account_language_check CHECK ((language = ANY (ARRAY['fr'::text, 'en'::text]))),
    CONSTRAINT account_name_check CHECK ((name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'::text)),
    CONSTRAINT account_phone_check_check CHECK ((phone_check = ANY (ARRAY['possible'::text, 'valid'::text]))),
    CONSTRAINT account_region_check CHECK ((region ~ '^[A-Z]{2}$'::text)),
    CONSTRAINT account_separator_check CHECK ((separator = ANY (ARRAY[';'::text, ','::text, '|'::text, '	'::text]))),
    CONSTRAINT account_syntax_errors_check CHECK ((syntax_errors = ANY (ARRAY['refuse'::text, 'skip'::text])))
);
CREATE SEQUENCE contactsync.campaign_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE contactsync.campaign (
    account_id bigint NOT NULL,
    campaign_id bigint DEFAULT nextval('contactsync.campaign_id_seq'::regclass) NOT NULL,
    name text NOT NULL,
    media text[] NOT NULL,
    opened_on date,
    closed_on date,
    CONSTRAINT campaign_check CHECK ((closed_on >= opened_on)),
    CONSTRAINT campaign_media_check CHECK ((media <@ ARRAY['EMAIL'::text, 'SMS'::text, 'VOICE'::text, 'VOICEMAIL'::text]))
);
CREATE SEQUENCE contactsync.consent_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE contactsync.consent_event (
    account_id bigint NOT NULL,
    event_id bigint DEFAULT nextval('contactsync.consent_event_id_seq'::regclass) NOT NULL,
    medium text NOT NULL,
    address text NOT NULL,
    kind text NOT NULL,
    origin text NOT NULL,
    deposit_id bigint,
    occurred_at timestamp with time zone NOT NULL,
    CONSTRAINT consent_event_kind_check CHECK ((kind = ANY (ARRAY['optout'::text, 'optin'::text]))),
    CONSTRAINT consent_event_origin_check CHECK ((origin = ANY (ARRAY['file'::text, 'campaign'::text])))
);
CREATE SEQUENCE contactsync.contact_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE contactsync.contact (
    account_id bigint NOT NULL,
    contact_id bigint DEFAULT nextval('contactsync.contact_id_seq'::regclass) NOT NULL,
    identity text COLLATE pg_catalog."C",
    civility text,
    first_name text,
    last_name text,
    email text,
    phone text,
    mobile text,
    fax text,
    address_1 text,
    address_2 text,
    postal_code text,
    city text,
    state text,
    country text,
    birth_date date,
    company text,
    reference text,
    field_1 text,
    field_2 text,
    field_3 text,
    field_4 text,
    field_5 text,
    field_6 text,
    field_7 text,
    field_8 text,
    field_9 text,
    field_10 text,
    field_11 text,
    field_12 text,
    field_13 text,
    field_14 text,
    field_15 text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE SEQUENCE contactsync.contact_list_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE contactsync.contact_list (
    account_id bigint NOT NULL,
    list_id bigint DEFAULT nextval('contactsync.contact_list_id_seq'::regclass) NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE contactsync.opt_out (
    account_id bigint NOT NULL,
    medium text NOT NULL,
    address text NOT NULL COLLATE pg_catalog."C",
    origin text NOT NULL,
    since timestamp with time zone NOT NULL,
    CONSTRAINT opt_out_medium_check CHECK ((medium = ANY (ARRAY['EMAIL'::text, 'SMS'::text, 'VOICE'::text, 'VOICEMAIL'::text]))),
    CONSTRAINT opt_out_origin_check CHECK ((origin = ANY (ARRAY['file'::text, 'campaign'::text])))
);
CREATE VIEW contactsync.contact_status AS
 SELECT c.account_id,
    c.contact_id,
    ((c.email IS NOT NULL) AND (e.address IS NULL)) AS email_active,
    ((c.mobile IS NOT NULL) AND (s.address IS NULL)) AS sms_active,
    ((c.phone IS NOT NULL) AND (v.address IS NULL)) AS voice_active,
    ((c.mobile IS NOT NULL) AND (m.address IS NULL)) AS voicemail_active
   FROM ((((contactsync.contact c
     LEFT JOIN contactsync.opt_out e ON (((e.account_id = c.account_id) AND (e.medium = 'EMAIL'::text) AND (e.address = c.email))))
     LEFT JOIN contactsync.opt_out s ON (((s.account_id = c.account_id) AND (s.medium = 'SMS'::text) AND (s.address = c.mobile))))
     LEFT JOIN contactsync.opt_out v ON (((v.account_id = c.account_id) AND (v.medium = 'VOICE'::text) AND (v.address = c.phone))))
     LEFT JOIN contactsync.opt_out m ON (((m.account_id = c.account_id) AND (m.medium = 'VOICEMAIL'::text) AND (m.address = c.mobile))));
CREATE SEQUENCE contactsync.deposit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE contactsync.deposit (
    account_id bigint NOT NULL,
    deposit_id bigint DEFAULT nextval('contactsync.deposit_id_seq'::regclass) NOT NULL,
    action text NOT NULL,
    name text NOT NULL,
    name_bytes bytea NOT NULL,
    claimed_name text NOT NULL,
    claimed_bytes bytea NOT NULL,
    deposited_at timestamp with time zone NOT NULL,
    claimed_at timestamp with time zone NOT NULL,
    size_bytes bigint NOT NULL,
    sha256 text,
    mode smallint,
    list_id bigint,
    state text DEFAULT 'on'::text NOT NULL,
    reason text,
    rows_read bigint DEFAULT 0 NOT NULL,
    rows_applied bigint DEFAULT 0 NOT NULL,
    rows_rejected bigint DEFAULT 0 NOT NULL,
    inserted bigint DEFAULT 0 NOT NULL,
    updated bigint DEFAULT 0 NOT NULL,
    unchanged bigint DEFAULT 0 NOT NULL,
    removed bigint DEFAULT 0 NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    finished_at timestamp with time zone,
    result jsonb,
    retried_at timestamp with time zone,
    retry_of bigint,
    tidied_at timestamp with time zone,
    CONSTRAINT deposit_mode_check CHECK ((mode = ANY (ARRAY[1, 2, 3]))),
    CONSTRAINT deposit_state_check CHECK ((state = ANY (ARRAY['on'::text, 'ok'::text, 'ko'::text])))
);
CREATE TABLE contactsync.list_member (
    account_id bigint NOT NULL,
    list_id bigint NOT NULL,
    contact_id bigint NOT NULL
);
CREATE SEQUENCE contactsync.reaction_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE contactsync.reaction (
    account_id bigint NOT NULL,
    campaign_id bigint NOT NULL,
    contact_id bigint NOT NULL,
    medium text NOT NULL,
    kind text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    reaction_id bigint DEFAULT nextval('contactsync.reaction_id_seq'::regclass) NOT NULL,
    civility text,
    first_name text,
    last_name text,
    email text,
    phone text,
    mobile text,
    fax text,
    address_1 text,
    address_2 text,
    postal_code text,
    city text,
    state text,
    country text,
    birth_date date,
    company text,
    reference text,
    field_1 text,
    field_2 text,
    field_3 text,
    field_4 text,
    field_5 text,
    field_6 text,
    field_7 text,
    field_8 text,
    field_9 text,
    field_10 text,
    field_11 text,
    field_12 text,
    field_13 text,
    field_14 text,
    field_15 text,
    CONSTRAINT reaction_kind_check CHECK ((kind ~ '^[a-z][a-z0-9_-]{0,62}$'::text)),
    CONSTRAINT reaction_medium_check CHECK ((medium = ANY (ARRAY['EMAIL'::text, 'SMS'::text, 'VOICE'::text, 'VOICEMAIL'::text]))),
    CONSTRAINT reaction_occurred_at_check CHECK (isfinite(occurred_at))
);
CREATE TABLE contactsync.schema_migration (
    version integer NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
INSERT INTO contactsync.account VALUES (1, 'acme', NULL, NULL, NULL, ';', 'reference', '{NULL,NULL,Magasin,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL}', 'FR', 'Europe/Paris', 'auto', 'keep', 'possible', 'refuse', 'fr', 1, '2026-11-26 12:03:15.12354+00');
INSERT INTO contactsync.account VALUES (2, 'globex', NULL, NULL, NULL, ',', 'triplet', '{NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL}', 'FR', 'Europe/Paris', 'auto', 'keep', 'possible', 'refuse', 'fr', 1, '2026-11-26 12:03:15.633924+00');
INSERT INTO contactsync.account VALUES (3, 'initech', NULL, NULL, NULL, ';', 'none', '{NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL}', 'FR', 'Europe/Paris', 'auto', 'keep', 'possible', 'refuse', 'en', 1, '2026-11-26 12:03:16.139502+00');
INSERT INTO contactsync.campaign VALUES (1, 12345, 'Soldes', '{EMAIL}', '2026-11-23', NULL);
INSERT INTO contactsync.consent_event VALUES (1, 1, 'EMAIL', 'nobody@example.com', 'optout', 'file', 7, '2026-11-26 12:03:20.477471+00');
INSERT INTO contactsync.consent_event VALUES (1, 2, 'EMAIL', 'yann@example.com', 'optout', 'file', 7, '2026-11-26 12:03:20.477471+00');
INSERT INTO contactsync.consent_event VALUES (1, 3, 'SMS', '+33612345678', 'optout', 'file', 8, '2026-11-26 12:03:20.487091+00');
INSERT INTO contactsync.consent_event VALUES (1, 4, 'EMAIL', 'yann@example.com', 'optin', 'file', 9, '2026-11-26 12:03:22.404263+00');
INSERT INTO contactsync.consent_event VALUES (1, 5, 'EMAIL', 'chloe.muller@example.com', 'optout', 'campaign', NULL, '2026-11-25 12:03:22.649582+00');
INSERT INTO contactsync.contact VALUES (3, 1, NULL, NULL, NULL, 'X', 'x@example.net', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-26 12:03:18.537237+00', '2026-11-26 12:03:18.537237+00');
INSERT INTO contactsync.contact VALUES (3, 2, NULL, NULL, NULL, 'Y', 'y@example.net', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-26 12:03:18.537237+00', '2026-11-26 12:03:18.537237+00');
INSERT INTO contactsync.contact VALUES (2, 3, 'a@example.org|+33299415263|', NULL, NULL, NULL, 'a@example.org', '+33299415263', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-26 12:03:18.538627+00', '2026-11-26 12:03:18.538627+00');
INSERT INTO contactsync.contact VALUES (1, 5, 'R1', NULL, 'Hélène', 'LEFÈVRE', 'helene@example.com', NULL, '+33612345678', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'R1', NULL, NULL, 'Lyon', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-26 12:03:18.544603+00', '2026-11-26 12:03:18.544603+00');
INSERT INTO contactsync.contact VALUES (1, 6, 'R2', NULL, 'Yann', 'LE GOFF', 'yann@example.com', NULL, '+33692123456', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'R2', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-26 12:03:18.544603+00', '2026-11-26 12:03:18.544603+00');
INSERT INTO contactsync.contact VALUES (1, 7, 'R3', NULL, 'Chloé', 'MÜLLER', 'chloe.muller@example.com', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'R3', NULL, NULL, 'Brest', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-26 12:03:18.544603+00', '2026-11-26 12:03:20.462917+00');
INSERT INTO contactsync.contact_list VALUES (3, 1, 'people', '2026-11-26 12:03:18.537237+00');
INSERT INTO contactsync.contact_list VALUES (2, 2, 'list', '2026-11-26 12:03:18.538627+00');
INSERT INTO contactsync.contact_list VALUES (1, 3, 'clients', '2026-11-26 12:03:18.544603+00');
INSERT INTO contactsync.deposit VALUES (3, 1, 'import', 'people.csv', '\x70656f706c652e637376', '1795694596_people.csv', '\x313739353639343539365f70656f706c652e637376', '2026-11-26 12:03:16.74435+00', '2026-11-26 12:03:18.515041+00', 42, 'ce58c4e4cd0211b5f4d418d1cc9730b0842b5b26c336fb083c4c6707e62176d4', 1, 1, 'ok', NULL, 2, 2, 0, 2, 0, 0, 0, 1, '2026-11-26 12:03:18.542498+00', '{"file": "people.csv", "list": "people", "mode": 1, "state": "ok", "action": "import", "errors": [], "reason": null, "account": "initech", "message": "2 of 2 row(s) applied, 0 rejected.", "removed": 0, "updated": 0, "encoding": "iso-8859-1", "inserted": 2, "warnings": [], "rows_read": 2, "unchanged": 0, "deposit_id": 1, "finished_at": "2026-11-26T12:03:18.542498+00:00", "claimed_name": "1795694596_people.csv", "deposited_at": "2026-11-26T12:03:16.744350+00:00", "rows_applied": 2, "rows_rejected": 0}', NULL, NULL, NULL);
INSERT INTO contactsync.deposit VALUES (2, 2, 'import', 'list.csv', '\x6c6973742e637376', '1795694596_list.csv', '\x313739353639343539365f6c6973742e637376', '2026-11-26 12:03:16.743037+00', '2026-11-26 12:03:18.515533+00', 80, '784a383c7db41308f306d41d6957a669b9703a55614c4f4716f7526d7fd2a553', 1, 2, 'ok', NULL, 2, 2, 0, 2, 0, 0, 0, 1, '2026-11-26 12:03:18.545016+00', '{"file": "list.csv", "list": "list", "mode": 1, "state": "ok", "action": "import", "errors": [], "reason": null, "account": "globex", "message": "2 ligne(s) appliquée(s) sur 2, 0 rejetée(s).", "removed": 0, "updated": 0, "encoding": "iso-8859-1", "inserted": 2, "warnings": [], "rows_read": 2, "unchanged": 0, "deposit_id": 2, "finished_at": "2026-11-26T12:03:18.545016+00:00", "claimed_name": "1795694596_list.csv", "deposited_at": "2026-11-26T12:03:16.743037+00:00", "rows_applied": 2, "rows_rejected": 0}', NULL, NULL, NULL);
INSERT INTO contactsync.deposit VALUES (1, 3, 'import', 'clients.csv', '\x636c69656e74732e637376', '1795694596_clients.csv', '\x313739353639343539365f636c69656e74732e637376', '2026-11-26 12:03:16.741508+00', '2026-11-26 12:03:18.535232+00', 198, '957d3ea11e770d9d86bb03f8932dc783a78ce408962620d196d970e3c5228d4a', 1, 3, 'ok', NULL, 4, 3, 1, 3, 0, 0, 0, 1, '2026-11-26 12:03:18.548357+00', '{"file": "clients.csv", "list": "clients", "mode": 1, "state": "ok", "action": "import", "errors": [{"code": "missing_means", "line": 5, "column": null, "message": "Aucun moyen de contact : il faut un email, un téléphone ou un mobile"}], "reason": null, "account": "acme", "message": "3 ligne(s) appliquée(s) sur 4, 1 rejetée(s).", "removed": 0, "updated": 0, "encoding": "iso-8859-1", "inserted": 3, "warnings": [], "rows_read": 4, "unchanged": 0, "deposit_id": 3, "finished_at": "2026-11-26T12:03:18.548357+00:00", "claimed_name": "1795694596_clients.csv", "deposited_at": "2026-11-26T12:03:16.741508+00:00", "rows_applied": 3, "rows_rejected": 1}', NULL, NULL, NULL);
INSERT INTO contactsync.deposit VALUES (3, 4, 'import', 'bad.csv', '\x6261642e637376', '1795694598_bad.csv', '\x313739353639343539385f6261642e637376', '2026-11-26 12:03:18.743763+00', '2026-11-26 12:03:20.441141+00', 10, '5c6d75fc516d32e2bf74c53d61a4df02304031b5d62a55cfcbd8dadff116391d', 1, NULL, 'ko', 'no_known_column', 0, 0, 0, 0, 0, 0, 0, 1, '2026-11-26 12:03:20.456469+00', '{"file": "bad.csv", "list": null, "mode": 1, "state": "ko", "action": "import", "errors": [], "reason": "no_known_column", "account": "initech", "message": "No column is known: the first line must hold headers of the protocol, for example Référence;Nom;Email.", "removed": 0, "updated": 0, "encoding": "iso-8859-1", "inserted": 0, "warnings": [], "rows_read": 0, "unchanged": 0, "deposit_id": 4, "finished_at": "2026-11-26T12:03:20.456469+00:00", "claimed_name": "1795694598_bad.csv", "deposited_at": "2026-11-26T12:03:18.743763+00:00", "rows_applied": 0, "rows_rejected": 0}', NULL, NULL, NULL);
INSERT INTO contactsync.deposit VALUES (2, 6, 'delete', 'gone.csv', '\x676f6e652e637376', '1795694598_gone.csv', '\x313739353639343539385f676f6e652e637376', '2026-11-26 12:03:18.741534+00', '2026-11-26 12:03:20.44466+00', 54, '199babb645d0e41acad99b29fcacb211177721091fe42bbdf73de4fbdd46e72a', NULL, NULL, 'ok', NULL, 1, 1, 0, 0, 0, 0, 1, 1, '2026-11-26 12:03:20.467898+00', '{"file": "gone.csv", "list": null, "mode": null, "state": "ok", "action": "delete", "errors": [], "reason": null, "account": "globex", "message": "1 ligne(s) appliquée(s) sur 1, 0 rejetée(s).", "removed": 1, "updated": 0, "encoding": "iso-8859-1", "inserted": 0, "warnings": [], "rows_read": 1, "unchanged": 0, "deposit_id": 6, "finished_at": "2026-11-26T12:03:20.467898+00:00", "claimed_name": "1795694598_gone.csv", "deposited_at": "2026-11-26T12:03:18.741534+00:00", "rows_applied": 1, "rows_rejected": 0}', NULL, NULL, NULL);
INSERT INTO contactsync.deposit VALUES (1, 5, 'import', 'clients.csv', '\x636c69656e74732e637376', '1795694598_clients.csv', '\x313739353639343539385f636c69656e74732e637376', '2026-11-26 12:03:18.737534+00', '2026-11-26 12:03:20.441352+00', 66, '458da1a2044128365a619a78a6c87f94c7b1f5674f5640048bab79b629a351e3', 3, 3, 'ok', NULL, 2, 2, 0, 0, 1, 1, 1, 1, '2026-11-26 12:03:20.468353+00', '{"file": "clients.csv", "list": "clients", "mode": 3, "state": "ok", "action": "import", "errors": [], "reason": null, "account": "acme", "message": "2 ligne(s) appliquée(s) sur 2, 0 rejetée(s).", "removed": 1, "updated": 1, "encoding": "iso-8859-1", "inserted": 0, "warnings": [], "rows_read": 2, "unchanged": 1, "deposit_id": 5, "finished_at": "2026-11-26T12:03:20.468353+00:00", "claimed_name": "1795694598_clients.csv", "deposited_at": "2026-11-26T12:03:18.737534+00:00", "rows_applied": 2, "rows_rejected": 0}', NULL, NULL, NULL);
INSERT INTO contactsync.deposit VALUES (1, 7, 'optoutEMAIL', 'stop.csv', '\x73746f702e637376', '1795694598_stop.csv', '\x313739353639343539385f73746f702e637376', '2026-11-26 12:03:18.740029+00', '2026-11-26 12:03:20.474656+00', 42, 'c80236d121505be40087232d0fd20cbc5b4fb6cc02f22659402e22c5bdcff9a0', NULL, NULL, 'ok', NULL, 2, 2, 0, 2, 0, 0, 0, 1, '2026-11-26 12:03:20.478683+00', '{"file": "stop.csv", "list": null, "mode": null, "state": "ok", "action": "optoutEMAIL", "errors": [], "reason": null, "account": "acme", "message": "2 ligne(s) appliquée(s) sur 2, 0 rejetée(s).", "removed": 0, "updated": 0, "encoding": "iso-8859-1", "inserted": 2, "warnings": [], "rows_read": 2, "unchanged": 0, "deposit_id": 7, "finished_at": "2026-11-26T12:03:20.478683+00:00", "claimed_name": "1795694598_stop.csv", "deposited_at": "2026-11-26T12:03:18.740029+00:00", "rows_applied": 2, "rows_rejected": 0}', NULL, NULL, NULL);
INSERT INTO contactsync.deposit VALUES (1, 8, 'optoutSMS', 'stop.csv', '\x73746f702e637376', '1795694598_stop.csv', '\x313739353639343539385f73746f702e637376', '2026-11-26 12:03:18.741264+00', '2026-11-26 12:03:20.484335+00', 18, '3cbfca7df5520c2d25c0b584a4959db604c43e122ac3f1fce05a291e4f4ca2c4', NULL, NULL, 'ok', NULL, 1, 1, 0, 1, 0, 0, 0, 1, '2026-11-26 12:03:20.487788+00', '{"file": "stop.csv", "list": null, "mode": null, "state": "ok", "action": "optoutSMS", "errors": [], "reason": null, "account": "acme", "message": "1 ligne(s) appliquée(s) sur 1, 0 rejetée(s).", "removed": 0, "updated": 0, "encoding": "iso-8859-1", "inserted": 1, "warnings": [], "rows_read": 1, "unchanged": 0, "deposit_id": 8, "finished_at": "2026-11-26T12:03:20.487788+00:00", "claimed_name": "1795694598_stop.csv", "deposited_at": "2026-11-26T12:03:18.741264+00:00", "rows_applied": 1, "rows_rejected": 0}', NULL, NULL, NULL);
INSERT INTO contactsync.deposit VALUES (1, 9, 'optinEMAIL', 'back.csv', '\x6261636b2e637376', '1795694600_back.csv', '\x313739353639343630305f6261636b2e637376', '2026-11-26 12:03:20.665534+00', '2026-11-26 12:03:22.395125+00', 23, 'a15b62adf8d11a7075cd3ced8426c3e2ce2b4be888f6168a7e9da4870c01bd21', NULL, NULL, 'ok', NULL, 1, 1, 0, 0, 0, 0, 1, 1, '2026-11-26 12:03:22.405776+00', '{"file": "back.csv", "list": null, "mode": null, "state": "ok", "action": "optinEMAIL", "errors": [], "reason": null, "account": "acme", "message": "1 ligne(s) appliquée(s) sur 1, 0 rejetée(s).", "removed": 1, "updated": 0, "encoding": "iso-8859-1", "inserted": 0, "warnings": [], "rows_read": 1, "unchanged": 0, "deposit_id": 9, "finished_at": "2026-11-26T12:03:22.405776+00:00", "claimed_name": "1795694600_back.csv", "deposited_at": "2026-11-26T12:03:20.665534+00:00", "rows_applied": 1, "rows_rejected": 0}', NULL, NULL, NULL);
INSERT INTO contactsync.list_member VALUES (3, 1, 1);
INSERT INTO contactsync.list_member VALUES (3, 1, 2);
INSERT INTO contactsync.list_member VALUES (2, 2, 3);
INSERT INTO contactsync.list_member VALUES (1, 3, 5);
INSERT INTO contactsync.list_member VALUES (1, 3, 7);
INSERT INTO contactsync.opt_out VALUES (1, 'EMAIL', 'nobody@example.com', 'file', '2026-11-26 12:03:20.477471+00');
INSERT INTO contactsync.opt_out VALUES (1, 'SMS', '+33612345678', 'file', '2026-11-26 12:03:20.487091+00');
INSERT INTO contactsync.opt_out VALUES (1, 'EMAIL', 'chloe.muller@example.com', 'campaign', '2026-11-25 12:03:22.649582+00');
INSERT INTO contactsync.reaction VALUES (1, 12345, 5, 'EMAIL', 'opened', '2026-11-25 12:03:22.645945+00', 1, NULL, 'Hélène', 'LEFÈVRE', 'helene@example.com', NULL, '+33612345678', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'R1', NULL, NULL, 'Lyon', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO contactsync.reaction VALUES (1, 12345, 7, 'EMAIL', 'optout', '2026-11-25 12:03:22.649582+00', 2, NULL, 'Chloé', 'MÜLLER', 'chloe.muller@example.com', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'R3', NULL, NULL, 'Brest', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO contactsync.schema_migration VALUES (1, '0001_contacts', '1495dd55ebf13164256ff6b5d07d1e6c65ffad3ea11eb74446137606f4559347', '2026-11-26 12:03:14.591229+00');
INSERT INTO contactsync.schema_migration VALUES (2, '0002_reporting', '5771e6eaa28e53287fcaea5bf0dfc9be315940d53ee8a8f8ae2c37c6b0254792', '2026-11-26 12:03:14.606922+00');
INSERT INTO contactsync.schema_migration VALUES (3, '0003_repair', '1f9ae54c0855cfa0de4f09e8ef09e4307bb9c0774645ffd6e45f0ae8680b24e8', '2026-11-26 12:03:14.613141+00');
SELECT pg_catalog.setval('contactsync.account_id_seq', 3, true);
SELECT pg_catalog.setval('contactsync.campaign_id_seq', 1, false);
SELECT pg_catalog.setval('contactsync.consent_event_id_seq', 5, true);
SELECT pg_catalog.setval('contactsync.contact_id_seq', 7, true);
SELECT pg_catalog.setval('contactsync.contact_list_id_seq', 3, true);
SELECT pg_catalog.setval('contactsync.deposit_id_seq', 10, true);
SELECT pg_catalog.setval('contactsync.reaction_id_seq', 2, true);
ALTER TABLE ONLY contactsync.account
    ADD CONSTRAINT account_name_key UNIQUE (name);
ALTER TABLE ONLY contactsync.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (account_id);
ALTER TABLE ONLY contactsync.campaign
    ADD CONSTRAINT campaign_pkey PRIMARY KEY (account_id, campaign_id);
ALTER TABLE ONLY contactsync.consent_event
    ADD CONSTRAINT consent_event_pkey PRIMARY KEY (account_id, event_id);
ALTER TABLE ONLY contactsync.contact_list
    ADD CONSTRAINT contact_list_pkey PRIMARY KEY (account_id, list_id);
ALTER TABLE ONLY contactsync.contact
    ADD CONSTRAINT contact_pkey PRIMARY KEY (account_id, contact_id);
ALTER TABLE ONLY contactsync.deposit
    ADD CONSTRAINT deposit_account_id_action_claimed_bytes_key UNIQUE (account_id, action, claimed_bytes);
ALTER TABLE ONLY contactsync.deposit
    ADD CONSTRAINT deposit_pkey PRIMARY KEY (account_id, deposit_id);
ALTER TABLE ONLY contactsync.list_member
    ADD CONSTRAINT list_member_pkey PRIMARY KEY (account_id, list_id, contact_id);
ALTER TABLE ONLY contactsync.opt_out
    ADD CONSTRAINT opt_out_pkey PRIMARY KEY (account_id, medium, address);
ALTER TABLE ONLY contactsync.reaction
    ADD CONSTRAINT reaction_pkey PRIMARY KEY (account_id, campaign_id, occurred_at, reaction_id);
ALTER TABLE ONLY contactsync.schema_migration
    ADD CONSTRAINT schema_migration_pkey PRIMARY KEY (version);
CREATE UNIQUE INDEX contact_identity ON contactsync.contact USING btree (account_id, identity) WHERE (identity IS NOT NULL);
CREATE INDEX contact_list_name ON contactsync.contact_list USING btree (account_id, name, list_id);
CREATE INDEX deposit_finished ON contactsync.deposit USING btree (account_id, finished_at, deposit_id);
CREATE INDEX deposit_retried ON contactsync.deposit USING btree (account_id) WHERE (retried_at IS NOT NULL);
CREATE INDEX deposit_retry ON contactsync.deposit USING btree (account_id, retry_of) WHERE (retry_of IS NOT NULL);
CREATE INDEX deposit_unfinished ON contactsync.deposit USING btree (account_id) WHERE (state = 'on'::text);
CREATE INDEX deposit_untidied ON contactsync.deposit USING btree (account_id, finished_at, deposit_id) WHERE ((tidied_at IS NULL) AND (state <> 'on'::text));
ALTER TABLE ONLY contactsync.campaign
    ADD CONSTRAINT campaign_account_id_fkey FOREIGN KEY (account_id) REFERENCES contactsync.account(account_id);
ALTER TABLE ONLY contactsync.contact_list
    ADD CONSTRAINT contact_list_account_id_fkey FOREIGN KEY (account_id) REFERENCES contactsync.account(account_id);
ALTER TABLE ONLY contactsync.deposit
    ADD CONSTRAINT deposit_account_id_fkey FOREIGN KEY (account_id) REFERENCES contactsync.account(account_id);
ALTER TABLE ONLY contactsync.reaction
    ADD CONSTRAINT reaction_account_id_campaign_id_fkey FOREIGN KEY (account_id, campaign_id) REFERENCES contactsync.campaign(account_id, campaign_id);
