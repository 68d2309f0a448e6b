#!/bin/sh
# Builds wasmd into the directory given, relocatable: the library lies beside the binary.
# Takes about ten minutes and 2 GB once; a directory that holds a finished build is left as it is.
set -eu
out=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$(dirname "$0")"
lib=libwasmvm.$(uname -m).so
[ ! -x "$out/wasmd" ] || [ ! -f "$out/$lib" ] || exit 0

# The toolchain is the one that is here, and the linker alone takes 2 GB: never more than two at once.
export GOTOOLCHAIN=local GOFLAGS="${GOFLAGS:-} -p=2"
v=github.com/cosmos/cosmos-sdk/version
# The virtual machine comes ready made in its module, for x86_64 and aarch64.
# What it needs comes from the network: tried thrice.
for wait in 5 20 0; do
  go mod download github.com/CosmWasm/wasmvm/v3 &&
    go list -mod=readonly -tags netgo -deps github.com/CosmWasm/wasmd/cmd/wasmd >/dev/null && break
  sleep "$wait"
done
install -m 644 "$(go list -mod=readonly -m -f '{{.Dir}}' github.com/CosmWasm/wasmvm/v3)/internal/api/$lib" "$out/"
# Built beside its place and moved, so that a broken build is never taken for a finished one.
go build -mod=readonly -tags netgo -trimpath -o "$out/wasmd.part" \
  -ldflags "-s -w -X $v.Name=wasm -X $v.AppName=wasmd -X $v.Version=0.70.3 -extldflags \"-Wl,-rpath,\$ORIGIN\"" \
  github.com/CosmWasm/wasmd/cmd/wasmd
mv "$out/wasmd.part" "$out/wasmd"
