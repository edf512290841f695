-- `contactsync person` shows the history of consent: a role that may add to it may also read it.

SET LOCAL search_path TO contactsync;

DO $$
DECLARE
    given record;
BEGIN
    FOR given IN
        SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS role
        FROM pg_class AS c
        CROSS JOIN LATERAL aclexplode(c.relacl) AS a
        WHERE
            c.oid = 'contactsync.consent_event'::regclass AND a.privilege_type = 'INSERT' AND a.grantee <> c.relowner
    LOOP
        EXECUTE format('GRANT SELECT ON contactsync.consent_event TO %s', given.role);
    END LOOP;
END
$$;
