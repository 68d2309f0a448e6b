#!/bin/sh
# Builds a small program on each CometBFT-Go and measures it beside ours on the same light blocks.
set -eu
cd "$(dirname "$0")"
out=$(cd ../../.. && pwd)/target/bench
mkdir -p "$out/peers"
# The toolchain is the one that is here; modules as locked.
export GOTOOLCHAIN=local GOFLAGS="${GOFLAGS:-} -p=2"
go build -mod=readonly -o "$out/peers/v0.40.0" .
go build -mod=readonly -modfile=v0.38.26.mod -o "$out/peers/v0.38.26" .
go version
bench() { cargo run --quiet --profile bench -p bench -- "$@"; }
bench blocks
bench peers "CometBFT-Go v0.38.26=$out/peers/v0.38.26" "CometBFT-Go v0.40.0=$out/peers/v0.40.0"
