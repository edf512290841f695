-- Delete these deposits from the ledger.
-- consent_event keeps their ids, because it is append-only.
DELETE FROM contactsync.deposit
WHERE account_id = %(account_id)s AND deposit_id = ANY(%(deposit_ids)s) AND state <> 'on';
