-- Count an account's deposits in the ledger: those in progress, and those settled since a time.
SELECT
    count(*) FILTER (WHERE state = 'on')                                     AS in_work,
    coalesce(max(attempts) FILTER (WHERE state = 'on'), 0)                   AS attempts,
    count(*) FILTER (WHERE state = 'ok' AND NOT dry_run AND finished_at >= %(since)s) AS ok_today,
    count(*) FILTER (WHERE state = 'ko' AND NOT dry_run AND finished_at >= %(since)s) AS ko_today
FROM contactsync.deposit
WHERE account_id = %(account_id)s AND (state = 'on' OR finished_at >= %(since)s);
