#!/bin/sh
# Installs Chromium, in which the tests open the GraphiQL page, where a package manager is at hand.
set -eu
if ! command -v apt-get >/dev/null; then
	echo "The tests open a page in Chromium, and there is none on the PATH." >&2
	echo "Install it, or set FIELDWARD_TEST_CHROMIUM to the program." >&2
	exit 1
fi
as_root=""
[ "$(id -u)" = 0 ] || as_root=sudo
$as_root apt-get update -qq
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -qq -y --no-install-recommends chromium >/dev/null
