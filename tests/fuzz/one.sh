#!/bin/sh
# one.sh TARGET SECONDS FOLDER: runs a fuzz target that run.sh has built into FOLDER. What it says comes in one piece, as others run beside it.
set -eu
cd "$(dirname "$0")"
name=$1 seconds=$2 built=$3
FUZZ_SEEDS=target/seeds/$name
export FUZZ_SEEDS
mkdir -p "corpus/$name" "$FUZZ_SEEDS"
if "$built/$name" "corpus/$name" "$FUZZ_SEEDS" -max_total_time="$seconds" -max_len=65536 -timeout=20 \
  -rss_limit_mb=4096 -print_final_stats=1 -artifact_prefix="corpus/$name-" >"corpus/$name.log" 2>&1; then
  inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "corpus/$name.log")
  printf 'fuzz %-12s %s s: %s inputs, no crash\n' "$name" "$seconds" "$inputs"
else
  printf 'fuzz %-12s %s s: it fell\n%s\n' "$name" "$seconds" "$(tail -n 30 "corpus/$name.log")"
  exit 1
fi
