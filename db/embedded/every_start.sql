-- What a cluster must have besides what it began with, asked for as superuser at each start: it may be older than this file.
DO $$
BEGIN
    -- Whom own-data transactions act as. Made here, the server's own role needs no CREATEROLE.
    IF to_regrole('app_user') IS NULL THEN
        CREATE ROLE app_user NOLOGIN;
    END IF;
    IF NOT pg_has_role('realtime', 'app_user', 'SET') THEN
        GRANT app_user TO realtime;
    END IF;
END $$;
