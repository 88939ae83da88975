#!/bin/sh
# Runs the flows of specs/ on the demo and compares what was found with what was planted.
set -u

twinshot=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Whatever the caller's environment says of addresses and filters does not concern the demo.
unset TWINSHOT_BASELINE TWINSHOT_CANDIDATE TWINSHOT_BASELINE_URL TWINSHOT_CANDIDATE_URL TWINSHOT_QUIET \
    TWINSHOT_CONFIG TWINSHOT_VIEWPORT TWINSHOT_LAST_FAILED TWINSHOT_MAX_FAILURES TWINSHOT_FORMAT TWINSHOT_REPORTS

{ "$twinshot" test; echo $? >"$work/exit"; } | tee "$work/out"

sed -n -e 's/^✗ \(.*\) @desktop .*/\1/p' -e 's/^[!+] \(.*\) @desktop .*/\1/p' "$work/out" | sort -u >"$work/found"
sort -u src/demo/planted.txt >"$work/planted"
if [ "$(cat "$work/exit")" = 1 ] && cmp -s "$work/planted" "$work/found"; then
    echo "demo: exactly the planted differences were found"
else
    echo "demo: what was found (right) is not what was planted (left):" >&2
    diff -y -W 100 "$work/planted" "$work/found" >&2
    exit 1
fi
