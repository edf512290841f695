-- What every session of a worker has: its staging tables, emptied by each commit. No name but ours in the path.
-- Nothing here is to outlive the session, so its commit waits for no disk and for no standby: where one is missing,
-- each session given up would leave behind a process of the server that waits for ever.
SET LOCAL synchronous_commit = off;

-- A merge joins a file with what it may meet. Nested loops make that quadratic where statistics are stale (they lag
-- behind a big import), and take hours; where little is to be found in much, apply.py asks for it by ANY (ARRAY …).
SET enable_nestloop = off;
CREATE TEMP TABLE staged_contact (
    line        integer,
    identity    text COLLATE "C",
    kept        smallint,
    civility    text,
    first_name  text,
    last_name   text,
    email       text,
    phone       text,
    mobile      text,
    fax         text,
    address_1   text,
    address_2   text,
    postal_code text,
    city        text,
    state       text,
    country     text,
    birth_date  date,
    company     text,
    reference   text,
    field_1     text,
    field_2     text,
    field_3     text,
    field_4     text,
    field_5     text,
    field_6     text,
    field_7     text,
    field_8     text,
    field_9     text,
    field_10    text,
    field_11    text,
    field_12    text,
    field_13    text,
    field_14    text,
    field_15    text
) ON COMMIT DELETE ROWS;
-- Addresses, identities to delete, or references to spare, according to the deposit.
CREATE TEMP TABLE staged_key (key text COLLATE "C") ON COMMIT DELETE ROWS;
-- The contacts that staged rows meet; `differs` where the row changes the contact.
CREATE TEMP TABLE target (line integer, contact_id bigint, differs boolean) ON COMMIT DELETE ROWS;
