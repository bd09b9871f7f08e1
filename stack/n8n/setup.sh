#!/bin/sh
# Imports our nodes, credentials and workflows into n8n, and publishes those workflows whose secrets are there.
# `setup.sh --pending` only says whether there is anything to import.
#
# It runs while n8n is stopped: an import unpublishes, and a running n8n would not see what is published after it. It
# always ends with 0, so that n8n starts in any case: what went wrong is printed, and kept in setup.problems.
set -u
umask 077

here=$(cd "$(dirname "$0")" && pwd)
home=${N8N_USER_FOLDER:-$HOME}/.n8n
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: >"$work/problems"
mkdir -p "$home"

problem() {
  echo "$1" | tee -a "$work/problems" >&2
}

# n8n's commands end with 0 even where they fail, so what they print decides.
n8n_says() {
  expected=$1
  shift
  n8n "$@" >"$work/output" 2>&1 </dev/null
  grep -q "$expected" "$work/output"
}

prepare() {
  node "$here/prepare.cjs" "$@"
}

fingerprint=$(prepare fingerprint "$here") || fingerprint=
if [ -n "$fingerprint" ] && [ "$(cat "$home/setup.done" 2>/dev/null)" = "$fingerprint" ]; then
  is_done=yes
else
  is_done=
fi
if [ "${1:-}" = --pending ]; then
  [ -n "$is_done" ] || echo "There is something to import."
  exit 0
fi
if prepare is-running "${N8N_ADDRESS:-http://n8n:5678}"; then
  if [ -n "$is_done" ]; then
    echo "All workflows are imported."
  else
    echo "n8n runs, so nothing was imported: stop it, and start the stack again." >&2
  fi
  exit 0
fi

rm -f "$home/setup.done"
rm -rf "$home/custom"
cp -R "$here/nodes" "$home/custom" || problem "Our nodes cannot be copied to $home/custom."
prepare files "$here" "$work" 2>"$work/refused" || problem "The credentials and workflows cannot be prepared."
while read -r line; do problem "$line"; done <"$work/refused"

reason() {
  grep '"level":"error"' "$work/output" | tail -n 1 | sed 's/.*"message":"\([^"]*\)".*/\1/' | grep . || echo "n8n gave no reason"
}

import_workflows() {
  n8n_says "Successfully imported" import:workflow --separate --input="$work/workflows"
}

n8n_says "Successfully imported" import:credentials --separate --input="$work/credentials" ||
  problem "The credentials were not imported: $(reason)"
# Until n8n was started once, it refuses to import over a published workflow, as it knows no rights yet.
import_workflows && imported=yes
if [ -z "${imported:-}" ] && grep -q "permission to deactivate" "$work/output"; then
  while read -r id _; do n8n unpublish:workflow --id="$id" >/dev/null 2>&1 </dev/null; done <"$work/workflow-ids"
  import_workflows && imported=yes
fi
if [ -n "${imported:-}" ]; then
  while read -r id; do
    if n8n_says "Publishing workflow with ID: $id" publish:workflow --id="$id" && ! grep -q "GOT ERROR" "$work/output"; then
      echo "Published $id."
    else
      problem "The workflow $id was not published: $(reason)"
    fi
  done <"$work/publish"
  while read -r id missing; do
    echo "Imported $id, and left it unpublished: $missing is not set up."
  done <"$work/unpublished"
else
  problem "The workflows were not imported: $(reason)"
fi

cp "$work/problems" "$home/setup.problems"
[ -s "$work/problems" ] || echo "$fingerprint" >"$home/setup.done"
exit 0
