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

port_of() { tree | while read -r name _ at; do if [ "$name" = "$1" ]; then echo $((base + at)); fi; done; }
cli() { local name=$1; shift; redis-cli -p "$(port_of "$name")" "$@"; }
counter() { cli "$1" HAL.INFO | paste - - | awk -v name="$2" '$1 == name { print $2; found = 1 } END { if (!found) print 0 }'; }
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
    root) place=(--role branch --parent root) ;;
    *) place=(--role leaf --parent "$parent" --root root) ;;
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

start() {
  [ -f "$silo" ] || die "build first: dotnet build -c Release src/Hal.Cache.Silo"
  command -v redis-cli >/dev/null || die "redis-cli is missing: apt-get install redis-tools"
  mkdir -p "$home/origin"
  [ -f "$home/secret" ] || (umask 077; head -c 24 /dev/urandom | base64 > "$home/secret")
  [ -f "$home/origin/model.bin" ] || head -c 20000000 /dev/urandom > "$home/origin/model.bin"
  while read -r name parent at; do start_one "$name" "$parent" "$at"; done < <(tree)
  for name in $(tree | cut -d' ' -f1); do wait_for "$name"; done
  status
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
  local wanted pids=()
  wanted=$(sha256sum < "$home/origin/model.bin")
  for city in paris berlin boston austin; do
    (same "$(cli "$city" --raw GET data/model.bin | head -c 20000000 | sha256sum)" "$wanted" "$city") &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || die "a city read something else"; done
  same "$(counter root origin_bytes_read)" 20000000 "bytes read from the origin"
  for region in europe america; do same "$(counter "$region" tree_bytes_from_root)" 20000000 "bytes from the root to $region"; done
  same "$(counter paris tree_bytes_from_europe)" 20000000 "bytes from europe to paris"

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
