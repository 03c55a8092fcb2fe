#!/bin/bash
# Builds the walk of hiredis with the installed library and runs it: bash hiredis.sh HOST PORT
set -eu
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
gcc -std=gnu11 -Wall -Wextra -O1 -o "$built/walk" "$(dirname "$0")/hiredis.c" -lhiredis
"$built/walk" "${1:-127.0.0.1}" "${2:-6379}"
