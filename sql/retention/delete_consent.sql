-- Delete these events of consent.
DELETE FROM contactsync.consent_event
WHERE account_id = %(account_id)s AND event_id = ANY(%(ids)s);
