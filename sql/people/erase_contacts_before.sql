-- Delete what deposits have kept of these contacts, or of contacts that had these addresses.
DELETE FROM contactsync.contact_before
WHERE account_id = %(account_id)s AND (
    contact_id = ANY(%(contact_ids)s::bigint[]) OR contact_id IN (
        SELECT contact_id FROM contactsync.contact_before
        WHERE account_id = %(account_id)s AND (
            image ->> 'email' = ANY(%(emails)s::text[])
            OR image ->> 'phone' = ANY(%(numbers)s::text[]) OR image ->> 'mobile' = ANY(%(numbers)s::text[])
            OR image ->> 'reference' = ANY(%(references)s::text[])
        )
    )
);
