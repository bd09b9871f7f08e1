#!/usr/bin/env bash
# The roles of the services, with the passwords of this moment. PostgreSQL's image runs it when it makes the database;
# run it again after `invoices secrets --rotate database`: docker compose exec db bash /docker-entrypoint-initdb.d/10-roles.sh
# Where no superuser is to be had, as on RDS, its administrator runs it by `invoices-database-setup` (database-setup.sh).
set -euo pipefail

secrets=${SECRETS:-/run/secrets}
database=${POSTGRES_DB:-invoices}

# Passwords enter by psql's variables: no list of processes shows them, and the first lines keep them out of the log.
psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname "$database" \
  --set secrets="$secrets" --set database="$database" --set app_connections="${DB_APP_CONNECTIONS:-40}" \
  --set worker_connections="${DB_WORKER_CONNECTIONS:-20}" <<'SQL'
SET client_min_messages = 'warning';
SET password_encryption = 'scram-sha-256';
SELECT rolsuper AS is_superuser FROM pg_roles WHERE rolname = CURRENT_USER \gset
\if :is_superuser
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;
\set roles 'invoices_owner,invoices_app,invoices_worker,invoices_backup,invoices_n8n'
\set nothing_else 'NOSUPERUSER NOCREATEDB NOCREATEROLE'
\else
-- There is no n8n on such a server. A new role is nothing else by itself, and only a superuser may say so.
\set roles 'invoices_owner,invoices_app,invoices_worker,invoices_backup'
\set nothing_else ''
\endif

SELECT format('CREATE ROLE %I', role)
FROM unnest(string_to_array(:'roles', ',')) AS role
WHERE role NOT IN (SELECT rolname FROM pg_roles)
\gexec

-- An administrator that is no superuser may give away only what belongs to a role that it is a member of; and it keeps
-- a password of its own.
\if :is_superuser
\set file :secrets /postgres
\set password `cat :'file'`
SELECT CURRENT_USER AS superuser \gset
ALTER ROLE :"superuser" PASSWORD :'password';
\else
GRANT invoices_owner TO CURRENT_USER;
\endif

\set file :secrets /invoices_owner
\set password `cat :'file'`
ALTER ROLE invoices_owner LOGIN :nothing_else CONNECTION LIMIT 10 PASSWORD :'password';

\set file :secrets /invoices_app
\set password `cat :'file'`
ALTER ROLE invoices_app LOGIN :nothing_else CONNECTION LIMIT :app_connections PASSWORD :'password';

\set file :secrets /invoices_worker
\set password `cat :'file'`
ALTER ROLE invoices_worker LOGIN :nothing_else CONNECTION LIMIT :worker_connections PASSWORD :'password';

\set file :secrets /invoices_backup
\set password `cat :'file'`
ALTER ROLE invoices_backup LOGIN :nothing_else CONNECTION LIMIT 5 PASSWORD :'password';

-- What nobody waits for any more is not worth working on; nor may a transaction that was left open hold locks for ever.
ALTER ROLE invoices_app SET statement_timeout = '2min';
ALTER ROLE invoices_app SET idle_in_transaction_session_timeout = '2min';
ALTER ROLE invoices_worker SET idle_in_transaction_session_timeout = '10min';

-- Tables belong to the owner, as whom only `invoices migrate` connects; what the others may do is granted by it.
ALTER DATABASE :"database" OWNER TO invoices_owner;
ALTER SCHEMA public OWNER TO invoices_owner;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO invoices_app, invoices_worker, invoices_backup;
GRANT USAGE ON SCHEMA public TO invoices_app, invoices_worker, invoices_backup;
-- It marks the moment that a backup is compared with; what it reads is granted with the tables.
ALTER ROLE invoices_backup SET default_transaction_read_only = on;
\if :is_superuser
GRANT EXECUTE ON FUNCTION pg_create_restore_point(text), pg_switch_wal() TO invoices_backup;

-- n8n has a database of its own, which the app's roles cannot enter, as it cannot enter theirs. It is there on every
-- server, and empty where there is no automation.
\set file :secrets /invoices_n8n
\set password `cat :'file'`
ALTER ROLE invoices_n8n LOGIN :nothing_else CONNECTION LIMIT 10 PASSWORD :'password';
SELECT 'CREATE DATABASE n8n OWNER invoices_n8n' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'n8n')
\gexec
ALTER DATABASE n8n OWNER TO invoices_n8n;
REVOKE ALL ON DATABASE n8n FROM PUBLIC;
-- Backups read it, also what n8n makes later, in whatever schema; of the app's database they read every table anyway.
GRANT CONNECT ON DATABASE n8n TO invoices_backup;
GRANT pg_read_all_data TO invoices_backup;
\endif

-- Of these two, those that are the administrator's to close.
SELECT format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC', datname)
FROM pg_database WHERE datname IN ('postgres', 'template1') AND pg_has_role(datdba, 'USAGE')
\gexec
SQL
