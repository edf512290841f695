-- Consent that no delay or replay can undo (protocol 4, 6): a reaction has an identity, an opt-out remembers its newest
-- time, and the functions that record reactions report every fault.
--
-- An older daemon may go on beside this: it names its columns, and no column is required.

SET LOCAL search_path TO contactsync;

-- `since` stays the time of the opt-out that deactivated the address. An opt-in is compared with the newest one.
-- Null: no later one.
ALTER TABLE opt_out ADD COLUMN latest timestamptz CHECK (latest > since);

-- When the change was committed to the trail; `occurred_at` is when the person asked for it. It is null for what
-- campaigns recorded before this column existed. The clock is read after the address is locked: for one address,
-- the order of event_id is the order of both the changes and `recorded_at`.
ALTER TABLE consent_event ADD COLUMN recorded_at timestamptz;
UPDATE consent_event SET recorded_at = occurred_at WHERE origin = 'file';
ALTER TABLE consent_event ALTER COLUMN recorded_at SET DEFAULT clock_timestamp();

-- The deposit date of the first of a chain of retries; null if the deposit is no retry.
ALTER TABLE deposit ADD COLUMN first_deposited_at timestamptz;
UPDATE deposit AS d
SET first_deposited_at = o.deposited_at
FROM (
    WITH RECURSIVE chain AS (
        SELECT account_id, deposit_id, retry_of AS origin_id FROM deposit WHERE retry_of IS NOT NULL
        UNION ALL
        SELECT c.account_id, c.deposit_id, p.retry_of
        FROM chain AS c
        JOIN deposit AS p ON p.account_id = c.account_id AND p.deposit_id = c.origin_id
        WHERE p.retry_of IS NOT NULL
    )
    SELECT c.account_id, c.deposit_id, min(p.deposited_at) AS deposited_at
    FROM chain AS c
    JOIN deposit AS p ON p.account_id = c.account_id AND p.deposit_id = c.origin_id
    GROUP BY c.account_id, c.deposit_id
) AS o
WHERE d.account_id = o.account_id AND d.deposit_id = o.deposit_id;

-- Recording a reaction again changes nothing. Of those recorded several times, the first stays: it took effect.
LOCK TABLE reaction IN SHARE ROW EXCLUSIVE MODE;
DELETE FROM reaction AS r
USING (
    SELECT
        account_id, campaign_id, occurred_at, reaction_id,
        row_number() OVER (
            PARTITION BY account_id, campaign_id, contact_id, medium, kind, occurred_at ORDER BY reaction_id
        ) AS nth
    FROM reaction
) AS d
WHERE
    d.nth > 1 AND r.account_id = d.account_id AND r.campaign_id = d.campaign_id AND r.occurred_at = d.occurred_at
    AND r.reaction_id = d.reaction_id;
CREATE UNIQUE INDEX reaction_identity
    ON reaction (account_id, campaign_id, contact_id, medium, kind, occurred_at);

-- A campaign needs a name and a medium. Campaigns from before are checked when they change.
ALTER TABLE campaign
    ADD CONSTRAINT campaign_name_must_not_be_empty CHECK (name ~ '[^[:space:]]') NOT VALID,
    ADD CONSTRAINT campaign_media_must_not_be_empty CHECK (cardinality(media) > 0) NOT VALID;

-- An omitted campaign_id must not meet one that the platform chose, not even one that is not committed yet: those
-- of the sequence begin far above what platforms count to, and skip what is there all the same.
SELECT setval('campaign_id_seq', greatest(1000000000000, (SELECT max(campaign_id) FROM campaign WHERE campaign_id < 2000000000000)));
CREATE FUNCTION next_campaign_id() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    candidate bigint;
BEGIN
    LOOP
        candidate := nextval('contactsync.campaign_id_seq');
        EXIT WHEN NOT EXISTS (SELECT FROM contactsync.campaign WHERE campaign_id = candidate);
    END LOOP;
    RETURN candidate;
END
$$;
ALTER TABLE campaign ALTER COLUMN campaign_id SET DEFAULT contactsync.next_campaign_id();

-- Whom a list may be sent to: each address once, with the first contact that has it.
-- Each join finds its rows by a primary key.
CREATE VIEW list_address AS
SELECT m.account_id, m.list_id, a.medium, a.address, min(m.contact_id) AS contact_id
FROM list_member AS m
JOIN contact AS c ON c.account_id = m.account_id AND c.contact_id = m.contact_id
CROSS JOIN LATERAL (
    VALUES ('EMAIL', c.email), ('SMS', c.mobile), ('VOICE', c.phone), ('VOICEMAIL', c.mobile)
) AS a (medium, address)
LEFT JOIN opt_out AS o ON o.account_id = m.account_id AND o.medium = a.medium AND o.address = a.address
WHERE a.address IS NOT NULL AND o.address IS NULL
GROUP BY m.account_id, m.list_id, a.medium, a.address;

-- Whether a kind is another program's word for an opt-out. It would be recorded without effect.
-- It pins no search path, so that its callers, which do, can inline it: 25 times as fast.
CREATE FUNCTION means_opt_out(kind text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT pg_catalog.translate(kind, '-_', '') OPERATOR(pg_catalog.~) ('^(?:optout|optedout|optouts|(?:list|link|group|user|global)?unsub(?:s|scribe|scribed|scribes|scription)?'
        || '|(?:report|reported|markedas)?spam(?:report|reports|reported|complaint|complaints|complained)?'
        || '|complaint|complaints|complain|complained|abuse|abusereport|feedbackloop|stop|stopall|stopped|stopsms|arret'
        || '|plainte|desabonne|desabonnement|desinscription|desinscrit|desinscrire|oppose|opposition'
        || '|abmelden|abmeldung|abgemeldet|baja|darsedebaja|disiscrizione|cancellazione|uitschrijven|uitgeschreven)$')
$$;

-- Read a JSON array of reactions. `message` has all faults that show without looking anything up, and null if none.
-- Types are checked here, because a failing cast would show the value and end the whole call.
CREATE FUNCTION read_reactions(reactions jsonb) RETURNS TABLE (
    place bigint, campaign_id bigint, contact_id bigint, medium text, kind text, occurred_at timestamptz,
    address text, sqlstate text, message text
)
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    WITH given AS MATERIALIZED (
        SELECT
            e.place, jsonb_typeof(e.element) = 'object' AS is_object, x.campaign_id, x.contact_id, x.medium, x.kind,
            x.occurred_at, nullif(lower(btrim(x.address)), '') AS address,
            x.occurred_at ~ ('^(?!0000)\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)'
                || '|02-(?:0[1-9]|1\d|2\d))[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,20})?)?'
                || '(?:Z|[+-](?:0\d|1[0-5])(?::?[0-5]\d(?::[0-5]\d)?)?)$')
            AND (x.occurred_at !~ '^\d{4}-02-29' OR substring(x.occurred_at, 1, 4)::int % 4 = 0 AND (
                substring(x.occurred_at, 1, 4)::int % 100 <> 0 OR substring(x.occurred_at, 1, 4)::int % 400 = 0
            )) AS is_moment
        FROM jsonb_array_elements(reactions) WITH ORDINALITY AS e (element, place)
        CROSS JOIN LATERAL jsonb_to_record(CASE WHEN jsonb_typeof(e.element) = 'object' THEN e.element ELSE '{}' END)
            AS x (campaign_id text, contact_id text, medium text, kind text, occurred_at text, address text)
    ), typed AS MATERIALIZED (
        SELECT
            g.place, g.medium, g.kind, g.address, g.is_object, g.is_moment,
            g.campaign_id IS NOT NULL AS has_campaign, g.contact_id IS NOT NULL AS has_contact,
            g.occurred_at IS NOT NULL AS has_time,
            CASE WHEN g.campaign_id ~ '^-?[0-9]{1,18}$' THEN g.campaign_id::bigint END AS campaign_id,
            CASE WHEN g.contact_id ~ '^-?[0-9]{1,18}$' THEN g.contact_id::bigint END AS contact_id,
            CASE WHEN g.is_moment THEN g.occurred_at::timestamptz END AS occurred_at
        FROM given AS g
    ), judged AS MATERIALIZED (
        SELECT
            t.*,
            CASE WHEN NOT t.is_object THEN 'it must be an object' ELSE nullif(concat_ws(
                ', ',
                CASE WHEN NOT t.has_campaign THEN 'campaign_id is missing'
                     WHEN t.campaign_id IS NULL THEN 'campaign_id must be a whole number' END,
                CASE WHEN NOT t.has_contact THEN 'contact_id is missing'
                     WHEN t.contact_id IS NULL THEN 'contact_id must be a whole number' END,
                CASE WHEN t.medium IS NULL THEN 'medium is missing'
                     WHEN t.medium NOT IN ('EMAIL', 'SMS', 'VOICE', 'VOICEMAIL')
                         THEN 'medium must be EMAIL, SMS, VOICE or VOICEMAIL' END,
                CASE WHEN t.kind IS NULL THEN 'kind is missing'
                     WHEN t.kind !~ '^[a-z][a-z0-9_-]{0,62}$'
                         THEN 'kind must be a lower-case word, such as opened, clicked or optout'
                     WHEN t.kind <> 'optout' AND contactsync.means_opt_out(t.kind)
                         THEN format('kind must be optout for an opt-out, not %s', t.kind) END,
                CASE WHEN NOT t.has_time THEN 'occurred_at is missing'
                     WHEN NOT t.is_moment THEN
                         'occurred_at must be a moment in ISO 8601 with an offset, such as 2026-11-22T09:15:00+01:00'
                     WHEN t.occurred_at > clock_timestamp() + interval '5 minutes'
                         THEN 'occurred_at is more than five minutes in the future' END,
                CASE WHEN t.medium = 'EMAIL' AND t.address !~ '^[^\s@<>(),;:"\[\]\\]+@[^\s@<>(),;:"\[\]\\]+$'
                         THEN 'address must be one e-mail address'
                     WHEN t.medium IN ('SMS', 'VOICE', 'VOICEMAIL') AND t.address !~ '^\+[1-9]\d{3,14}$'
                         THEN 'address must be a number with its country code and no spaces, such as +33612345678' END
            ), '') END AS message
        FROM typed AS t
    )
    SELECT
        place, campaign_id, contact_id, medium, kind, occurred_at, address,
        CASE WHEN message ~ ' is missing' THEN '22004' WHEN message IS NOT NULL THEN '22023' END, message
    FROM judged
$$;

-- Record the valid reactions of an array. Returns how many were new, and position, sqlstate and message of each invalid
-- one. Internal: record_reactions and try_record_reactions decide what to do about those.
CREATE FUNCTION keep_reactions(account_id bigint, reactions jsonb, OUT recorded bigint, OUT faults jsonb)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    media     text[];
    addresses text[];
    times     timestamptz[];
BEGIN
    IF keep_reactions.account_id IS NULL OR jsonb_typeof(reactions) IS DISTINCT FROM 'array' THEN
        RAISE EXCEPTION 'account_id must be given, and reactions must be a JSON array'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;

    WITH found AS MATERIALIZED (
        SELECT
            e.place, e.campaign_id, e.contact_id, e.medium, e.kind, e.occurred_at, c AS contact, l AS last,
            CASE WHEN e.address IS NOT NULL THEN ARRAY[e.address]
                 WHEN e.kind = 'optout' THEN coalesce(m.addresses, ARRAY[o.address]) END AS addresses,
            coalesce(e.sqlstate, CASE WHEN w.what IS NOT NULL THEN w.sqlstate END) AS sqlstate,
            coalesce(e.message, w.what) AS message
        FROM contactsync.read_reactions(reactions) AS e
        LEFT JOIN contactsync.campaign AS g
            ON g.account_id = keep_reactions.account_id AND g.campaign_id = e.campaign_id
        LEFT JOIN contactsync.contact AS c
            ON c.account_id = keep_reactions.account_id AND c.contact_id = e.contact_id
        -- Of a contact that is gone: as it was at its last reaction in the campaign.
        LEFT JOIN LATERAL (
            SELECT r.*
            FROM (
                SELECT * FROM contactsync.reaction
                WHERE
                    c.contact_id IS NULL AND account_id = keep_reactions.account_id
                    AND campaign_id = e.campaign_id AND contact_id = e.contact_id
                -- Otherwise the order below would choose the index by time, and read the whole campaign.
                OFFSET 0
            ) AS r
            ORDER BY r.occurred_at DESC, r.reaction_id DESC
            LIMIT 1
        ) AS l ON true
        -- Where the campaign reached it, the newest first: its address may have changed since.
        LEFT JOIN LATERAL (
            SELECT array_agg(a.address ORDER BY a.newest DESC, a.address COLLATE "C") AS addresses
            FROM (
                SELECT v.address, max(r.occurred_at) AS newest
                FROM contactsync.reaction AS r
                CROSS JOIN LATERAL (
                    SELECT CASE WHEN r.medium = 'EMAIL' THEN r.email WHEN r.medium = 'VOICE' THEN r.phone
                                ELSE r.mobile END
                ) AS v (address)
                WHERE
                    e.kind = 'optout' AND e.address IS NULL AND r.account_id = keep_reactions.account_id
                    AND r.campaign_id = e.campaign_id AND r.contact_id = e.contact_id AND r.medium = e.medium
                    AND v.address <> ''
                GROUP BY v.address
            ) AS a
        ) AS m ON true
        CROSS JOIN LATERAL (
            SELECT nullif(CASE WHEN e.medium = 'EMAIL' THEN coalesce(c.email, l.email)
                               WHEN e.medium = 'VOICE' THEN coalesce(c.phone, l.phone)
                               ELSE coalesce(c.mobile, l.mobile) END, '')
        ) AS o (address)
        CROSS JOIN LATERAL (
            SELECT
                CASE WHEN g.campaign_id IS NULL
                         THEN format('there is no campaign %s in account %s', e.campaign_id, keep_reactions.account_id)
                     WHEN coalesce(c.contact_id, l.contact_id) IS NULL AND e.address IS NULL
                         THEN format('there is no contact %s in account %s: add the address that was mailed',
                                     e.contact_id, keep_reactions.account_id)
                     WHEN e.kind = 'optout' AND coalesce(e.address, m.addresses[1], o.address) IS NULL
                         THEN format('contact %s has no address for the medium that it opted out of: '
                                     'add the address that was mailed', e.contact_id) END,
                CASE WHEN g.campaign_id IS NULL OR coalesce(c.contact_id, l.contact_id) IS NULL AND e.address IS NULL
                         THEN '23503' ELSE '23514' END
        ) AS w (what, sqlstate)
    ), numbered AS MATERIALIZED (
        SELECT nextval('contactsync.reaction_id_seq') AS reaction_id, v.*
        FROM (SELECT * FROM found WHERE message IS NULL ORDER BY place) AS v
    ), kept AS (
        INSERT INTO contactsync.reaction (
            account_id, campaign_id, contact_id, medium, kind, occurred_at, reaction_id, email, phone, mobile,
            civility, first_name, last_name, fax, address_1, address_2, postal_code, city, state, country,
            birth_date, company, reference, field_1, field_2, field_3, field_4, field_5, field_6, field_7,
            field_8, field_9, field_10, field_11, field_12, field_13, field_14, field_15
        )
        SELECT
            keep_reactions.account_id, n.campaign_id, n.contact_id, n.medium, n.kind, n.occurred_at, n.reaction_id,
            -- The address that the reaction is about, also if the contact has another one now.
            coalesce(CASE WHEN n.medium = 'EMAIL' THEN n.addresses[1] END, (n.contact).email, (n.last).email),
            coalesce(CASE WHEN n.medium = 'VOICE' THEN n.addresses[1] END, (n.contact).phone, (n.last).phone),
            coalesce(CASE WHEN n.medium IN ('SMS', 'VOICEMAIL') THEN n.addresses[1] END,
                     (n.contact).mobile, (n.last).mobile),
            coalesce((n.contact).civility, (n.last).civility), coalesce((n.contact).first_name, (n.last).first_name),
            coalesce((n.contact).last_name, (n.last).last_name), coalesce((n.contact).fax, (n.last).fax),
            coalesce((n.contact).address_1, (n.last).address_1), coalesce((n.contact).address_2, (n.last).address_2),
            coalesce((n.contact).postal_code, (n.last).postal_code), coalesce((n.contact).city, (n.last).city),
            coalesce((n.contact).state, (n.last).state), coalesce((n.contact).country, (n.last).country),
            coalesce((n.contact).birth_date, (n.last).birth_date), coalesce((n.contact).company, (n.last).company),
            coalesce((n.contact).reference, (n.last).reference), coalesce((n.contact).field_1, (n.last).field_1),
            coalesce((n.contact).field_2, (n.last).field_2), coalesce((n.contact).field_3, (n.last).field_3),
            coalesce((n.contact).field_4, (n.last).field_4), coalesce((n.contact).field_5, (n.last).field_5),
            coalesce((n.contact).field_6, (n.last).field_6), coalesce((n.contact).field_7, (n.last).field_7),
            coalesce((n.contact).field_8, (n.last).field_8), coalesce((n.contact).field_9, (n.last).field_9),
            coalesce((n.contact).field_10, (n.last).field_10), coalesce((n.contact).field_11, (n.last).field_11),
            coalesce((n.contact).field_12, (n.last).field_12), coalesce((n.contact).field_13, (n.last).field_13),
            coalesce((n.contact).field_14, (n.last).field_14), coalesce((n.contact).field_15, (n.last).field_15)
        FROM numbered AS n
        -- In one order, so that two calls with the same reactions wait for each other and never crosswise.
        ORDER BY n.campaign_id, n.contact_id, n.medium, n.kind, n.occurred_at, n.reaction_id
        ON CONFLICT (account_id, campaign_id, contact_id, medium, kind, occurred_at) DO NOTHING
        RETURNING reaction_id
    ), opted_out AS (
        SELECT n.medium, a.address, n.occurred_at
        FROM kept AS k
        JOIN numbered AS n ON n.reaction_id = k.reaction_id
        CROSS JOIN LATERAL unnest(n.addresses) AS a (address)
        WHERE n.kind = 'optout'
    )
    SELECT
        (SELECT count(*) FROM kept),
        (
            SELECT jsonb_agg(jsonb_build_object('position', place, 'sqlstate', sqlstate, 'message', message) ORDER BY place)
            FROM found
            WHERE message IS NOT NULL
        ),
        o.media, o.addresses, o.times
    INTO recorded, faults, media, addresses, times
    FROM (
        SELECT array_agg(medium) AS media, array_agg(address) AS addresses, array_agg(occurred_at) AS times FROM opted_out
    ) AS o;
    IF media IS NOT NULL THEN
        PERFORM contactsync.opt_out_addresses(keep_reactions.account_id, media, addresses, times);
    END IF;
END
$$;

-- Deactivate addresses for campaigns. Internal: see keep_reactions.
CREATE FUNCTION opt_out_addresses(account_id bigint, media text[], addresses text[], times timestamptz[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    WITH changed AS (
        INSERT INTO contactsync.opt_out AS o (account_id, medium, address, origin, since)
        SELECT opt_out_addresses.account_id, f.medium, f.address, 'campaign', min(f.occurred_at)
        FROM unnest(media, addresses, times) AS f (medium, address, occurred_at)
        GROUP BY f.medium, f.address
        -- In one order, here and wherever rows of opt_out are locked: two transactions never wait crosswise.
        ORDER BY f.medium COLLATE "C", f.address COLLATE "C"
        -- Also locks the row if nothing is to change, so that no opt-in can overlook a newer opt-out.
        ON CONFLICT (account_id, medium, address) DO UPDATE SET latest = excluded.since
            WHERE greatest(o.since, o.latest) < excluded.since
        RETURNING medium, address, since, latest
    )
    INSERT INTO contactsync.consent_event (account_id, medium, address, kind, origin, occurred_at)
    SELECT opt_out_addresses.account_id, medium, address, 'optout', 'campaign', since
    FROM changed
    WHERE latest IS NULL;

    -- Several opt-outs of one address in one call: the earliest has deactivated it.
    UPDATE contactsync.opt_out AS o
    SET latest = f.newest
    FROM (
        SELECT u.medium, u.address, max(u.occurred_at) AS newest
        FROM unnest(media, addresses, times) AS u (medium, address, occurred_at)
        GROUP BY u.medium, u.address
        HAVING max(u.occurred_at) > min(u.occurred_at)
    ) AS f
    WHERE
        o.account_id = opt_out_addresses.account_id AND o.medium = f.medium AND o.address = f.address
        AND greatest(o.since, o.latest) < f.newest;
END
$$;

-- Record many reactions of one account, all or none: a JSON array of objects with campaign_id, contact_id, medium, kind,
-- occurred_at and, optionally, the address that was mailed. Returns how many are new; the others were recorded before.
-- The error lists the faults with their positions, the first 100; it has the SQLSTATE of the first: 22023 (not valid),
-- 22004 (something is missing), 23503 (no such campaign or contact), 23514 (an opt-out without an address).
-- No message holds anything of a contact but its id.
CREATE OR REPLACE FUNCTION record_reactions(account_id bigint, reactions jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kept record := contactsync.keep_reactions(account_id, reactions);
BEGIN
    IF kept.faults IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = kept.faults -> 0 ->> 'sqlstate',
            MESSAGE = (
                SELECT string_agg(format('reaction %s: %s', f.position, f.message), '; ' ORDER BY f.position)
                FROM jsonb_to_recordset(kept.faults) AS f (position bigint, message text)
                WHERE f.position <= (kept.faults -> least(99, jsonb_array_length(kept.faults) - 1) ->> 'position')::bigint
            ) || CASE WHEN jsonb_array_length(kept.faults) > 100
                      THEN format('; and %s more', jsonb_array_length(kept.faults) - 100) ELSE '' END;
    END IF;
    RETURN kept.recorded;
END
$$;

-- Record those reactions that are valid, and return the others: position in the array (from 1), SQLSTATE and message.
-- Otherwise like record_reactions.
CREATE FUNCTION try_record_reactions(account_id bigint, reactions jsonb)
RETURNS TABLE ("position" bigint, sqlstate text, message text)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT f.position, f.sqlstate, f.message
    FROM contactsync.keep_reactions(account_id, reactions) AS k
    CROSS JOIN LATERAL jsonb_to_recordset(coalesce(k.faults, '[]')) AS f (position bigint, sqlstate text, message text)
    ORDER BY f.position
$$;

-- Record one reaction; see record_reactions.
CREATE OR REPLACE FUNCTION record_reaction(
    account_id bigint, campaign_id bigint, contact_id bigint, medium text, kind text, occurred_at timestamptz
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kept record := contactsync.keep_reactions(account_id, jsonb_build_array(jsonb_build_object(
        'campaign_id', campaign_id, 'contact_id', contact_id, 'medium', medium, 'kind', kind,
        'occurred_at', occurred_at
    )));
BEGIN
    IF kept.faults IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = kept.faults -> 0 ->> 'sqlstate', MESSAGE = kept.faults -> 0 ->> 'message';
    END IF;
END
$$;

DROP FUNCTION refuse_unknown(bigint, jsonb);
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA contactsync FROM PUBLIC;

-- Whoever could do something before this migration still can, whatever the role is called.
DO $$
DECLARE
    given record;
BEGIN
    FOR given IN
        WITH right_of AS (
            SELECT c.relname::text AS object, a.privilege_type, a.grantee, c.relowner AS owner
            FROM pg_class AS c
            CROSS JOIN LATERAL aclexplode(c.relacl) AS a
            WHERE c.relnamespace = 'contactsync'::regnamespace
            UNION ALL
            SELECT p.proname, a.privilege_type, a.grantee, p.proowner
            FROM pg_proc AS p
            CROSS JOIN LATERAL aclexplode(p.proacl) AS a
            WHERE p.pronamespace = 'contactsync'::regnamespace
        )
        SELECT
            n.new, CASE r.grantee WHEN 0 THEN 'PUBLIC' ELSE r.grantee::regrole::text END AS role
        FROM right_of AS r
        JOIN (VALUES
            ('record_reactions', 'EXECUTE', 'EXECUTE ON FUNCTION contactsync.try_record_reactions(bigint, jsonb)'),
            ('campaign_id_seq', 'USAGE', 'EXECUTE ON FUNCTION contactsync.next_campaign_id()'),
            ('contact_status', 'SELECT', 'SELECT ON contactsync.list_address'),
            ('opt_out', 'DELETE', 'UPDATE ON contactsync.opt_out')
        ) AS n (object, privilege, new) ON n.object = r.object AND n.privilege = r.privilege_type
        WHERE r.grantee <> r.owner
    LOOP
        EXECUTE format('GRANT %s TO %s', given.new, given.role);
    END LOOP;
END
$$;
