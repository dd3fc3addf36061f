#!/bin/sh
# modernc.org/sqlite works with exactly the modernc.org/libc that it was generated against.
set -eu
wanted=$(grep -o 'modernc.org/libc v[^ ]*' "$(go list -m -f '{{.GoMod}}' modernc.org/sqlite)" | cut -d ' ' -f 2)
have=$(go list -m -f '{{.Version}}' modernc.org/libc)
if [ "$wanted" != "$have" ]; then
	echo "modernc.org/libc is $have, and modernc.org/sqlite wants exactly $wanted" >&2
	exit 1
fi
