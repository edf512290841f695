-- Correct the times of reports that a clock which was ahead gave them.
UPDATE contactsync.report_day
SET published_at = %(now)s
WHERE account_id = %(account_id)s AND published_at > %(now)s;
