-- Compute a value that changes whenever any account changes; the daemon polls it.
-- The daemon reads the accounts only after this value has changed.
SELECT md5(coalesce(string_agg(account::text, E'\n' ORDER BY account_id), '')) AS fingerprint
FROM contactsync.account;
