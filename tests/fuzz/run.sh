#!/bin/sh
# run.sh [SECONDS] [TARGET]: builds every fuzz target with coverage counters, on stable Rust, and runs each for SECONDS (10),
# as many at once as there are processors; with 0 it only builds.
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
if [ "$seconds" = 0 ]; then exit; fi
for source in targets/*.rs; do
  name=$(basename "$source" .rs)
  if [ -z "$only" ] || [ "$only" = "$name" ]; then echo "$name"; fi
done | xargs -P "$(nproc)" -I '{}' sh one.sh '{}' "$seconds" "target/$host/release"
