-- Give the contacts that the import changed the values that they had, in the columns of its file.
UPDATE contactsync.contact AS c
SET updated_at = %(now)s, {assigned}
FROM contactsync.contact_before AS b
JOIN contactsync.contact AS now ON now.account_id = %(account_id)s AND now.contact_id = b.contact_id
CROSS JOIN LATERAL jsonb_populate_record(now, b.image) AS r
WHERE
    b.account_id = %(account_id)s AND b.deposit_id = %(deposit_id)s
    AND c.account_id = %(account_id)s AND c.contact_id = b.contact_id AND {changed} AND {looked_up};
