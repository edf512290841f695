-- An address that was opted out again meanwhile: keep the older opt-out too. The newest time is never lowered.
UPDATE contactsync.opt_out AS o
SET origin = b.origin, since = least(o.since, b.since),
    latest = nullif(greatest(o.since, o.latest, b.since, b.latest), least(o.since, b.since))
FROM contactsync.opt_out_before AS b
WHERE
    b.account_id = %(account_id)s AND b.deposit_id = %(deposit_id)s
    AND o.account_id = %(account_id)s AND o.medium = b.medium AND o.address = b.address;
