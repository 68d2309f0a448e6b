#!/bin/sh
# Prints the folder of a built wasmd, after building it if it is not there: about ten minutes, once.
# CACHE is that folder; by default one in the user's cache, named after what goes into the build.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
bin=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/comity/wasmd-$(sha256sum "$here/go.sum" | cut -c1-16)}
if [ ! -x "$bin/wasmd" ]; then
  command -v go >/dev/null || { echo "there is no wasmd in $bin, and no go to build it with" >&2; exit 1; }
  echo "building wasmd into $bin: this takes about ten minutes, once" >&2
fi
sh "$here/build.sh" "$bin" >&2
echo "$bin"
