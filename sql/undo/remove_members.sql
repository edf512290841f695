-- Take the contacts that the import added to its list off it: the new ones, and those that were contacts before.
-- If the import made the list, take everybody off it.
DELETE FROM contactsync.list_member AS m
WHERE
    m.account_id = %(account_id)s AND m.list_id = %(list_id)s
    AND (
        %(list_is_new)s
        OR (m.contact_id > %(first)s AND m.contact_id <= %(last)s)
        OR m.contact_id IN (
            SELECT contact_id FROM contactsync.member_before
            WHERE
                account_id = %(account_id)s AND deposit_id = %(deposit_id)s AND list_id = %(list_id)s
                AND NOT was_member
        )
    );
