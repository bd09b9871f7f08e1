#!/usr/bin/env bash
# Makes database and roles on a server whose administrator is no superuser, as on RDS; it changes nothing when run again, but
# the passwords, to those of now. It connects as PGUSER (PGHOST, PGPORT, PGPASSWORD) and takes the passwords of the roles from
# OWNER_DATABASE_URL, APP_DATABASE_URL, WORKER_DATABASE_URL and BACKUP_DATABASE_URL.
set -euo pipefail
umask 077

for name in PGHOST PGUSER OWNER_DATABASE_URL APP_DATABASE_URL WORKER_DATABASE_URL BACKUP_DATABASE_URL; do
  if [ -z "${!name:-}" ]; then
    echo "$name is not set: the database is made by its administrator, with the passwords of the four roles." >&2
    exit 1
  fi
done

SECRETS=$(mktemp -d)
trap 'rm -rf "$SECRETS"' EXIT
for role in owner app worker backup; do
  name="${role^^}_DATABASE_URL"
  if ! [[ ${!name} =~ ^postgres(ql)?://invoices_${role}:([^:@/%]+)@ ]]; then
    echo "$name is not an address such as postgresql://invoices_$role:PASSWORD@HOST/invoices." >&2
    exit 1
  fi
  printf %s "${BASH_REMATCH[2]}" >"$SECRETS/invoices_$role"
done

database=${POSTGRES_DB:-invoices}
# Sorted as on one server. Before version 17 PostgreSQL has no such order of its own, and takes the machine's.
psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --dbname postgres --set database="$database" <<'SQL'
SELECT format('CREATE DATABASE %I TEMPLATE template0 ENCODING ''UTF8'' %s', :'database',
  CASE WHEN current_setting('server_version_num')::int >= 170000 THEN 'LOCALE_PROVIDER builtin BUILTIN_LOCALE ''C.UTF-8'''
  ELSE 'LOCALE ''C.UTF-8''' END)
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database')
\gexec
SQL

# For the largest cluster, and twice its tasks during a deploy: 6 of the app with 2 processes of 8 threads and one that
# writes errors down, 4 of the worker with 7 connections. All roles together have fewer than the smallest instance allows.
export DB_APP_CONNECTIONS=${DB_APP_CONNECTIONS:-110} DB_WORKER_CONNECTIONS=${DB_WORKER_CONNECTIONS:-30}
SECRETS=$SECRETS POSTGRES_USER=$PGUSER POSTGRES_DB=$database "${ROLES_SCRIPT:-/usr/local/lib/invoices/10-roles.sh}"
