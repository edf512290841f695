-- Create a list, even if the name exists; returns also the id of the newest contact ever.
INSERT INTO contactsync.contact_list (account_id, name, created_at)
VALUES (%(account_id)s, %(name)s, %(now)s)
RETURNING list_id, pg_sequence_last_value('contactsync.contact_id_seq'::regclass) AS last_contact_id;
