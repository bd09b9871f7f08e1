#!/usr/bin/env bash
# Install the Debian packages that tests use, where that is possible without asking: as root, with apt-get.
# Elsewhere the tests that need them are skipped and say so.
set -euo pipefail

is_there() {
  case "$1" in
    postgresql) compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || command -v initdb >/dev/null ;;
    e2fsprogs) test -x /sbin/mkfs.ext4 ;;
    openssh-client) command -v ssh >/dev/null ;;
    nftables) command -v nft >/dev/null ;;
    iproute2) command -v ip >/dev/null ;;
    fail2ban) command -v fail2ban-regex >/dev/null ;;
    poppler-utils) command -v pdftotext >/dev/null ;;
    openssh-server) test -x /usr/sbin/sshd ;;
    dovecot-imapd) test -x /usr/lib/dovecot/imap ;;
    chromium) command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

missing=()
for package in "$@"; do
  is_there "$package" || missing+=("$package")
done
[ "${#missing[@]}" -gt 0 ] || exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "Not here: ${missing[*]}. Tests that need them are skipped; install them to run everything." >&2
  exit 0
fi
echo "Installing ${missing[*]} …"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq || true
# A cluster of the package's own is not wanted: the tests start throw-away ones.
mkdir -p /etc/postgresql-common
[ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
for package in "${missing[@]}"; do
  case "$package" in
    qemu-system-x86_64) package=qemu-system-x86 ;;
    qemu-img) package=qemu-utils ;;
  esac
  apt-get install -y -qq --no-install-recommends "$package" >/dev/null ||
    echo "Not to be had here: $package. Tests that need it are skipped." >&2
done
