-- keep_reactions_days and keep_consent_days: a role that removes old rows of the ledger may also remove old reactions
-- and old events of consent.

SET LOCAL search_path TO contactsync;

DO $$
DECLARE
    given record;
BEGIN
    FOR given IN
        SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS role
        FROM pg_class AS c
        CROSS JOIN LATERAL aclexplode(c.relacl) AS a
        WHERE c.oid = 'contactsync.deposit'::regclass AND a.privilege_type = 'DELETE' AND a.grantee <> c.relowner
    LOOP
        EXECUTE format('GRANT DELETE ON contactsync.consent_event, contactsync.reaction TO %s', given.role);
    END LOOP;
END
$$;
