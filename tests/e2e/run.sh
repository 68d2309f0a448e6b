#!/bin/sh
# Real programs over loopback TLS, in a debug build with fault points: killed at every step, paused, cut off, lied to.
# The program is kept apart, so that nobody takes one that can be made to die for the real one.
set -eu
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-target}
# Not by `-p`: chosen from all members, libraries have the features that `just test` built them with.
cargo build --bin comity --features comity/fault-points
mkdir -p "$target/e2e"
cp "$target/debug/comity" "$target/e2e/comity.new"
mv "$target/e2e/comity.new" "$target/e2e/comity"
E2E_PROGRAM=$(cd "$target/e2e" && pwd)/comity
export E2E_PROGRAM
# Each run starts some twelve programs: one run after another.
cargo test --features e2e/programs --test days --test doors --test faults -- --nocapture --test-threads=1
rm -rf "$target/e2e/runs"
# Whoever runs the program next gets the one without.
cargo build --bin comity
