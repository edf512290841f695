-- Of the next contacts, select those that are idle, and the last one looked at. A contact is idle if for so many days
-- it did not change, did not react, and no deposit was applied to any of its lists. To open a mail is no reaction here:
-- programs do that too (CNIL, deliberation 2021-131).
-- The earlier of two clocks counts, so that a host whose clock is ahead removes nothing too early.
WITH limits AS MATERIALIZED (
    SELECT least(statement_timestamp(), %(now)s) - make_interval(days => %(days)s) AS since
), batch AS MATERIALIZED (
    SELECT contact_id, updated_at
    FROM contactsync.contact
    WHERE account_id = %(account_id)s AND contact_id > %(after_id)s
    ORDER BY contact_id
    LIMIT %(count)s
), old AS MATERIALIZED (
    SELECT b.contact_id FROM batch AS b, limits AS l WHERE b.updated_at < l.since
), bounds AS MATERIALIZED (
    SELECT min(contact_id) AS first_id, max(contact_id) AS last_id FROM old
), active AS MATERIALIZED (
    SELECT r.contact_id
    FROM contactsync.campaign AS c
    CROSS JOIN bounds AS b
    CROSS JOIN limits AS l
    CROSS JOIN LATERAL (
        SELECT contact_id
        FROM contactsync.reaction
        WHERE
            account_id = %(account_id)s AND campaign_id = c.campaign_id
            AND contact_id BETWEEN b.first_id AND b.last_id AND occurred_at >= l.since AND kind <> 'opened'
    ) AS r
    WHERE c.account_id = %(account_id)s
    UNION
    SELECT m.contact_id
    FROM (
        SELECT DISTINCT d.list_id
        FROM contactsync.deposit AS d, limits AS l
        WHERE d.account_id = %(account_id)s AND d.state = 'ok' AND d.list_id IS NOT NULL AND d.finished_at >= l.since
    ) AS used
    CROSS JOIN bounds AS b
    CROSS JOIN LATERAL (
        SELECT contact_id
        FROM contactsync.list_member
        WHERE
            account_id = %(account_id)s AND list_id = used.list_id
            AND contact_id BETWEEN b.first_id AND b.last_id
    ) AS m
)
SELECT
    (SELECT count(*) FROM batch)                                                                    AS looked_at,
    (SELECT max(contact_id) FROM batch)                                                             AS last_id,
    (SELECT coalesce(array_agg(contact_id), '{}') FROM old WHERE contact_id NOT IN (SELECT contact_id FROM active)) AS ids;
