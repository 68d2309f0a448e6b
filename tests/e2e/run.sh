#!/bin/sh
# Real programs over loopback TLS, in a debug build with fault points: killed at every step, paused, cut off, lied to.
# The program is kept apart, so that nobody takes one that can be made to die for the real one.
set -eu
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-target}
# Not by `-p`, and beside the tests: so libraries have the features that `just test` built them with.
with="--features comity/fault-points,e2e/programs --test days --test doors --test faults"
# shellcheck disable=SC2086
cargo build --bin comity $with
mkdir -p "$target/e2e"
cp "$target/debug/comity" "$target/e2e/comity.new"
mv "$target/e2e/comity.new" "$target/e2e/comity"
# Whoever builds the program next gets the one without.
rm "$target/debug/comity"
E2E_PROGRAM=$(cd "$target/e2e" && pwd)/comity
export E2E_PROGRAM
# Each run starts some twelve programs: one run after another.
# shellcheck disable=SC2086
cargo test $with -- --nocapture --test-threads=1
rm -rf "$target/e2e/runs"
