#!/usr/bin/env bash
# Unpack etcd and HAProxy of Debian or Ubuntu, with the libraries that this machine lacks, into the folder that is named.
# Unpacked, not installed: their packages would start services of their own.
set -euo pipefail
into=$(mkdir -p "$1" && cd "$1" && pwd)
if command -v etcd >/dev/null && command -v haproxy >/dev/null; then exit 0; fi
if [ -x "$into/usr/bin/etcd" ] && [ -x "$into/usr/sbin/haproxy" ]; then exit 0; fi
if ! command -v apt-get >/dev/null; then
  echo "Not here: etcd and HAProxy. Tests that need them are skipped; install them to run everything." >&2
  exit 0
fi
[ "$(id -u)" -ne 0 ] || apt-get update -qq || true
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
chmod 777 .  # apt downloads as a user of its own
packages=$(apt-get install --simulate --no-install-recommends etcd-server haproxy | awk '$1 == "Inst" {print $2}')
# shellcheck disable=SC2086  # one word for each package
if apt-get download -qq $packages >/dev/null; then
  for package in ./*.deb; do dpkg -x "$package" "$into"; done
else
  echo "Not to be had here: etcd-server and haproxy. Tests that need them are skipped." >&2
fi
