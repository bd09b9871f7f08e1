#!/usr/bin/env bash
# Starts PostgreSQL. Its volume used to be mounted on the data folder itself: what lies there moves to PGDATA, in an instant.
set -euo pipefail

volume=${VOLUME:-/var/lib/postgresql}
# Whatever was moved first, a move that was cut off is ended: else an empty database would be made.
if [ ! -e "$PGDATA" ] && { [ -e "$volume/PG_VERSION" ] || [ -e "$PGDATA.moved" ]; }; then
  mkdir -p "$PGDATA.moved"
  find "$volume" -mindepth 1 -maxdepth 1 ! -name "[0-9]*" ! -name data -exec mv -t "$PGDATA.moved/" {} +
  chmod 0700 "$PGDATA.moved"
  mv "$PGDATA.moved" "$PGDATA"
fi
# Else an empty database would be made in the place of the one that a restore has moved aside.
if [ ! -e "$PGDATA" ] && compgen -G "$(dirname "$PGDATA")/before-*" >/dev/null; then
  echo "A restore was interrupted: \`fab restore --back\` puts the database back in its place." >&2
  exit 1
fi
# Nor in the place of one of another version; the one that an upgrade makes beside it is wanted.
if [ ! -e "$PGDATA" ] && [ -z "${BESIDE_ANOTHER:-}" ] && compgen -G "$volume/*/data/PG_VERSION" >/dev/null; then
  echo "The database is of another version of PostgreSQL: \`fab upgrade-database\` upgrades it." >&2
  exit 1
fi
exec docker-entrypoint.sh "$@"
