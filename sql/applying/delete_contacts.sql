-- Delete the matched contacts.
DELETE FROM contactsync.contact
WHERE account_id = %(account_id)s AND contact_id IN (SELECT contact_id FROM target) AND {looked_up};
