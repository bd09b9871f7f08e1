#!/usr/bin/env bash
# Starts PostgreSQL under the contract of the official image: what it reads, what it makes, as whom it runs.
set -Eeo pipefail

# NAME, or the content of the file that NAME_FILE names, or a default; never both.
file_env() {
  local name="$1" of_file="${1}_FILE" default="${2:-}"
  if [ "${!name:-}" ] && [ "${!of_file:-}" ]; then
    printf >&2 'error: both %s and %s are set (but are exclusive)\n' "$name" "$of_file"
    exit 1
  fi
  local value="$default"
  if [ "${!name:-}" ]; then
    value="${!name}"
  elif [ "${!of_file:-}" ]; then
    value="$(<"${!of_file}")"
  fi
  export "$name"="$value"
  unset "$of_file"
}

create_directories() {
  mkdir -p "$PGDATA" /var/run/postgresql
  chmod 00700 "$PGDATA" || :
  chmod 03775 /var/run/postgresql || :
  if [ -n "${POSTGRES_INITDB_WALDIR:-}" ]; then
    mkdir -p "$POSTGRES_INITDB_WALDIR"
    chmod 700 "$POSTGRES_INITDB_WALDIR"
  fi
  if [ "$(id -u)" = 0 ]; then
    find "$PGDATA" /var/run/postgresql ${POSTGRES_INITDB_WALDIR:+"$POSTGRES_INITDB_WALDIR"} \
      \! -user postgres -exec chown postgres '{}' +
  fi
}

read_settings() {
  file_env POSTGRES_PASSWORD
  file_env POSTGRES_USER postgres
  file_env POSTGRES_DB "$POSTGRES_USER"
  file_env POSTGRES_INITDB_ARGS
  : "${POSTGRES_HOST_AUTH_METHOD:=}"
  is_initialised=
  if [ -s "$PGDATA/PG_VERSION" ]; then is_initialised=yes; fi
}

refuse_without_a_password() {
  if [ -z "$POSTGRES_PASSWORD" ] && [ "$POSTGRES_HOST_AUTH_METHOD" != trust ]; then
    echo >&2 'Error: Database is uninitialized and superuser password is not specified.'
    echo >&2 '       Set POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE to a non-empty value.'
    exit 1
  fi
}

initialise() {
  # Words of initdb's options, as the official image reads them.
  eval 'initdb --username="$POSTGRES_USER" --pwfile=<(printf "%s\n" "$POSTGRES_PASSWORD") '"$(waldir)$POSTGRES_INITDB_ARGS"
  local method="$POSTGRES_HOST_AUTH_METHOD"
  : "${method:=$(postgres -C password_encryption)}"
  printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
}

waldir() {
  if [ -n "${POSTGRES_INITDB_WALDIR:-}" ]; then printf -- '--waldir %q ' "$POSTGRES_INITDB_WALDIR"; fi
}

# The words that the server is started with, without `postgres` itself; reachable by its socket alone.
temporary_server_start() {
  if [ "${1:-}" = postgres ]; then shift; fi
  set -- "$@" -c listen_addresses='' -p "${PGPORT:-5432}"
  PGUSER="${PGUSER:-$POSTGRES_USER}" NOTIFY_SOCKET='' pg_ctl -D "$PGDATA" -o "$(printf '%q ' "$@")" -w start
}

temporary_server_stop() {
  PGUSER="${PGUSER:-postgres}" pg_ctl -D "$PGDATA" -m fast -w stop
}

sql() {
  PGHOST='' PGHOSTADDR='' psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --no-password --no-psqlrc "$@"
}

create_database() {
  local found
  found="$(sql --dbname postgres --set db="$POSTGRES_DB" --tuples-only <<<"SELECT 1 FROM pg_database WHERE datname = :'db'")"
  if [ -z "$found" ]; then
    sql --dbname postgres --set db="$POSTGRES_DB" <<<'CREATE DATABASE :"db"'
  fi
}

run_init_scripts() {
  local script
  for script; do
    case "$script" in
      *.sh)
        if [ -x "$script" ]; then
          echo "$0: running $script"
          "$script"
        else
          echo "$0: sourcing $script"
          # shellcheck disable=SC1090
          . "$script"
        fi ;;
      *.sql) echo "$0: running $script"; sql --dbname "$POSTGRES_DB" -f "$script" ;;
      *.sql.gz) echo "$0: running $script"; gunzip -c "$script" | sql --dbname "$POSTGRES_DB" ;;
      *.sql.xz) echo "$0: running $script"; xzcat "$script" | sql --dbname "$POSTGRES_DB" ;;
      *.sql.zst) echo "$0: running $script"; zstd -dc "$script" | sql --dbname "$POSTGRES_DB" ;;
      *) echo "$0: ignoring $script" ;;
    esac
  done
}

only_asks() {
  local word
  for word; do
    case "$word" in '-?' | --help | --describe-config | -V | --version) return 0 ;; esac
  done
  return 1
}

main() {
  if [ "${1:0:1}" = '-' ]; then set -- postgres "$@"; fi
  if [ "$1" = postgres ] && ! only_asks "$@"; then
    read_settings
    create_directories
    if [ "$(id -u)" = 0 ]; then exec gosu postgres "${BASH_SOURCE[0]}" "$@"; fi
    if [ -z "$is_initialised" ]; then
      refuse_without_a_password
      # Complains early where a script cannot be read.
      ls /docker-entrypoint-initdb.d/ >/dev/null
      initialise
      export PGPASSWORD="${PGPASSWORD:-$POSTGRES_PASSWORD}"
      temporary_server_start "$@"
      create_database
      run_init_scripts /docker-entrypoint-initdb.d/*
      temporary_server_stop
      unset PGPASSWORD
      printf '\nPostgreSQL init process complete; ready for start up.\n\n'
    else
      printf '\nPostgreSQL Database directory appears to contain a database; Skipping initialization\n\n'
    fi
  fi
  exec "$@"
}

main "$@"
