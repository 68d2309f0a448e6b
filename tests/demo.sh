#!/bin/sh
# The README's first command, in an empty folder, all scenes, and what it leaves behind, checked as a relying party would.
set -eu
cd "$(dirname "$0")/.."
cargo build --release --quiet --bin comity
comity=$PWD/target/release/comity
folder=$(mktemp -d)
stop() {
  "$comity" demo stop >/dev/null 2>&1 || true
  rm -rf "$folder"
}
trap stop EXIT
cd "$folder"

expect() {
  wanted=$1
  shift
  got=0
  "$@" >out 2>&1 || got=$?
  [ "$got" = "$wanted" ] || { cat out; echo "exit status $got, expected $wanted: $*" >&2; exit 1; }
}
hint() { sed -n "s/^$1  *//p" "$2"; }

# In steps of its own, so that a demonstration that fails is not hidden by the pipe.
"$comity" demo >demo.txt || { cat demo.txt; exit 1; }
cat demo.txt
# The commands that it prints, as it prints them.
expect 0 sh -c "$(hint 'Read next' demo.txt)"
expect 1 sh -c "$(hint 'Or' demo.txt | sed -n 1p)"
expect 0 sh -c "$(hint 'Or' demo.txt | sed -n 2p)"
expect 1 "$comity" verify comity-demo/declined.json --trust comity-demo/trust.json
# The same certificate with one letter of its entry changed.
sed 's/\("bytes": *"[A-Za-z0-9+\/]\{200\}\)./\1_/;s/_/A/' comity-demo/certificate.json >changed.json
if cmp -s comity-demo/certificate.json changed.json; then
  sed 's/\("bytes": *"[A-Za-z0-9+\/]\{200\}\)./\1B/' comity-demo/certificate.json >changed.json
fi
expect 1 "$comity" verify changed.json --trust comity-demo/trust.json
grep -q 'NOT GENUINE' out
# The same log with one byte of its first tile changed.
tile=$(find comity-demo/log/tile -type f | sort | head -n 1)
printf '\377\377\377\377' | dd of="$tile" bs=1 seek=7 conv=notrunc 2>/dev/null
expect 1 "$comity" log verify comity-demo/log --trust comity-demo/trust.json
# A second run replaces the folder of the first, and no other.
expect 64 "$comity" demo --folder .
for scene in lying-node bad-share two-histories half-committee; do
  expect 0 "$comity" demo --scene "$scene"
  cat out
  grep -q 'it was refused, as it should be' out
done
# Left running, asked, stopped.
expect 0 "$comity" demo --json --keep
expect 0 "$comity" demo hand-over --to CN-MO --key a-question-of-demo-sh
cp out ask
expect 0 sh -c "$(cat ask)"
grep -q 'YES' out
expect 0 "$comity" verify certificate.json --trust comity-demo/trust.json --in CN-MO
expect 0 "$comity" demo stop
expect 64 "$comity" demo stop
echo "demo: its certificate holds, its status revokes it, its refusal is proven, changed copies are refused, every scene refuses"
