-- Count the members of a list, and those that mode 3 would remove: see remove_others.
SELECT (
    SELECT count(*) FROM contactsync.list_member
    WHERE account_id = %(account_id)s AND list_id = %(list_id)s
) AS total, (
    SELECT count(*) FROM (
        SELECT contact_id FROM contactsync.list_member
        WHERE account_id = %(account_id)s AND list_id = %(list_id)s
        EXCEPT
        SELECT contact_id FROM target
        EXCEPT
        SELECT c.contact_id
        FROM staged_key AS k
        JOIN contactsync.contact AS c ON c.account_id = %(account_id)s AND c.identity = k.key
    ) AS others
) AS removed;
