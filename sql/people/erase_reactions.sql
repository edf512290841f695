-- Delete the reactions of these contacts or addresses, with the copy of the contact that each holds.
DELETE FROM contactsync.reaction AS r
WHERE r.account_id = %(account_id)s AND (
    r.contact_id = ANY(%(contact_ids)s::bigint[]) OR r.email = ANY(%(emails)s::text[])
    OR r.phone = ANY(%(numbers)s::text[]) OR r.mobile = ANY(%(numbers)s::text[])
    OR r.reference = ANY(%(references)s::text[])
);
