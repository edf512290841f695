-- Select the recorded days of an account.
SELECT day, since, until, published_at
FROM contactsync.report_day
WHERE account_id = %(account_id)s
ORDER BY day;
