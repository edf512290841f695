-- Count what is old enough to remove: deposits with files, their size in bytes, ledger rows and reactions.
SELECT settled.*, old.reactions
FROM (
    SELECT
        count(*) FILTER (WHERE due_settled AND tidied_at IS NULL)                              AS files,
        coalesce(sum(size_bytes) FILTER (WHERE due_settled AND tidied_at IS NULL), 0)::bigint  AS bytes,
        count(*) FILTER (WHERE due_history)                                                    AS rows
    FROM (
        SELECT
            tidied_at,
            size_bytes,
            %(settled_days)s::int > 0
                AND finished_at < least(statement_timestamp(), %(now)s) - make_interval(days => %(settled_days)s)
                AS due_settled,
            %(history_days)s::int > 0
                AND finished_at < least(statement_timestamp(), %(now)s) - make_interval(days => %(history_days)s)
                AS due_history
        FROM contactsync.deposit
        WHERE account_id = %(account_id)s AND state <> 'on'
    ) AS due
) AS settled
CROSS JOIN (
    SELECT count(*) AS reactions
    FROM contactsync.reaction
    WHERE
        account_id = %(account_id)s AND %(reactions_days)s::int > 0
        AND occurred_at < least(statement_timestamp(), %(now)s) - make_interval(days => %(reactions_days)s)
) AS old;
