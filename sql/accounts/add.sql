-- Add an account; returns no row if the name exists.
INSERT INTO contactsync.account ({columns}) VALUES ({values})
ON CONFLICT (name) DO NOTHING
RETURNING account_id;
