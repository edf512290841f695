-- Reactions are recorded by function only: the functions run with their owner's rights, the callers lose their own.
--
-- A definer's function must not find an object of the caller first, so its search path is pinned.
-- Every role that may insert reactions directly (as README granted it before) may call the functions instead.

ALTER FUNCTION contactsync.record_reactions(bigint, jsonb) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION contactsync.record_reaction(bigint, bigint, bigint, text, text, timestamptz)
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION contactsync.refuse_unknown(bigint, jsonb) SET search_path = pg_catalog, pg_temp;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA contactsync FROM PUBLIC;

DO $$
DECLARE
    role text;
BEGIN
    FOR role IN
        SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END
        FROM pg_class AS c
        CROSS JOIN LATERAL aclexplode(c.relacl) AS a
        WHERE
            c.oid = 'contactsync.reaction'::regclass AND a.privilege_type = 'INSERT' AND a.grantee <> c.relowner
    LOOP
        EXECUTE format(
            'REVOKE INSERT ON contactsync.reaction, contactsync.opt_out, contactsync.consent_event FROM %s CASCADE', role
        );
        IF role <> 'PUBLIC' THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION contactsync.record_reactions(bigint, jsonb), '
                'contactsync.record_reaction(bigint, bigint, bigint, text, text, timestamptz) TO %s', role);
        END IF;
    END LOOP;
END
$$;
