#!/bin/sh
# run.sh [SECONDS] [TARGET]: builds every fuzz target with coverage counters, on stable Rust, and runs each for SECONDS (10).
# A target makes its own seeds from tests/vectors and honest examples, into target/seeds. What is found is kept in corpus,
# which is not in git; a crash leaves its input beside the corpus and fails the run.
set -eu
cd "$(dirname "$0")"
seconds=${1:-10} only=${2:-}
RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
  -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1"
export RUSTFLAGS
# A target triple of its own keeps the counters out of build scripts.
host=$(rustc -vV | sed -n 's/^host: //p')
if [ -n "$only" ]; then set -- --bin "$only"; else set -- --bins; fi
cargo build --release --quiet --target "$host" "$@"
for source in targets/*.rs; do
  name=$(basename "$source" .rs)
  [ -z "$only" ] || [ "$only" = "$name" ] || continue
  FUZZ_SEEDS=target/seeds/$name
  export FUZZ_SEEDS
  mkdir -p "corpus/$name" "$FUZZ_SEEDS"
  printf 'fuzz %-12s %s s: ' "$name" "$seconds"
  if "target/$host/release/$name" "corpus/$name" "$FUZZ_SEEDS" -max_total_time="$seconds" -max_len=65536 -timeout=20 \
    -rss_limit_mb=4096 -print_final_stats=1 -artifact_prefix="corpus/$name-" >"corpus/$name.log" 2>&1; then
    sed -n 's/^stat::number_of_executed_units: *//p' "corpus/$name.log" | tr '\n' ' '
    echo "inputs, no crash"
  else
    tail -n 30 "corpus/$name.log"
    exit 1
  fi
done
