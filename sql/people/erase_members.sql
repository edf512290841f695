-- Remove these contacts from every list of the account.
DELETE FROM contactsync.list_member
WHERE
    account_id = %(account_id)s AND contact_id = ANY(%(contact_ids)s::bigint[])
    AND list_id IN (SELECT list_id FROM contactsync.contact_list WHERE account_id = %(account_id)s);
