-- Record a day that has expired without a record: which of its reactions a report may have had.
INSERT INTO contactsync.report_day (account_id, day, time_zone, since, until, reactions, reaction_ids)
VALUES (%(account_id)s, %(day)s, %(time_zone)s, %(since)s, %(until)s, %(reactions)s, -1)
ON CONFLICT DO NOTHING;
