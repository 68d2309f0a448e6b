#!/bin/sh
# The README's first command, in an empty folder, and what it leaves behind, checked as a relying party would.
set -eu
cd "$(dirname "$0")/.."
cargo build --release --quiet --bin comity
comity=$PWD/target/release/comity
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

expect() {
  wanted=$1
  shift
  got=0
  "$@" >out 2>&1 || got=$?
  [ "$got" = "$wanted" ] || { cat out; echo "exit status $got, expected $wanted: $*" >&2; exit 1; }
}

"$comity" demo | tee demo.txt
hint=$(sed -n 's/^Read next  //p' demo.txt)
at=${hint##*--at }
set -- --trust comity-demo/trust.json --at "$at"
# The command that it prints, as it prints it.
expect 0 sh -c "$hint"
expect 1 "$comity" verify comity-demo/certificate.json "$@" --status comity-demo/status.json
expect 1 "$comity" verify comity-demo/declined.json "$@"
# The same certificate with one letter of its entry changed.
sed 's/\("bytes": *"[A-Za-z0-9+\/]\{200\}\)./\1_/;s/_/A/' comity-demo/certificate.json >changed.json
if cmp -s comity-demo/certificate.json changed.json; then
  sed 's/\("bytes": *"[A-Za-z0-9+\/]\{200\}\)./\1B/' comity-demo/certificate.json >changed.json
fi
expect 1 "$comity" verify changed.json "$@"
grep -q 'NOT GENUINE' out
# A second run replaces the folder of the first, and no other.
expect 0 "$comity" demo --json
expect 64 "$comity" demo --folder .
echo "demo: its certificate holds, its status revokes it, its refusal is proven, a changed copy is not genuine"
