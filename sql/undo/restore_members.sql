-- Put contacts back on the lists that the deposit took them off. One that is gone meanwhile stays gone.
INSERT INTO contactsync.list_member (account_id, list_id, contact_id)
SELECT b.account_id, b.list_id, b.contact_id
FROM contactsync.member_before AS b
JOIN contactsync.contact AS c ON c.account_id = %(account_id)s AND c.contact_id = b.contact_id
JOIN contactsync.contact_list AS l ON l.account_id = %(account_id)s AND l.list_id = b.list_id
WHERE b.account_id = %(account_id)s AND b.deposit_id = %(deposit_id)s AND b.was_member
ON CONFLICT DO NOTHING;
