-- Count that the merge of an unfinished deposit timed out. Returns how often it has.
UPDATE contactsync.deposit
SET merge_timeouts = merge_timeouts + 1
WHERE account_id = %(account_id)s AND deposit_id = %(deposit_id)s AND state = 'on'
RETURNING merge_timeouts;
