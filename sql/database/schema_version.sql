-- Select the newest migration in the database.
SELECT name FROM contactsync.schema_migration ORDER BY version DESC LIMIT 1;
