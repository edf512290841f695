-- Select the newest list with a name, and the id of the newest contact ever: the contacts that follow have higher ones.
SELECT list_id, pg_sequence_last_value('contactsync.contact_id_seq'::regclass) AS last_contact_id
FROM contactsync.contact_list
WHERE account_id = %(account_id)s AND name = %(name)s
ORDER BY list_id DESC
LIMIT 1;
