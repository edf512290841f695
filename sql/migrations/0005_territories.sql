-- Bring stored values to the amended protocol 3, and add the order of day and month in an account's dates.
--
-- Territories of the French dialling plan share their numbers: +33690123456 is +590690123456, and +262612345678 is
-- +33612345678. Addresses of contacts, opt-outs and consent events are converted, and the keys made of them. References
-- are composed (NFC). Nothing is changed if two contacts would become one: the error lists them by their ids.
-- The patterns are libphonenumber's on the day of this file; tests/integration/database compares them with the code.

SET LOCAL search_path TO contactsync;

ALTER TABLE account ADD COLUMN date_order text NOT NULL DEFAULT 'dmy' CHECK (date_order IN ('dmy', 'mdy'));

-- Where a national number is valid: it matches both patterns. Codes are tried in this order, France first.
CREATE TEMPORARY TABLE plan ON COMMIT DROP AS
SELECT * FROM (
    VALUES
        (1, 33,
         '^(?:[1-9]\d{8})$',
         '^(?:(?:26[013-9]|59[1-35-9])\d{6}|(?:[13]\d|2[0-57-9]|4[1-9]|5[0-8])\d{7}|'
      || '(?:6(?:[0-24-8]\d|3[0-8]|9[589])|7[3-9]\d)\d{6}|836(?:0[0-36-9]|[1-9]\d)\d{4}|'
      || '8(?:1[2-9]|2[2-47-9]|3[0-57-9]|[569]\d|8[0-35-9])\d{6}|80[0-5]\d{6}|8(?:1[01]|'
      || '2[0156]|4[024]|84)\d{6}|9\d{8}|80[6-9]\d{6})$'),
        (2, 590,
         '^(?:7090\d{5}|(?:[56]9|[89]\d)\d{7})$',
         '^(?:(?:59(?:0(?:0[1-68]|[14][0-24-9]|2[0-68]|3[1-9]|5[3-579]|[68][0-689]|7[08]|9\d)|'
      || '87\d)|80[6-9]\d\d)\d{4}|(?:69(?:0\d\d|1(?:2[2-9]|3[0-5]))|7090[0-4])\d{4}|'
      || '8[129]\d{7}|80[0-5]\d{6}|9(?:(?:39[5-7]|76[018])\d|475[0-6])\d{4})$'),
        (3, 590,
         '^(?:7090\d{5}|(?:[56]9|[89]\d)\d{7})$',
         '^(?:(?:59(?:0(?:2[7-9]|3[3-7]|5[12]|87)|87\d)|80[6-9]\d\d)\d{4}|(?:69(?:0\d\d|'
      || '1(?:2[2-9]|3[0-5]))|7090[0-4])\d{4}|8[129]\d{7}|80[0-5]\d{6}|9(?:(?:39[5-7]|'
      || '76[018])\d|475[0-6])\d{4})$'),
        (4, 590,
         '^(?:7090\d{5}|(?:[56]9|[89]\d)\d{7})$',
         '^(?:(?:59(?:0(?:0[079]|[14]3|[27][79]|3[03-7]|5[0-268]|87)|87\d)|80[6-9]\d\d)\d{4}|'
      || '(?:69(?:0\d\d|1(?:2[2-9]|3[0-5]))|7090[0-4])\d{4}|8[129]\d{7}|80[0-5]\d{6}|'
      || '9(?:(?:39[5-7]|76[018])\d|475[0-6])\d{4})$'),
        (5, 594,
         '^(?:(?:694\d|7093)\d{5}|(?:59|[89]\d)\d{7})$',
         '^(?:(?:59(?:4(?:[02-49]\d|1[0-5]|5[6-9]|6[0-3]|80)|88\d)|80[6-9]\d\d)\d{4}|'
      || '(?:694(?:[0-249]\d|3[0-8])|7093[0-3])\d{4}|8[129]\d{7}|80[0-5]\d{6}|9(?:(?:396|'
      || '76\d)\d|476[0-6])\d{4})$'),
        (6, 262,
         '^(?:709\d{6}|(?:26|[689]\d)\d{7})$',
         '^(?:2631[0-6]\d{4}|26(?:2\d|30|88)\d{5}|(?:69(?:2\d\d|3(?:[06][0-6]|1[0-3]|2[0-2]|'
      || '3[0-39]|4\d|5[0-5]|7[0-37]|8[0-8]|9[0-479]))|7092[0-3])\d{4}|89[1-37-9]\d{6}|'
      || '80\d{7}|8(?:1[019]|2[0156]|84|90)\d{6}|9(?:399[0-3]|479[0-6]|76(?:2[278]|'
      || '3[0-37]))\d{4})$'),
        (7, 262,
         '^(?:(?:639\d|7093)\d{5}|(?:26|80|9\d)\d{7})$',
         '^(?:26(?:89\d|9(?:0[0-467]|15|5[0-4]|6\d|[78]0))\d{4}|(?:639(?:0[0-79]|1[019]|'
      || '[267]\d|3[09]|40|5[05-9]|9[04-79])|7093[5-7])\d{4}|80\d{7}|9(?:(?:39|47)8[01]|'
      || '769\d)\d{4})$'),
        (8, 596,
         '^(?:7091\d{5}|(?:[56]9|[89]\d)\d{7})$',
         '^(?:(?:59(?:6(?:[03-7]\d|1[05]|2[7-9]|8[0-39]|9[04-9])|89\d)|80[6-9]\d\d|'
      || '9(?:477[6-9]|767[4589]))\d{4}|(?:69[67]\d\d|7091[0-3])\d{4}|8[129]\d{7}|'
      || '80[0-5]\d{6}|9(?:397[0-3]|477[0-5]|76(?:6\d|7[0-367]))\d{4})$'),
        (9, 508,
         '^(?:[78]\d{8}|[2-9]\d{5})$',
         '^(?:80[6-9]\d{6}|(?:[236-9]\d|4[1-35-9]|5[0-47-9])\d{4}|708(?:4[0-5]|5[0-6])\d{4}|'
      || '(?:[236-9]\d|4[02-489]|5[02-9])\d{4}|8[129]\d{7}|80[0-5]\d{6})$')
) AS p (place, code, general, types);

CREATE TEMPORARY TABLE moved ON COMMIT DROP AS
WITH stored AS (
    SELECT phone AS address FROM contact WHERE phone ~ '^[+](33|590|594|262|596|508)[0-9]+$'
    UNION
    SELECT mobile FROM contact WHERE mobile ~ '^[+](33|590|594|262|596|508)[0-9]+$'
    UNION
    SELECT address FROM opt_out WHERE address ~ '^[+](33|590|594|262|596|508)[0-9]+$'
    UNION
    SELECT address FROM consent_event WHERE address ~ '^[+](33|590|594|262|596|508)[0-9]+$'
), parted AS (
    SELECT address, (substring(address FROM '^[+](33|590|594|262|596|508)'))::int AS code,
           regexp_replace(address, '^[+](33|590|594|262|596|508)', '') AS national
    FROM stored
)
SELECT s.address AS old, '+' || v.code || s.national AS new
FROM parted AS s
CROSS JOIN LATERAL (
    -- Valid under its own code, or the first one under which it is valid.
    SELECT p.code FROM plan AS p
    WHERE s.national ~ p.general AND s.national ~ p.types
    ORDER BY p.code <> s.code, p.place
    LIMIT 1
) AS v
WHERE v.code <> s.code;

-- The keys of contacts that change, before and after.
CREATE TEMPORARY TABLE changed ON COMMIT DROP AS
SELECT c.account_id, c.contact_id, a.dedup,
       coalesce(p.new, c.phone) AS phone, coalesce(m.new, c.mobile) AS mobile,
       CASE WHEN a.dedup = 'triplet' AND c.identity IS NOT NULL
            THEN concat_ws('|', coalesce(c.email, ''), coalesce(p.new, c.phone, ''), coalesce(m.new, c.mobile, ''))
            ELSE c.identity END AS identity,
       c.reference
FROM contact AS c
JOIN account AS a ON a.account_id = c.account_id
LEFT JOIN moved AS p ON p.old = c.phone
LEFT JOIN moved AS m ON m.old = c.mobile
WHERE p.old IS NOT NULL OR m.old IS NOT NULL;

DO $$
DECLARE
    clashes text;
BEGIN
    -- Only a database in UTF-8 can hold accents that are written apart, and only there does PostgreSQL compose them.
    IF getdatabaseencoding() = 'UTF8' THEN
        INSERT INTO changed
        SELECT c.account_id, c.contact_id, a.dedup, c.phone, c.mobile,
               CASE WHEN a.dedup = 'reference' AND c.identity IS NOT NULL
                    THEN normalize(c.identity, NFC) ELSE c.identity END,
               normalize(c.reference, NFC)
        FROM contact AS c
        JOIN account AS a ON a.account_id = c.account_id
        WHERE c.reference IS NOT NULL AND c.reference IS NOT NFC NORMALIZED
          AND NOT EXISTS (
              SELECT FROM changed AS o WHERE o.account_id = c.account_id AND o.contact_id = c.contact_id);
        UPDATE changed
        SET reference = normalize(reference, NFC),
            identity = CASE WHEN dedup = 'reference' THEN normalize(identity, NFC) ELSE identity END
        WHERE reference IS NOT NULL AND reference IS NOT NFC NORMALIZED;
    END IF;

    WITH after AS (
        SELECT account_id, contact_id, identity FROM changed WHERE identity IS NOT NULL
        UNION ALL
        SELECT c.account_id, c.contact_id, c.identity
        FROM contact AS c
        WHERE c.identity IS NOT NULL
          AND EXISTS (
              SELECT FROM changed AS n WHERE n.account_id = c.account_id AND n.identity = c.identity)
          AND NOT EXISTS (
              SELECT FROM changed AS o WHERE o.account_id = c.account_id AND o.contact_id = c.contact_id)
    ), clash AS (
        SELECT account_id, string_agg(contact_id::text, ' and ' ORDER BY contact_id) AS contacts
        FROM after
        GROUP BY account_id, identity
        HAVING count(*) > 1
    )
    SELECT string_agg(format('account %s: contacts %s', account_id, contacts), '; ' ORDER BY account_id, contacts)
    INTO clashes
    FROM clash;
    IF clashes IS NOT NULL THEN
        RAISE EXCEPTION 'these contacts would become one (delete or correct all but one of each): %', clashes
            USING ERRCODE = 'unique_violation';
    END IF;
END
$$;

UPDATE contact AS c
SET phone = n.phone, mobile = n.mobile, reference = n.reference, identity = n.identity
FROM changed AS n
WHERE c.account_id = n.account_id AND c.contact_id = n.contact_id;

-- An address that is opted out under both forms stays opted out, since the first time.
UPDATE opt_out AS kept
SET since = least(kept.since, gone.since)
FROM opt_out AS gone
JOIN moved ON moved.old = gone.address
WHERE kept.account_id = gone.account_id AND kept.medium = gone.medium AND kept.address = moved.new;

DELETE FROM opt_out AS gone
USING moved
WHERE gone.address = moved.old
  AND EXISTS (
      SELECT FROM opt_out AS kept
      WHERE kept.account_id = gone.account_id AND kept.medium = gone.medium AND kept.address = moved.new);

-- Several old forms may have the same new one.
DELETE FROM opt_out AS gone
USING moved AS a, moved AS b, opt_out AS kept
WHERE gone.address = a.old AND kept.address = b.old AND a.new = b.new AND a.old <> b.old
  AND kept.account_id = gone.account_id AND kept.medium = gone.medium
  AND (kept.since, kept.address) < (gone.since, gone.address);

UPDATE opt_out SET address = moved.new FROM moved WHERE opt_out.address = moved.old;
UPDATE consent_event SET address = moved.new FROM moved WHERE consent_event.address = moved.old;
