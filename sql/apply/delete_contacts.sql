-- The contacts that the file met.
DELETE FROM contactsync.contact AS c
USING target AS t
WHERE c.account_id = %(account_id)s AND c.contact_id = t.contact_id;
