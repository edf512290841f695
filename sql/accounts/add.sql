-- A new account; no row comes back where the name is taken.
INSERT INTO contactsync.account ({columns}) VALUES ({values})
ON CONFLICT (name) DO NOTHING
RETURNING account_id;
