-- Create the roles contactsync_migrator, contactsync_daemon and contactsync_sender, with exactly the rights they need.
--
-- A superuser runs it in contactsync's database: psql -1 -v ON_ERROR_STOP=1 -f roles.sql -d contactsync. The order does
-- not matter: before the first `contactsync migrate`, or on a database in use, whose objects then belong to the
-- migrator. It is safe to repeat. `contactsync migrate` repeats it as the migrator, for the objects of new migrations.
--
-- The roles can log in, but have no password yet: \password contactsync_daemon, or pg_hba.conf.

-- Two runs at once would fail on the same catalog rows.
SELECT pg_advisory_xact_lock(hashtextextended('contactsync roles', 0));

-- Roles are shared by all databases of a server, so another database's roles.sql may run at the same moment.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['contactsync_migrator', 'contactsync_daemon', 'contactsync_sender'] LOOP
        IF to_regrole(role) IS NULL THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I LOGIN', role);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;
END
$$;

-- The migrator owns the schema and everything in it. It needs no right on the database itself.
DO $$
DECLARE
    object record;
BEGIN
    IF to_regnamespace('contactsync') IS NULL THEN
        CREATE SCHEMA contactsync AUTHORIZATION contactsync_migrator;
    END IF;
    IF (SELECT nspowner FROM pg_namespace WHERE nspname = 'contactsync') <> 'contactsync_migrator'::regrole THEN
        ALTER SCHEMA contactsync OWNER TO contactsync_migrator;
    END IF;
    FOR object IN
        SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind, c.oid::regclass::text AS name
        FROM pg_class AS c
        WHERE
            c.relnamespace = 'contactsync'::regnamespace AND c.relkind IN ('r', 'p', 'S', 'v')
            AND c.relowner <> 'contactsync_migrator'::regrole
        UNION ALL
        SELECT 'ROUTINE', p.oid::regprocedure::text
        FROM pg_proc AS p
        WHERE p.pronamespace = 'contactsync'::regnamespace AND p.proowner <> 'contactsync_migrator'::regrole
    LOOP
        EXECUTE format('ALTER %s %s OWNER TO contactsync_migrator', object.kind, object.name);
    END LOOP;
END
$$;

-- Nobody may call a new function until it is granted below.
ALTER DEFAULT PRIVILEGES FOR ROLE contactsync_migrator REVOKE EXECUTE ON ROUTINES FROM PUBLIC;

REVOKE ALL ON SCHEMA contactsync FROM PUBLIC;
GRANT USAGE ON SCHEMA contactsync TO contactsync_daemon, contactsync_sender;

-- By default everybody may connect and make temporary tables; where that was revoked, the roles need it.
DO $$
DECLARE
    given record;
BEGIN
    FOR given IN
        SELECT g.role, g.privilege
        FROM (VALUES
            ('contactsync_migrator', 'CONNECT'),
            ('contactsync_daemon',   'CONNECT'),
            ('contactsync_daemon',   'TEMPORARY'),
            ('contactsync_sender',   'CONNECT')
        ) AS g (role, privilege)
        WHERE NOT has_database_privilege(g.role, current_database(), g.privilege)
    LOOP
        EXECUTE format('GRANT %s ON DATABASE %I TO %I', given.privilege, current_database(), given.role);
    END LOOP;
END
$$;

-- The rights, per object. An object that a later migration creates is skipped until then.
DO $$
DECLARE
    object record;
BEGIN
    FOR object IN
        SELECT o.kind, format('contactsync.%I', o.name) AS name, o.daemon, o.sender
        FROM (VALUES
            -- The daemon, and the commands, which use its role.                        The sending platform.
            ('TABLE',    'account',              'SELECT, INSERT, UPDATE',              'SELECT'),
            ('TABLE',    'campaign',             'SELECT',                              'SELECT, INSERT, UPDATE'),
            -- Never updated; keep_consent_days and keep_reactions_days delete.
            ('TABLE',    'consent_event',        'SELECT, INSERT, DELETE',              NULL),
            ('TABLE',    'contact',              'SELECT, INSERT, UPDATE, DELETE',      'SELECT'),
            ('TABLE',    'contact_before',       'SELECT, INSERT, DELETE',              NULL),
            ('TABLE',    'contact_list',         'SELECT, INSERT, DELETE',              'SELECT'),
            ('TABLE',    'contact_status',       NULL,                                  'SELECT'),
            ('TABLE',    'deposit',              'SELECT, INSERT, UPDATE, DELETE',      NULL),
            ('TABLE',    'erasure',              'SELECT, INSERT',                      NULL),
            ('TABLE',    'list_address',         NULL,                                  'SELECT'),
            ('TABLE',    'list_member',          'SELECT, INSERT, DELETE',              'SELECT'),
            ('TABLE',    'member_before',        'SELECT, INSERT, DELETE',              NULL),
            ('TABLE',    'opt_out',              'SELECT, INSERT, UPDATE, DELETE',      NULL),
            ('TABLE',    'opt_out_before',       'SELECT, INSERT, DELETE',              NULL),
            ('TABLE',    'reaction',             'SELECT, DELETE',                      NULL),
            ('TABLE',    'report_day',           'SELECT, INSERT, UPDATE, DELETE',      NULL),
            ('TABLE',    'schema_migration',     'SELECT',                              NULL),
            ('SEQUENCE', 'account_id_seq',       'USAGE',                               NULL),
            ('SEQUENCE', 'campaign_id_seq',      NULL,                                  'USAGE'),
            ('SEQUENCE', 'consent_event_id_seq', 'USAGE',                               NULL),
            ('SEQUENCE', 'contact_id_seq',       'USAGE',                               NULL),
            ('SEQUENCE', 'contact_list_id_seq',  'USAGE',                               NULL),
            ('SEQUENCE', 'deposit_id_seq',       'USAGE',                               NULL),
            ('SEQUENCE', 'erasure_id_seq',       'USAGE',                               NULL),
            ('SEQUENCE', 'reaction_id_seq',      NULL,                                  NULL)
        ) AS o (kind, name, daemon, sender)
        WHERE to_regclass(format('contactsync.%I', o.name)) IS NOT NULL
    LOOP
        EXECUTE format(
            'REVOKE ALL ON %s %s FROM PUBLIC, contactsync_daemon, contactsync_sender', object.kind, object.name
        );
        IF object.daemon IS NOT NULL THEN
            EXECUTE format('GRANT %s ON %s %s TO contactsync_daemon', object.daemon, object.kind, object.name);
        END IF;
        IF object.sender IS NOT NULL THEN
            EXECUTE format('GRANT %s ON %s %s TO contactsync_sender', object.sender, object.kind, object.name);
        END IF;
    END LOOP;

    -- The sender records reactions by function only; the functions run with the migrator's rights. So does the one that
    -- numbers a new campaign.
    REVOKE ALL ON ALL ROUTINES IN SCHEMA contactsync FROM PUBLIC, contactsync_daemon, contactsync_sender;
    FOR object IN
        SELECT oid::regprocedure AS name
        FROM pg_proc
        WHERE
            pronamespace = 'contactsync'::regnamespace
            AND proname IN ('next_campaign_id', 'record_reaction', 'record_reactions', 'try_record_reactions')
    LOOP
        EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO contactsync_sender', object.name);
    END LOOP;
END
$$;
