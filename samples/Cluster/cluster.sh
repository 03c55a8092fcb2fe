#!/bin/bash
# PostgreSQL and a tree of three silos, each a process of its own on this machine, whose control plane is one Orleans cluster.
#   bash samples/Cluster/cluster.sh start|stop|status|walk      HAL_CLUSTER_HOME: where their data is, default /tmp/hal-cluster
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
silo=$here/../../src/Hal.Cache.Silo/bin/Release/net10.0/Hal.Cache.Silo.dll
home=${HAL_CLUSTER_HOME:-/tmp/hal-cluster}
base=${HAL_CLUSTER_PORT:-6500}
programs=/usr/lib/postgresql/15/bin

# name, parent, and the place in the rows of ports: RESP from the base on, HTTP 100 above, between silos 200, for services 300.
tree() {
  cat <<'TREE'
root - 0
branch root 1
leaf branch 2
TREE
}

port_of() { tree | while read -r name _ at; do if [ "$name" = "$1" ]; then echo $((base + at)); fi; done; }
cli() { local name=$1; shift; redis-cli -p "$(port_of "$name")" "$@"; }
counter() { cli "$1" HAL.INFO | paste - - | awk -v name="$2" '$1 == name { print $2; found = 1 } END { if (!found) print 0 }'; }
say() { printf '\n== %s\n' "$*"; }
die() { echo "FAILED: $*" >&2; exit 1; }
same() { [ "$1" = "$2" ] || die "$3: wanted '$2', got '$1'"; echo "$3: $1"; }
milliseconds() { echo $(($(date +%s%N) / 1000000)); }

# PostgreSQL refuses to run as root.
as_postgres() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; else "$@"; fi; }

start_database() {
  [ -z "${HAL_POSTGRES:-}" ] || return 0
  [ -x "$programs/postgres" ] || die "PostgreSQL 15 is missing: apt-get install postgresql-15, or set HAL_POSTGRES"
  if [ ! -d "$home/postgres" ]; then
    mkdir -p "$home/postgres"
    if [ "$(id -u)" = 0 ]; then chown postgres "$home/postgres"; fi
    as_postgres "$programs/initdb" -D "$home/postgres" -U hal -A trust -E UTF8 --locale=C > "$home/initdb.log" || die "initdb failed, see $home/initdb.log"
  fi
  as_postgres "$programs/postgres" -D "$home/postgres" -p $((base + 400)) -h 127.0.0.1 -k '' > "$home/postgres.log" 2>&1 < /dev/null &
  echo $! > "$home/postgres.pid"
  for _ in $(seq 300); do
    if "$programs/pg_isready" -q -h 127.0.0.1 -p $((base + 400)); then return; fi
    sleep 0.1
  done
  die "PostgreSQL did not start within 30 s, see $home/postgres.log"
}

connection() { echo "${HAL_POSTGRES:-Host=127.0.0.1;Port=$((base + 400));Username=hal;Database=postgres}"; }

peers() { tree | while read -r name _ at; do if [ "$name" != "$1" ]; then printf -- '--peer\n%s=127.0.0.1:%s\n' "$name" $((base + at)); fi; done; }

start_one() {
  local name=$1 parent=$2 at=$3 place
  mkdir -p "$home/$name"
  mapfile -t others < <(peers "$name")
  case $parent in
    -) place=(--role root) ;;
    root) place=(--role branch --parent root) ;;
    *) place=(--role leaf --parent "$parent" --root root) ;;
  esac
  HAL_POSTGRES=$(connection) dotnet exec "$silo" --name "$name" "${place[@]}" --listen "127.0.0.1:$((base + at))" --http "127.0.0.1:$((base + 100 + at))" \
    --cluster orleans --cluster-listen "127.0.0.1:$((base + 200 + at))" --cluster-gateway "127.0.0.1:$((base + 300 + at))" \
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
  [ -f "$silo" ] || die "build first: dotnet build -c Release -p:HalOrleans=true src/Hal.Cache.Silo"
  command -v redis-cli >/dev/null || die "redis-cli is missing: apt-get install redis-tools"
  mkdir -p "$home"
  [ -f "$home/secret" ] || (umask 077; head -c 24 /dev/urandom | base64 > "$home/secret")
  start_database
  while read -r name parent at; do start_one "$name" "$parent" "$at"; done < <(tree)
  for name in $(tree | cut -d' ' -f1); do wait_for "$name"; done
  status
}

end() {
  [ -f "$1" ] || return 0
  kill -TERM "$(cat "$1")" 2>/dev/null || true
  for _ in $(seq 150); do kill -0 "$(cat "$1")" 2>/dev/null || break; sleep 0.1; done
  rm -f "$1"
}

stop() {
  for name in $(tree | cut -d' ' -f1 | tac); do end "$home/$name/pid"; done
  end "$home/postgres.pid"
}

status() {
  printf '%-10s %-10s %6s %6s %10s\n' name parent port http connected
  while read -r name parent at; do
    printf '%-10s %-10s %6s %6s %10s\n' "$name" "$parent" $((base + at)) $((base + 100 + at)) "$(counter "$name" tree_connected 2>/dev/null || echo -)"
  done < <(tree)
}

# Who has a key, as one silo's control plane tells it.
holders() {
  curl -s -X POST -H 'content-type: application/json' -d "{\"keys\":[\"$2\"]}" "http://127.0.0.1:$(($(port_of "$1") + 100))/v1/content/locations" \
    | grep -o '"instance":"[a-z]*"' | cut -d'"' -f4 | sort | tr '\n' ' '
}

until_told() {
  local began
  began=$(milliseconds)
  for _ in $(seq 600); do
    if [[ " $(holders "$1" "$2")" == *" $3 "* ]]; then echo "$1 knows of $3's copy after $(($(milliseconds) - began)) ms"; return; fi
    sleep 0.05
  done
  die "$1 does not know of $3's copy: '$(holders "$1" "$2")'"
}

walk() {
  say "Every silo knows what the leaf has"
  same "$(cli leaf SET greeting hello)" OK "SET at the leaf"
  same "$(cli leaf GET greeting)" hello "GET at the leaf"
  for name in root branch leaf; do until_told "$name" greeting leaf; done

  while read -r name parent at; do
    say "$name is killed"
    kill -9 "$(cat "$home/$name/pid")"
    for other in $(tree | cut -d' ' -f1); do
      [ "$other" = "$name" ] || [ "$name" = leaf ] || until_told "$other" greeting leaf
    done
    start_one "$name" "$parent" "$at"
    for member in $(tree | cut -d' ' -f1); do wait_for "$member"; done
    same "$(cli leaf GET greeting)" hello "GET at the leaf"
  done < <(tree)
  status
}

case ${1:-} in
  start | stop | status | walk) "$1" ;;
  *) echo "usage: cluster.sh start|stop|status|walk" >&2; exit 2 ;;
esac
