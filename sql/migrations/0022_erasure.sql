-- `contactsync person erase` leaves this entry, which says that somebody was erased, but not who.

SET LOCAL search_path TO contactsync;

CREATE SEQUENCE erasure_id_seq;
CREATE TABLE erasure (
    account_id     bigint NOT NULL REFERENCES account,
    erasure_id     bigint NOT NULL DEFAULT nextval('contactsync.erasure_id_seq'),
    erased_at      timestamptz NOT NULL,
    contacts       bigint NOT NULL,
    reactions      bigint NOT NULL,
    consent_events bigint NOT NULL,
    opt_outs_kept  bigint NOT NULL,
    PRIMARY KEY (account_id, erasure_id)
);

-- A role that removes contacts may also erase a person.
DO $$
DECLARE
    given record;
BEGIN
    FOR given IN
        SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS role
        FROM pg_class AS c
        CROSS JOIN LATERAL aclexplode(c.relacl) AS a
        WHERE c.oid = 'contactsync.contact'::regclass AND a.privilege_type = 'DELETE' AND a.grantee <> c.relowner
    LOOP
        EXECUTE format('GRANT SELECT, INSERT ON contactsync.erasure TO %s', given.role);
        EXECUTE format('GRANT USAGE ON SEQUENCE contactsync.erasure_id_seq TO %s', given.role);
    END LOOP;
END
$$;
