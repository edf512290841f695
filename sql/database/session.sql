-- Set up a worker's session: staging tables that each commit empties.
-- This file is ASCII: it is sent before the database's encoding is checked.
-- The search path contains only pg_temp and pg_catalog (database/connection.py sets it).
-- Nothing here must outlive the session, so its commit waits for neither disk nor standby: if a
-- standby is missing, each abandoned session would leave a server process that never ends.
SET LOCAL synchronous_commit = off;

-- A merge joins a file with the rows that it may match. If statistics are stale (they lag behind a
-- large import), nested loops make that join quadratic, and it takes hours. To find a few rows
-- among many, applying/look_up.py uses ANY (ARRAY ...) instead.
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
-- Addresses, identities to delete, or references to keep, depending on the action. References to keep have no line.
CREATE TEMP TABLE staged_key (key text COLLATE "C", line integer) ON COMMIT DELETE ROWS;
-- The contacts that staged rows match. An import has the line, and in `differs` whether the row changes the contact;
-- a delete has the key. An opt-in has the key, and in `differs` whether the opt-out is younger.
CREATE TEMP TABLE target (
    line       integer,
    contact_id bigint,
    differs    boolean,
    key        text COLLATE "C"
) ON COMMIT DELETE ROWS;
