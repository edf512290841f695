-- Delete the events of consent of these addresses. Their opt-outs stay.
DELETE FROM contactsync.consent_event
WHERE account_id = %(account_id)s AND address = ANY(%(addresses)s::text[]);
