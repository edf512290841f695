-- Changes whenever anything about any account does: the daemon asks for it often, and for the accounts only then.
SELECT md5(coalesce(string_agg(account::text, E'\n' ORDER BY account_id), '')) AS fingerprint
FROM contactsync.account;
