#!/bin/bash
# A directory read through HAL Cache with stock Redis clients: cold, warm, without the directory, and after a restart.
#   bash samples/QuickStart/run.sh [DIRECTORY]       default: the folder of the .NET SDK, some thousands of files
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
clients=$root/test/clients
source_tree=${1:-$(dirname "$(readlink -f "$(command -v dotnet)")")}
silo_pid=

say() { printf '\n== %s\n' "$*"; }
die() { echo "FAILED: $*" >&2; [ -f "$work/silo.log" ] && tail -n 20 "$work/silo.log" >&2; exit 1; }

work=$(mktemp -d)
finish() {
  if [ -n "$silo_pid" ]; then kill "$silo_pid" 2>/dev/null || true; wait "$silo_pid" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap finish EXIT

command -v redis-cli >/dev/null || die "redis-cli is missing: apt-get install redis-tools"

# The silo takes any free ports and prints them in its banner.
start_silo() {
  : > "$work/silo.log"
  dotnet exec "$root/src/Hal.Cache.Silo/bin/Release/net10.0/Hal.Cache.Silo.dll" \
    --listen 127.0.0.1:0 --http 127.0.0.1:0 --data "$work/data" --memory 256mb --disk 3gb --policy lru --durability interval \
    --origin "sdk/=file://$work/tree?freshness=immutable" > "$work/silo.log" 2>&1 &
  silo_pid=$!
  for _ in $(seq 300); do
    if grep -q '^ready' "$work/silo.log"; then
      port=$(sed -n 's/^ready .*resp=127\.0\.0\.1:\([0-9]*\).*/\1/p' "$work/silo.log")
      [ -n "$port" ] || die "no RESP address in the banner"
      return
    fi
    kill -0 "$silo_pid" 2>/dev/null || die "the silo ended before it was ready"
    sleep 0.1
  done
  die "the silo was not ready within 30 s"
}

stop_silo() {
  kill -TERM "$silo_pid"
  local code=0
  wait "$silo_pid" || code=$?
  silo_pid=
  [ "$code" = 0 ] || die "the silo ended with exit code $code after SIGTERM"
}

origin_bytes() { redis-cli -p "$port" INFO everything | tr -d '\r' | sed -n 's/^origin_bytes_read:\([0-9]*\)$/\1/p' | head -n 1; }

# Each client compares every byte that it gets with the files of the directory given.
read_with() {
  local client=$1 files=$2 started=$SECONDS
  case $client in
    redis-cli) bash "$clients/tree.sh" 127.0.0.1 "$port" "$files" sdk/ ;;
    ioredis | node-redis) node "$clients/tree.mjs" 127.0.0.1 "$port" "$files" sdk/ "$client" ;;
    python) "$python" "$clients/tree.py" 127.0.0.1 "$port" "$files" sdk/ ;;
  esac || die "$client read something else than the files of $files"
  echo "$client took $((SECONDS - started)) s"
}

untouched() {
  local now
  now=$(origin_bytes)
  [ "$now" = "$1" ] || die "the origin was read again: $1 bytes before, $now now"
  echo "origin bytes still $1"
}

# Which of the clients are here.
readers=(redis-cli)
if command -v node >/dev/null && [ -d "$clients/node_modules/ioredis" ]; then readers+=(ioredis node-redis); else echo "Left out: npm clients (npm ci in test/clients)."; fi
python=
for candidate in python3 /usr/bin/python3; do
  if [ -z "$python" ] && "$candidate" -c 'import redis' 2>/dev/null; then python=$candidate; fi
done
if [ -n "$python" ]; then readers+=(python); else echo "Left out: redis-py (apt-get install python3-redis)."; fi

say "Build"
[ -f "$root/src/Hal.Cache.Silo/bin/Release/net10.0/Hal.Cache.Silo.dll" ] || dotnet build -c Release -v quiet -nologo "$root/src/Hal.Cache.Silo"

say "A copy of $source_tree, to be moved away later"
cp -R "$source_tree" "$work/tree"
bytes=$(find "$work/tree" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum + 0 }')
echo "$(find "$work/tree" -type f | wc -l) files, $bytes bytes"

say "Cold: ${readers[0]} reads all files, each byte comes from the directory once"
start_silo
read_with "${readers[0]}" "$work/tree"
cold=$(origin_bytes)
[ -n "$cold" ] || die "INFO has no origin_bytes_read"
[ "$cold" = "$bytes" ] || die "the origin was read for $cold bytes, its files have $bytes"
echo "origin bytes $cold"

say "Warm: every client reads all files, the directory is not touched"
for reader in "${readers[@]}"; do read_with "$reader" "$work/tree"; done
untouched "$cold"

say "Without the directory: it is moved away, the clients do not notice"
mv "$work/tree" "$work/elsewhere"
mkdir "$work/tree" # the mount point stays, as it does where a share is unmounted
read_with "${readers[-1]}" "$work/elsewhere"
untouched "$cold"

say "After a restart: SIGTERM, start, the directory still away"
stop_silo
start_silo
for reader in "${readers[@]}"; do read_with "$reader" "$work/elsewhere"; done
untouched 0
stop_silo

say "ok"
