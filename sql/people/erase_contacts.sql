-- Delete these contacts.
DELETE FROM contactsync.contact
WHERE account_id = %(account_id)s AND contact_id = ANY(%(contact_ids)s::bigint[]);
