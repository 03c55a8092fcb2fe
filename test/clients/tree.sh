#!/bin/bash
# Reads every file of a directory through an origin mount with one redis-cli and compares each byte:
# bash tree.sh HOST PORT DIRECTORY PREFIX
set -euo pipefail
host=$1 port=$2 directory=$3 prefix=$4

redis-cli -h "$host" -p "$port" PING >/dev/null 2>&1 || { echo "FAILED: nobody answers on $host:$port" >&2; exit 1; }
cd "$directory"
list=$(mktemp)
trap 'rm -f "$list"' EXIT
find . -type f -printf '%P\n' | LC_ALL=C sort > "$list"
files=$(wc -l < "$list")
[ "$files" -gt 0 ] || { echo "FAILED: $directory has no files" >&2; exit 1; }

# redis-cli writes a line feed after each raw reply: the files are laid out in the same way.
if ! cmp <(sed "s|.*|GET \"$prefix&\"|" "$list" | redis-cli -h "$host" -p "$port" --raw) \
         <(while IFS= read -r file; do cat -- "$file" && echo || exit; done < "$list" 2>/dev/null); then
  echo "FAILED: what redis-cli read differs from the files of $directory" >&2
  exit 1
fi
echo "tree by redis-cli: ok $files checks"
