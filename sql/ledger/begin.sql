-- Record a deposit's first attempt, or another attempt of an unfinished one.
-- Returns no row if the deposit is already finished.
INSERT INTO contactsync.deposit AS d (
    account_id, action, name, name_bytes, claimed_name, claimed_bytes, deposited_at, claimed_at, size_bytes,
    sha256, mode, retry_of, first_deposited_at, place, attempts
)
VALUES (
    %(account_id)s, %(action)s, %(name)s, %(name_bytes)s, %(claimed_name)s, %(claimed_bytes)s, %(deposited_at)s,
    %(claimed_at)s, %(size_bytes)s, %(sha256)s, %(mode)s, %(retry_of)s, %(first_deposited_at)s,
    %(place)s, 1
)
ON CONFLICT (account_id, action, claimed_bytes) DO UPDATE
SET attempts = d.attempts + %(count)s, place = excluded.place
WHERE d.state = 'on'
RETURNING d.deposit_id, d.attempts;
