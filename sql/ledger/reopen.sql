-- Put a deposit that was closed as vanished in progress again: its file was found in on/.
UPDATE contactsync.deposit
SET state = 'on', reason = NULL, finished_at = NULL, result = NULL, stage_ms = NULL, attempts = 0, merge_timeouts = 0,
    tidied_at = NULL
WHERE account_id = %(account_id)s AND deposit_id = %(deposit_id)s AND state = 'ko' AND reason = 'vanished';
