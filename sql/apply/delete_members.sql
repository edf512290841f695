-- Contacts that are deleted leave their lists.
DELETE FROM contactsync.list_member AS m
USING contactsync.contact_list AS l, target AS t
WHERE l.account_id = %(account_id)s AND m.account_id = %(account_id)s AND m.list_id = l.list_id
    AND m.contact_id = t.contact_id;
