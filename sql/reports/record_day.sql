-- Record what a day's report contains.
-- If nothing has changed, the time stays that of the first report: hosts with folders of their own then do not take
-- each other's reports for newer ones.
INSERT INTO contactsync.report_day AS d (
    account_id, day, time_zone, since, until, published_at, reactions, reaction_ids
)
VALUES (
    %(account_id)s, %(day)s, %(time_zone)s, %(since)s, %(until)s, %(published_at)s, %(reactions)s, %(reaction_ids)s
)
ON CONFLICT (account_id, day) DO UPDATE SET
    time_zone = excluded.time_zone,
    since = excluded.since,
    until = excluded.until,
    published_at = excluded.published_at,
    reactions = excluded.reactions,
    reaction_ids = excluded.reaction_ids
WHERE
    d.published_at IS NULL
    OR d.published_at < d.until
    OR (d.since, d.until, d.reactions, d.reaction_ids)
    <> (excluded.since, excluded.until, excluded.reactions, excluded.reaction_ids);
