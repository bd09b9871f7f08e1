#!/bin/sh
# Starts Redis under the contract of the official image: options alone mean the server, and root gives itself up.
set -e

if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then
  set -- redis-server "$@"
fi
if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
  find . \! -user redis -exec chown redis '{}' +
  exec setpriv --reuid=redis --regid=redis --init-groups --no-new-privs -- "$0" "$@"
fi
if [ "$1" = redis-server ] && [ "$(umask)" = 0022 ]; then umask 0077; fi

# The official build leaves protected mode off: other containers may connect without a password.
case "$*" in
  redis-server*protected-mode*) ;;
  redis-server*) set -- "$@" --protected-mode no ;;
esac
exec "$@"
