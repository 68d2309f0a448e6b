#!/bin/sh
# Builds wasmd if it is not there, builds Comity, and runs all of it against four validators: what `just e2e-wasmd`
# does. Needs Go and a C compiler (for the first build of wasmd only), and util-linux's setpriv.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
bin=$(sh "$here/cached.sh")
# As released: the same program as the demonstration's.
cargo build --release --quiet --bin comity --bin e2e-wasmd
# What a failure shows of the programs' logs is plain text.
NO_COLOR=1 exec "${CARGO_TARGET_DIR:-target}/release/e2e-wasmd" "$bin"
