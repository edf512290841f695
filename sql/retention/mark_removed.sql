-- Record that the files of these deposits were removed.
UPDATE contactsync.deposit
SET tidied_at = %(now)s
WHERE account_id = %(account_id)s AND deposit_id = ANY(%(deposit_ids)s) AND state <> 'on';
