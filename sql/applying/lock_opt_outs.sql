-- Lock the opt-outs of the file's addresses, and mark those that are younger than the opt-in.
-- A campaign may be about to renew one: the lock waits for it, and then sees the newer time.
INSERT INTO target (key, differs)
SELECT address, greatest(since, latest) > %(asked_at)s
FROM contactsync.opt_out
WHERE account_id = %(account_id)s AND medium = %(medium)s AND address IN (SELECT key FROM staged_key)
    AND {looked_up}
-- The same order as in record_reactions: transactions on the same addresses cannot deadlock.
ORDER BY address
FOR UPDATE;
