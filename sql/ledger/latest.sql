-- Select when each account's last deposit of each action was applied, and when one was last refused; null if never.
SELECT a.name AS account, k.action, applied.finished_at AS ok, refused.finished_at AS ko
FROM contactsync.account AS a
CROSS JOIN unnest(%(actions)s::text[]) AS k (action)
LEFT JOIN LATERAL (
    SELECT d.finished_at
    FROM contactsync.deposit AS d
    WHERE d.account_id = a.account_id AND d.action = k.action AND d.state = 'ok' AND NOT d.dry_run
    ORDER BY d.finished_at DESC
    LIMIT 1
) AS applied ON true
LEFT JOIN LATERAL (
    SELECT d.finished_at
    FROM contactsync.deposit AS d
    WHERE d.account_id = a.account_id AND d.action = k.action AND d.state = 'ko' AND NOT d.dry_run
    ORDER BY d.finished_at DESC
    LIMIT 1
) AS refused ON true
WHERE applied.finished_at IS NOT NULL OR refused.finished_at IS NOT NULL
ORDER BY a.account_id, k.action;
