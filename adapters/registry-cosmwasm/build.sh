#!/bin/sh
# Builds the contract and writes it, and FILE.sha256, to the file given (default: registry.wasm beside this script).
# The same sources give the same bytes on every machine: one compiler, one lock file, no path in the output.
# CARGO_TARGET_DIR is where it works (default: target beside this script).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/registry.wasm}
case $out in /*) ;; *) out=$(pwd)/$out ;; esac

# Checked at two paths, with two sysroots, cargo homes and target folders. Another compiler makes other bytes; moving to a newer one means a new registry.wasm, which is a decision.
want=1.95.0
target=wasm32-unknown-unknown
cd "$here"
# rustup chooses by this variable; without rustup the compiler that is there must be the right one.
export RUSTUP_TOOLCHAIN="$want"
if command -v rustup >/dev/null 2>&1; then
  rustup toolchain list | grep -q "^$want" || rustup toolchain install "$want" --profile minimal
  rustup component list --installed | grep -qx rust-src || rustup component add rust-src
fi
have=$(rustc -vV | sed -n 's/^release: //p')
[ "$have" = "$want" ] || {
  echo "the contract is built with rustc $want and nothing else, this is $have: its bytes would differ" >&2
  exit 1
}

cargo fetch --locked --target "$target"
target_dir=${CARGO_TARGET_DIR:-$here/target}
cargo_home=${CARGO_HOME:-$HOME/.cargo}
sysroot=$(rustc --print sysroot)
# The chain's virtual machine takes only the first edition of WebAssembly. The standard library that comes with the
# compiler holds newer instructions, so it is built again too (-Z build-std, which a stable compiler has to be told to
# allow). Places in the sources are left out, and no path of this machine may come in by another way.
# Flags come separated by 0x1f, so that a path may hold a blank; of the prefixes that fit the last one counts.
sep=$(printf '\037')
flags="-Ctarget-cpu=mvp${sep}-Zlocation-detail=none"
flags="$flags${sep}--remap-path-prefix=$sysroot=/rust"
flags="$flags${sep}--remap-path-prefix=$cargo_home=/cargo"
for crates in "$cargo_home"/registry/src/*; do
  flags="$flags${sep}--remap-path-prefix=$crates=/crates"
done
flags="$flags${sep}--remap-path-prefix=$target_dir=/target"
flags="$flags${sep}--remap-path-prefix=$here=/registry"
# What else the environment might say to cargo or rustc must not change the bytes.
unset RUSTFLAGS RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER CARGO_BUILD_TARGET CARGO_ENCODED_RUSTFLAGS
RUSTC_BOOTSTRAP=1 CARGO_ENCODED_RUSTFLAGS="$flags" CARGO_TARGET_DIR="$target_dir" \
  cargo build --release --locked --lib --target "$target" -Z build-std=std,panic_abort
install -m 644 "$target_dir/$target/release/registry_cosmwasm.wasm" "$out"
(cd "$(dirname "$out")" && sha256sum "$(basename "$out")" >"$out.sha256")
