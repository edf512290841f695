-- Remove the contacts to be deleted from their lists.
DELETE FROM contactsync.list_member
WHERE account_id = %(account_id)s
    AND list_id = ANY (ARRAY(SELECT list_id FROM contactsync.contact_list WHERE account_id = %(account_id)s))
    AND contact_id IN (SELECT contact_id FROM target)
    AND {looked_up};
