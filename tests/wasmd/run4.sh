#!/bin/sh
# Runs wasmd validators on the loopback interface.
#   run4.sh init  BIN DIR [TIMEOUT_COMMIT] [CHAIN_ID]   makes the home directories
#   run4.sh start BIN DIR [SECONDS]                     starts the nodes and waits for two new blocks
#   run4.sh stop  BIN DIR                               stops the processes it started, and waits for their end
# NODES (default 4) is the number of validators, ONLY the numbers of those to start or stop (default all),
# PORT (default 27100) the first port: RPC PORT+i, peers PORT+100+i, gRPC PORT+200+i.
# Keys: DIR/nodeI/wasmd, keyring "test", name nodeI.
set -eu
act=$1 bin=$2 dir=$3
count=${NODES:-4} port=${PORT:-27100}
nodes=$(seq 0 $((count - 1)))
home() { printf '%s/node%s/wasmd' "$dir" "$1"; }
height() { curl -sf "http://127.0.0.1:$port/status" | jq -r .result.sync_info.latest_block_height; }
runs() { [ -f "$dir/node$1.pid" ] && kill -0 "$(cat "$dir/node$1.pid")" 2>/dev/null; }

case $act in
init)
  rm -rf "$dir"
  "$bin/wasmd" testnet init-files --v "$count" --single-host --starting-ip-address 127.0.0.1 \
    --chain-id "${5:-comity-wasm-1}" --keyring-backend test --commit-timeout "${4:-1s}" \
    --minimum-gas-prices 0stake --output-dir "$dir" --home "$dir/client" >/dev/null
  peers=
  for i in $nodes; do
    peers="$peers,$("$bin/wasmd" comet show-node-id --home "$(home "$i")")@127.0.0.1:$((port + 100 + i))"
  done
  for i in $nodes; do
    c=$(home "$i")/config
    # init-files listens on every interface, writes the peers as 127.0.0.1, 127.0.0.2 and so on, and switches REST on.
    sed -i -e "s|^persistent_peers = .*|persistent_peers = \"${peers#,}\"|" \
      -e "/^\[rpc\]/,/^\[/s|^laddr = .*|laddr = \"tcp://127.0.0.1:$((port + i))\"|" \
      -e "/^\[p2p\]/,/^\[/s|^laddr = .*|laddr = \"tcp://127.0.0.1:$((port + 100 + i))\"|" \
      -e 's|^pprof_laddr = .*|pprof_laddr = ""|' \
      -e 's|^log_level = .*|log_level = "error"|' "$c/config.toml"
    sed -i -e "/^\[grpc\]/,/^\[/s|^address = .*|address = \"127.0.0.1:$((port + 200 + i))\"|" \
      -e '/^\[api\]/,/^\[/s|^enable = true|enable = false|' \
      -e '/^\[grpc-web\]/,/^\[/s|^enable = true|enable = false|' \
      -e '/^\[telemetry\]/,/^\[/s|^enabled = true|enabled = false|' \
      -e 's|^pruning = .*|pruning = "nothing"|' "$c/app.toml"
  done
  ;;
start)
  begin=$(date +%s%N)
  for i in ${ONLY:-$nodes}; do
    setsid "$bin/wasmd" start --home "$(home "$i")" >>"$dir/node$i.log" 2>&1 &
    echo $! >"$dir/node$i.pid"
  done
  tries=0 first=
  until h=$(height) && [ -n "$h" ] && first=${first:-$h} && [ "$h" -ge 2 ] && { [ "$first" -le 2 ] || [ "$h" -ge $((first + 2)) ]; }; do
    tries=$((tries + 1))
    [ "$tries" -lt $((${4:-60} * 10)) ] || { echo "no block in time, see $dir/node*.log" >&2; exit 1; }
    sleep 0.1
  done
  echo "height $h after $((($(date +%s%N) - begin) / 1000000)) ms"
  ;;
stop)
  for i in ${ONLY:-$nodes}; do
    ! runs "$i" || kill "$(cat "$dir/node$i.pid")" 2>/dev/null || true
  done
  for i in ${ONLY:-$nodes}; do
    tries=0
    while runs "$i"; do
      tries=$((tries + 1))
      [ "$tries" -lt 100 ] || { kill -9 "$(cat "$dir/node$i.pid")" 2>/dev/null || true; break; }
      sleep 0.1
    done
    rm -f "$dir/node$i.pid"
  done
  ;;
*) echo "init, start or stop" >&2; exit 2 ;;
esac
