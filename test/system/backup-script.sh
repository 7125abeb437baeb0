#!/usr/bin/env bash
# A nightly backup as people write it: wait for the drive, then three runs piped through tee. The test runs it once with
# rsync and once with tsync as $PROGRAM, each with its own drive, and compares everything that can be seen.
#
# PROGRAM  the command to run          SRC    where the sources are     USB   where the drive gets mounted
# LOG      the file that tee appends   EXTRA  further options, e.g. -n
set -uo pipefail

for _ in $(seq 200); do
  mountpoint -q "$USB" && break
  sleep 0.05
done
if ! mountpoint -q "$USB"; then
  echo "no drive at $USB" >&2
  exit 75
fi

status=0
# shellcheck disable=SC2086  # EXTRA is a list of words
backup() {
  local name=$1
  shift
  echo "== $name"
  "$PROGRAM" "$@" ${EXTRA:-} | tee -a "$LOG"
  local code=$?
  echo "== $name ended with $code"
  [ $code -eq 0 ] || status=$code
}

backup nixos -aAXv --delete --exclude-from=excludes.txt "$SRC/etc/nixos/" "$USB/nixos-config/"
backup media -aAXv "$SRC/mnt/media/" "$USB/media/"
backup documents -aAXHv --delete --numeric-ids "$SRC/home/documents" "$SRC/home/notes.txt" "$USB/home/"
exit $status
