-- `contactsync undo`: what a deposit changed, as it was before. The merge's own statements write it, and the retention
-- (undo_days) deletes it.

SET LOCAL search_path TO contactsync;

ALTER TABLE deposit
    -- When the effects were undone; the state stays.
    ADD COLUMN undone_at timestamptz,
    -- What is needed to undo the deposit, and to know whether it is in the way of another one; null: it cannot be undone.
    -- An import: `first` and `last` (its new contacts have ids above the one, up to the other), `matched_first` and
    -- `matched_last` (between which the contacts are that it found), `list_is_new`. A delete: `missed`, its rows that met
    -- nobody. All: `dedup`, the account's criterion.
    ADD COLUMN undo jsonb;
CREATE INDEX deposit_undoable ON deposit (account_id, finished_at, deposit_id) WHERE undo IS NOT NULL;

-- Contacts as they were before a deposit changed them (the columns of its file) or deleted them (all but the empty ones).
CREATE TABLE contact_before (
    account_id bigint NOT NULL,
    deposit_id bigint NOT NULL,
    contact_id bigint NOT NULL,
    image      jsonb NOT NULL,
    PRIMARY KEY (account_id, deposit_id, contact_id)
);

-- Memberships that a deposit removed (`was_member`) or added to a list that existed.
CREATE TABLE member_before (
    account_id bigint NOT NULL,
    deposit_id bigint NOT NULL,
    list_id    bigint NOT NULL,
    contact_id bigint NOT NULL,
    was_member boolean NOT NULL,
    PRIMARY KEY (account_id, deposit_id, list_id, contact_id)
);

-- Opt-outs that a deposit removed.
CREATE TABLE opt_out_before (
    account_id bigint NOT NULL,
    deposit_id bigint NOT NULL,
    medium     text NOT NULL,
    address    text COLLATE "C" NOT NULL,
    origin     text NOT NULL,
    since      timestamptz NOT NULL,
    latest     timestamptz,
    PRIMARY KEY (account_id, deposit_id, medium, address)
);

-- To undo an opt-in opts the address out again.
ALTER TABLE consent_event
    DROP CONSTRAINT consent_event_origin_check,
    ADD CONSTRAINT consent_event_origin_check CHECK (origin IN ('file', 'campaign', 'undo'));

-- A role that merges deposits may also undo them.
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
        EXECUTE format(
            'GRANT SELECT, INSERT, DELETE ON contactsync.contact_before, contactsync.member_before, '
            'contactsync.opt_out_before TO %s', given.role
        );
        EXECUTE format('GRANT DELETE ON contactsync.contact_list TO %s', given.role);
    END LOOP;
END
$$;
