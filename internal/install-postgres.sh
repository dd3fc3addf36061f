#!/bin/sh
# Installs PostgreSQL, which the tests start for themselves, where it is missing and a package manager is at hand.
set -eu
[ -z "${FIELDWARD_TEST_POSTGRES:-}" ] || exit 0
if command -v initdb >/dev/null && command -v postgres >/dev/null; then
	exit 0
fi
for found in /usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb /usr/libexec/postgresql*/initdb /usr/local/pgsql/bin/initdb \
	/opt/homebrew/opt/postgresql@*/bin/initdb /usr/local/opt/postgresql@*/bin/initdb; do
	[ ! -x "$found" ] || exit 0
done
as_root=""
[ "$(id -u)" = 0 ] || as_root=sudo
if command -v apt-get >/dev/null; then
	$as_root apt-get update -qq
	DEBIAN_FRONTEND=noninteractive $as_root apt-get install -qq -y --no-install-recommends postgresql >/dev/null
elif command -v dnf >/dev/null; then
	$as_root dnf install -q -y postgresql-server >/dev/null
elif command -v apk >/dev/null; then
	$as_root apk add -q postgresql >/dev/null
elif command -v brew >/dev/null; then
	brew install -q postgresql@17 >/dev/null
else
	echo "The tests need PostgreSQL 15 or later, and none was found." >&2
	echo "Install it, or set FIELDWARD_TEST_POSTGRES to the URL of a superuser." >&2
	exit 1
fi
