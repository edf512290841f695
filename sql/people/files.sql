-- Select a batch of the settled deposits whose files are kept, oldest first.
SELECT deposit_id, action, name_bytes, claimed_name, claimed_bytes, state, reason, deposited_at
FROM contactsync.deposit
WHERE
    account_id = %(account_id)s AND state <> 'on' AND tidied_at IS NULL AND size_bytes > 0
    AND deposit_id > %(after)s
ORDER BY deposit_id
LIMIT 1000;
