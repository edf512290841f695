-- Select the published days of an account.
SELECT day, since, until, published_at
FROM contactsync.report_day
WHERE account_id = %(account_id)s AND published_at IS NOT NULL
ORDER BY day;
