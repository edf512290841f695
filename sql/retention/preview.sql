-- Count what is old enough to remove: deposits with files, their size in bytes, and ledger rows.
SELECT
    count(*) FILTER (WHERE due_settled AND tidied_at IS NULL)                              AS files,
    coalesce(sum(size_bytes) FILTER (WHERE due_settled AND tidied_at IS NULL), 0)::bigint  AS bytes,
    count(*) FILTER (WHERE due_history)                                                    AS rows
FROM (
    SELECT
        tidied_at,
        size_bytes,
        %(settled_days)s::int > 0
            AND finished_at < least(statement_timestamp(), %(now)s) - make_interval(days => %(settled_days)s) AS due_settled,
        %(history_days)s::int > 0
            AND finished_at < least(statement_timestamp(), %(now)s) - make_interval(days => %(history_days)s) AS due_history
    FROM contactsync.deposit
    WHERE account_id = %(account_id)s AND state <> 'on'
) AS settled;
