-- Campaigns and who reacted to them (SPEC 6): written by the sending platform, read by the daily report.
--
-- The rules of 0001 hold. `reaction` has a foreign key to `campaign` all the same: its check costs a fifth of the
-- insert (20,000 in 0.23 s against 0.18), and a campaign taken away would silently take its reactions out of the report.

SET LOCAL search_path TO contactsync;

CREATE SEQUENCE campaign_id_seq;
CREATE TABLE campaign (
    account_id  bigint NOT NULL REFERENCES account,
    campaign_id bigint NOT NULL DEFAULT nextval('contactsync.campaign_id_seq'),
    name        text NOT NULL,
    media       text[] NOT NULL CHECK (media <@ ARRAY['EMAIL', 'SMS', 'VOICE', 'VOICEMAIL']),
    -- Days in the account's time zone, both included. Not open yet, not closed yet: null.
    opened_on   date,
    closed_on   date CHECK (closed_on >= opened_on),
    PRIMARY KEY (account_id, campaign_id)
);

CREATE SEQUENCE reaction_id_seq;
CREATE TABLE reaction (
    account_id  bigint NOT NULL,
    campaign_id bigint NOT NULL,
    contact_id  bigint NOT NULL,
    medium      text NOT NULL CHECK (medium IN ('EMAIL', 'SMS', 'VOICE', 'VOICEMAIL')),
    -- Part of a file's name. Lower case only, so that no 'OptOut' passes for anything but an opt-out.
    kind        text NOT NULL CHECK (kind ~ '^[a-z][a-z0-9_-]{0,62}$'),
    occurred_at timestamptz NOT NULL CHECK (isfinite(occurred_at)),
    reaction_id bigint NOT NULL DEFAULT nextval('contactsync.reaction_id_seq'),
    -- The contact as it was.
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
    -- In the order in which the report reads: a campaign's day.
    PRIMARY KEY (account_id, campaign_id, occurred_at, reaction_id),
    FOREIGN KEY (account_id, campaign_id) REFERENCES campaign
);

-- Record many reactions of one account: an array of objects with campaign_id, contact_id, medium, kind and
-- occurred_at. All or none; returns how many. An opt-out deactivates the address for the medium.
-- Raises 22023 (no such medium or kind, not an array), 22004 (something is missing), 23503 (no such campaign or
-- contact), 23514 (an opt-out without an address). No message holds anything of a contact but its id.
CREATE FUNCTION record_reactions(account_id bigint, reactions jsonb) RETURNS bigint
LANGUAGE plpgsql AS $$
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
$$;

-- Say which of the reactions names a campaign or contact that there is not.
CREATE FUNCTION refuse_unknown(account_id bigint, reactions jsonb) RETURNS void
LANGUAGE plpgsql AS $$
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

-- Record one reaction; see record_reactions.
CREATE FUNCTION record_reaction(
    account_id bigint, campaign_id bigint, contact_id bigint, medium text, kind text, occurred_at timestamptz
) RETURNS void
LANGUAGE sql AS $$
    SELECT contactsync.record_reactions(account_id, jsonb_build_array(jsonb_build_object(
        'campaign_id', campaign_id, 'contact_id', contact_id, 'medium', medium, 'kind', kind,
        'occurred_at', occurred_at
    )))
$$;
