#!/bin/bash
# A root, two regional branches and four leaves, each a process of its own on this machine.
#   bash samples/ThreeRegions/tree.sh start|stop|status|walk      HAL_REGIONS: where their data is, default /tmp/hal-regions
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
silo=$here/../../src/Hal.Cache.Silo/bin/Release/net10.0/Hal.Cache.Silo.dll
home=${HAL_REGIONS:-/tmp/hal-regions}
base=${HAL_REGIONS_PORT:-6400}

# name, parent, and the place in the row of ports.
tree() {
  cat <<'TREE'
root - 0
europe root 1
america root 2
paris europe 3
berlin europe 4
boston america 5
austin america 6
TREE
}

# What the links between them are like, both ways: milliseconds, bytes a second, money for a GiB. Figures to plan by; nothing is slowed down to them.
links() {
  cat <<'LINKS'
root europe 40 125000000 0.02
root america 70 125000000 0.05
europe paris 2 1250000000 0
europe berlin 5 1250000000 0
america boston 2 1250000000 0
america austin 8 1250000000 0
root paris 42 125000000 0.02
root berlin 45 125000000 0.02
root boston 72 125000000 0.05
root austin 78 125000000 0.05
LINKS
}

port_of() { tree | while read -r name _ at; do if [ "$name" = "$1" ]; then echo $((base + at)); fi; done; }
plane=http://127.0.0.1:$((base + 100)) # the root's process hosts the control plane
cli() { local name=$1; shift; redis-cli -p "$(port_of "$name")" "$@"; }
counter() { cli "$1" HAL.INFO | paste - - | awk -v name="$2" '$1 == name { print $2; found = 1 } END { if (!found) print 0 }'; }
# Of a reply of nested maps, one name or value a line: these names with their values, a line for each time that the last of them comes.
pick() { awk -v names="$*" 'BEGIN { n = split(names, a); for (i in a) is[a[i]] = 1 } ($0 in is) { k = $0; getline; printf "%s%s=%s", s, k, $0; s = "  "; if (k == a[n]) { print ""; s = "" } }'; }
one() { awk -v name="$1" '!found && $0 == name { getline; print; found = 1 }'; } # reads to the end, so that nobody writes into a closed pipe
say() { printf '\n== %s\n' "$*"; }
die() { echo "FAILED: $*" >&2; exit 1; }
same() { [ "$1" = "$2" ] || die "$3: wanted '$2', got '$1'"; echo "$3: $1"; }

peers() { tree | while read -r name _ at; do if [ "$name" != "$1" ]; then printf -- '--peer\n%s=127.0.0.1:%s\n' "$name" $((base + at)); fi; done; }

start_one() {
  local name=$1 parent=$2 at=$3 place
  mkdir -p "$home/$name"
  mapfile -t others < <(peers "$name")
  case $parent in
    -) place=(--role root --origin "data/=file://$home/origin?freshness=immutable") ;;
    root) place=(--role branch --parent root --control-plane "$plane") ;;
    *) place=(--role leaf --parent "$parent" --root root --control-plane "$plane") ;;
  esac
  dotnet exec "$silo" --name "$name" "${place[@]}" --listen "127.0.0.1:$((base + at))" --http "127.0.0.1:$((base + 100 + at))" \
    --data "$home/$name/data" --memory 128mb --disk 512mb --cluster-secret "$home/secret" "${others[@]}" > "$home/$name/log" 2>&1 < /dev/null &
  echo $! > "$home/$name/pid"
}

wait_for() {
  for _ in $(seq 600); do
    if [ "$(counter "$1" tree_connected 2>/dev/null || true)" = 1 ]; then return; fi
    kill -0 "$(cat "$home/$1/pid")" 2>/dev/null || { tail -n 5 "$home/$1/log" >&2; die "$1 ended"; }
    sleep 0.1
  done
  die "$1 did not reach the root within 60 s"
}

# The control plane knows an instance some moments after it serves.
wait_known() {
  for _ in $(seq 600); do
    if curl -fsS "$plane/v1/instances/$1" 2>/dev/null | grep -q '"state":"live"'; then return; fi
    sleep 0.1
  done
  die "the control plane does not know $1 after 60 s"
}

set_link() {
  curl -fsS -o /dev/null -X PUT "$plane/v1/topology/links/$1/$2" -H 'Content-Type: application/json' \
    -d "{\"latencyMs\":$3,\"bandwidthBytesPerSecond\":$4,\"moneyPerGiB\":$5}"
}

start() {
  [ -f "$silo" ] || die "build first: dotnet build -c Release src/Hal.Cache.Silo"
  command -v redis-cli >/dev/null || die "redis-cli is missing: apt-get install redis-tools"
  command -v curl >/dev/null || die "curl is missing: apt-get install curl"
  for name in $(tree | cut -d' ' -f1); do
    if [ -f "$home/$name/pid" ] && kill -0 "$(cat "$home/$name/pid")" 2>/dev/null; then die "$name runs already; first: tree.sh stop"; fi
  done
  mkdir -p "$home/origin"
  [ -f "$home/secret" ] || (umask 077; head -c 24 /dev/urandom | base64 > "$home/secret")
  [ -f "$home/origin/model.bin" ] || head -c 20000000 /dev/urandom > "$home/origin/model.bin"
  [ -f "$home/origin/shard.bin" ] || head -c 8000000 /dev/urandom > "$home/origin/shard.bin"
  while read -r name parent at; do start_one "$name" "$parent" "$at"; done < <(tree)
  for name in $(tree | cut -d' ' -f1); do wait_for "$name"; wait_known "$name"; done
  while read -r a b ms rate money; do set_link "$a" "$b" "$ms" "$rate" "$money"; set_link "$b" "$a" "$ms" "$rate" "$money"; done < <(links)
  status
  echo "control plane: $plane/v1/instances"
}

stop() {
  for name in $(tree | cut -d' ' -f1 | tac); do
    if [ -f "$home/$name/pid" ]; then kill -TERM "$(cat "$home/$name/pid")" 2>/dev/null || true; fi
  done
  for name in $(tree | cut -d' ' -f1); do
    [ -f "$home/$name/pid" ] || continue
    for _ in $(seq 150); do kill -0 "$(cat "$home/$name/pid")" 2>/dev/null || break; sleep 0.1; done
    rm -f "$home/$name/pid"
  done
}

status() {
  printf '%-10s %-10s %6s %10s %12s %12s\n' name parent port connected received served
  while read -r name parent at; do
    printf '%-10s %-10s %6s %10s %12s %12s\n' "$name" "$parent" $((base + at)) "$(counter "$name" tree_connected 2>/dev/null || echo -)" \
      "$(counter "$name" tree_bytes_received 2>/dev/null || echo -)" "$(counter "$name" tree_bytes_served 2>/dev/null || echo -)"
  done < <(tree)
}

walk() {
  say "A write in Paris is read in Austin"
  same "$(cli paris SET greeting bonjour)" OK "SET in Paris"
  same "$(cli austin GET greeting)" bonjour "GET in Austin"
  same "$(cli boston APPEND greeting ', all')" 12 "APPEND in Boston"
  same "$(cli austin GET greeting)" "bonjour, all" "GET in Austin, which had a copy"

  say "A file of 20 MB behind the root, read in all four cities at once"
  local wanted pids=() name from_origin to_europe to_america to_paris
  wanted=$(sha256sum < "$home/origin/model.bin")
  for name in $(tree | cut -d' ' -f1); do cli "$name" HAL.EVICT data/model.bin data/shard.bin > /dev/null; done # cold, also in a second walk
  from_origin=$(counter root origin_bytes_read) to_europe=$(counter europe tree_bytes_from_root) to_america=$(counter america tree_bytes_from_root)
  to_paris=$(counter paris tree_bytes_from_europe)
  for city in paris berlin boston austin; do
    (same "$(cli "$city" --raw GET data/model.bin | head -c 20000000 | sha256sum)" "$wanted" "$city") &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || die "a city read something else"; done
  same $(($(counter root origin_bytes_read) - from_origin)) 20000000 "bytes read from the origin"
  same $(($(counter europe tree_bytes_from_root) - to_europe)) 20000000 "bytes from the root to europe"
  same $(($(counter america tree_bytes_from_root) - to_america)) 20000000 "bytes from the root to america"
  same $(($(counter paris tree_bytes_from_europe) - to_paris)) 20000000 "bytes from europe to paris"

  say "Where is it, and what would it cost to have it in Paris?"
  cli root HAL.WHERE data/model.bin | pick instance
  cli root HAL.ROUTE data/model.bin TO paris PRESET cheapest | pick source rank transfer_ms money left_out

  say "A job for Austin: its data is brought there before it runs, and stays while it does"
  local batch=job-$$-$(date +%s) job state before
  cli boston HAL.BATCH BEGIN "$batch" EX 3600 > /dev/null
  job=$(cli boston HAL.PRESTAGE START AT austin BATCH "$batch" KEYS data/shard.bin | one job)
  cli boston HAL.PIN ADD AT austin BATCH "$batch" KEYS data/shard.bin > /dev/null
  for _ in $(seq 300); do
    state=$(cli boston HAL.PRESTAGE INFO "$job" | one state)
    case $state in waiting | running) sleep 0.1 ;; *) break ;; esac
  done
  same "$state" done "the prestage job"
  best=none
  for _ in $(seq 100); do
    best=$(cli root HAL.AFFINITY AT paris AT berlin AT boston AT austin KEYS data/shard.bin | one instance)
    if [ "$best" = austin ]; then break; fi
    sleep 0.1
  done
  cli root HAL.AFFINITY AT paris AT austin KEYS data/shard.bin | pick instance bytes_missing warm_seconds warm_money
  same "$best" austin "the warmest city"
  before=$(counter austin tree_bytes_received)
  same "$(cli austin --raw GET data/shard.bin | head -c 8000000 | sha256sum)" "$(sha256sum < "$home/origin/shard.bin")" "the job's data in Austin"
  same "$(counter austin tree_bytes_received)" "$before" "bytes received there, as before it was read"
  same "$(cli boston HAL.BATCH END "$batch" | one state)" ended "the batch, and with it what was pinned"

  say "europe is killed: its cities go on"
  kill -9 "$(cat "$home/europe/pid")"
  same "$(cli paris GET greeting)" "bonjour, all" "GET in Paris"
  same "$(cli berlin SET greeting hallo)" OK "SET in Berlin"
  same "$(cli paris GET greeting)" hallo "GET in Paris"
  same "$(cli berlin --raw GET data/model.bin | head -c 20000000 | sha256sum)" "$wanted" "the file in Berlin"

  say "europe is back"
  start_one europe root 1
  wait_for europe
  same "$(cli europe GET greeting)" hallo "GET in europe"
  status
}

case ${1:-} in
  start | stop | status | walk) "$1" ;;
  *) echo "usage: tree.sh start|stop|status|walk" >&2; exit 2 ;;
esac
