-- Delete the contacts that the import added.
DELETE FROM contactsync.contact
WHERE account_id = %(account_id)s AND contact_id > %(first)s AND contact_id <= %(last)s;
