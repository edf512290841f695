-- Delete what these deposits had kept.
DELETE FROM contactsync.member_before
WHERE account_id = %(account_id)s AND deposit_id = ANY(%(deposit_ids)s::bigint[]);
