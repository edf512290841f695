-- The newest migration that the database has.
SELECT name FROM contactsync.schema_migration ORDER BY version DESC LIMIT 1;
