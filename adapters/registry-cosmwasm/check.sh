#!/bin/sh
# Builds the contract again and compares it, byte by byte, with the one in the tree: that is the one on the chains.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
(cd "$here" && sha256sum -c registry.wasm.sha256)
sh "$here/build.sh" "$work/registry.wasm"
cmp "$work/registry.wasm" "$here/registry.wasm" || {
  echo "registry.wasm is not what the sources give: build it again, or take the change back" >&2
  exit 1
}
echo "registry.wasm is what the sources give"
