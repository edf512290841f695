-- Give an account's contacts the keys of a criterion, as reading/validate.py computes them.
-- A contact that no row can match gets no key.
UPDATE contactsync.contact
SET identity = CASE %(dedup)s::text
        WHEN 'reference' THEN reference
        ELSE nullif(coalesce(email, '') || '|' || coalesce(phone, '') || '|' || coalesce(mobile, ''), '||')
    END
WHERE account_id = %(account_id)s
    AND (%(dedup)s = 'triplet' OR (%(dedup)s = 'reference' AND char_length(reference) <= 255));
