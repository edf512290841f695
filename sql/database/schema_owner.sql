-- Check whether the schema contactsync belongs to a role.
SELECT pg_get_userbyid(nspowner) = %(owner)s AS owned FROM pg_namespace WHERE nspname = 'contactsync';
