-- Every contact that the file met is on its new list: nobody can be on it yet, so nothing needs to be looked up.
INSERT INTO contactsync.list_member (account_id, list_id, contact_id)
SELECT %(account_id)s, %(list_id)s, contact_id FROM target;
