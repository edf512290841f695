-- Record a deposit's first attempt, or another attempt of an unfinished one.
-- Returns no row if the deposit is already finished; else also the first deposit of the same file that was applied.
INSERT INTO contactsync.deposit AS d (
    account_id, action, name, name_bytes, claimed_name, claimed_bytes, deposited_at, claimed_at, size_bytes,
    sha256, mode, retry_of, first_deposited_at, place, confirmed, dry_run, attempts
)
VALUES (
    %(account_id)s, %(action)s, %(name)s, %(name_bytes)s, %(claimed_name)s, %(claimed_bytes)s, %(deposited_at)s,
    %(claimed_at)s, %(size_bytes)s, %(sha256)s, %(mode)s, %(retry_of)s, %(first_deposited_at)s,
    %(place)s, %(confirmed)s, %(dry_run)s, 1
)
ON CONFLICT (account_id, action, claimed_bytes) DO UPDATE
SET attempts = d.attempts + %(count)s, place = excluded.place
WHERE d.state = 'on'
RETURNING d.deposit_id, d.attempts, d.confirmed, (
    SELECT jsonb_build_object('claimed_name', f.claimed_name, 'deposited_at', f.deposited_at)
    FROM contactsync.deposit AS f
    WHERE
        f.account_id = %(account_id)s AND f.sha256 = %(sha256)s AND f.state = 'ok' AND f.action = %(action)s
        AND f.name_bytes = %(applied_name_bytes)s AND NOT f.dry_run AND f.undone_at IS NULL AND f.finished_at > %(repeated_since)s
    ORDER BY f.deposit_id
    LIMIT 1
) AS repeats;
