-- Delete the list that the import made.
DELETE FROM contactsync.contact_list
WHERE account_id = %(account_id)s AND list_id = %(list_id)s AND %(list_is_new)s;
