-- Select the lists that have one of these contacts.
SELECT l.list_id, l.name, m.contact_id
FROM contactsync.list_member AS m
JOIN contactsync.contact_list AS l ON l.account_id = m.account_id AND l.list_id = m.list_id
WHERE m.account_id = %(account_id)s AND m.contact_id = ANY(%(contact_ids)s::bigint[])
ORDER BY l.list_id, m.contact_id;
