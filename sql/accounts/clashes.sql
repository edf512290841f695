-- Find contacts that would share a key under another criterion, one group per row.
-- The keys are those of rekey.sql.
SELECT (array_agg(contact_id ORDER BY contact_id))[1:5] AS contact_ids, count(*) AS contacts
FROM (
    SELECT
        contact_id,
        CASE %(dedup)s::text
            WHEN 'reference' THEN reference
            ELSE nullif(coalesce(email, '') || '|' || coalesce(phone, '') || '|' || coalesce(mobile, ''), '||')
        END COLLATE "C" AS identity
    FROM contactsync.contact
    WHERE account_id = %(account_id)s
        AND (%(dedup)s = 'triplet' OR (%(dedup)s = 'reference' AND char_length(reference) <= 255))
) AS keyed
WHERE identity IS NOT NULL
GROUP BY identity
HAVING count(*) > 1
ORDER BY min(contact_id);
