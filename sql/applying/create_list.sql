-- Create a list, even if the name exists.
INSERT INTO contactsync.contact_list (account_id, name, created_at)
VALUES (%(account_id)s, %(name)s, %(now)s)
RETURNING list_id;
