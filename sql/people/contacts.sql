-- Select the contacts that have one of these addresses, numbers or references, without their empty columns.
SELECT c.contact_id, jsonb_strip_nulls(to_jsonb(c)) - '{account_id, contact_id, identity}'::text[] AS data
FROM contactsync.contact AS c
WHERE c.account_id = %(account_id)s AND (
    c.email = ANY(%(emails)s::text[]) OR c.phone = ANY(%(numbers)s::text[])
    OR c.mobile = ANY(%(numbers)s::text[]) OR c.reference = ANY(%(references)s::text[])
)
ORDER BY c.contact_id;
