#!/bin/sh
# Builds wasmd if it is not there, runs four validators on the loopback interface, puts the licence registry and the
# example licences on their chain, plays the scenario below, and records blocks, proofs and answers.
#   record.sh [OUT]     OUT: default tests/vectors/wasmd/recorded
# Needs Go and a C compiler (for the build only), curl, jq, xxd. CACHE is where wasmd is or will be, PORT the first
# port of the nodes, KEEP=1 leaves their folder behind. What comes out is described in recorded/README.md.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=${1:-$root/tests/vectors/wasmd/recorded}
licences=$root/tests/vectors/wasmd/licences.json
wasm=$root/adapters/registry-cosmwasm/registry.wasm
export PORT="${PORT:-27300}" NODES=4
chain=comity-wasm-2
rpc=http://127.0.0.1:$PORT

work=$(mktemp -d)
net=$work/net
rec=$work/recorded
mkdir "$rec"
stop() {
  [ ! -d "$net" ] || sh "$here/run4.sh" stop "$bin" "$net"
  if [ -n "${KEEP:-}" ]; then echo "left in $work" >&2; else rm -rf "$work"; fi
}
trap stop EXIT
trap 'exit 1' HUP INT TERM

begin=$(date +%s)
say() { echo "$(($(date +%s) - begin)) s: $*" >&2; }
fail() {
  echo "record: $*" >&2
  exit 1
}

# --- asking the node

tip() { curl -sf "$rpc/status" | jq -r .result.sync_info.latest_block_height; }
wait_for() {
  tries=0
  until now=$(tip) && [ "$now" -ge "$1" ]; do
    tries=$((tries + 1))
    [ $tries -lt 600 ] || fail "no block $1 within a minute"
    sleep 0.1
  done
}
# The body of an answer, on one line; refusals too.
ask() { curl -s "$rpc$1" | jq -c .; }

# --- sending transactions; each waits for its block, and fails unless it did what it should

by() { printf '%s/node%s/wasmd' "$net" "$1"; }
address() { "$bin/wasmd" keys show "node$1" -a --keyring-backend test --home "$(by "$1")"; }
signer() { echo "--from node$1 --keyring-backend test --home $(by "$1") --chain-id $chain --node tcp://127.0.0.1:$PORT"; }
# Leaves the result in $work/result. No pipes: a failure inside of one would not stop the script.
in_block() {
  "$bin/wasmd" query wait-tx "$(jq -r .txhash "$work/sent")" --node "tcp://127.0.0.1:$PORT" -o json >"$work/result" || fail "no block in time"
  [ "$(jq .code "$work/result")" = 0 ] || fail "refused: $(jq -r .raw_log "$work/result")"
}
# tx NODE ARGUMENTS...: the gas is fixed, which saves a simulation and with it a second of blocks.
tx() {
  who=$1
  shift
  # shellcheck disable=SC2046 # the signer's flags hold no blanks
  "$bin/wasmd" tx "$@" $(signer "$who") --gas 6000000 -y -o json >"$work/sent" || fail "not sent: $*"
  in_block
}
height() { jq -er '.height | tonumber' "$work/result"; }
event() { jq -er --arg t "$1" --arg k "$2" '.events[] | select(.type == $t) | .attributes[] | select(.key == $k) | .value' "$work/result"; }

licence() { jq -er --arg n "$1" --arg f "$2" '.[] | select(.name == $n) | .[$f]' "$licences"; }
base64_of() { printf '%s' "$1" | xxd -r -p | base64 -w0; }
put_message() {
  printf '{"put":{"key":"%s","digest":"%s","code":%s}}' \
    "$(base64_of "$(licence "$1" key)")" "$(base64_of "$(licence "$1" digest)")" "$2"
}
# put NODE NAME CODE
put() { tx "$1" wasm execute "$contract" "$(put_message "$2" "$3")"; }
# put_both NODE NAME NAME: two records in one transaction, so in one block.
put_both() {
  for name in "$2" "$3"; do
    # shellcheck disable=SC2046
    "$bin/wasmd" tx wasm execute "$contract" "$(put_message "$name" 1)" $(signer "$1") --gas 6000000 --generate-only
  done | jq -cs '.[0].body.messages += .[1].body.messages | .[0]' >"$work/both.json"
  # shellcheck disable=SC2046
  "$bin/wasmd" tx sign "$work/both.json" $(signer "$1") >"$work/signed.json"
  # shellcheck disable=SC2046
  "$bin/wasmd" tx broadcast "$work/signed.json" --node "tcp://127.0.0.1:$PORT" -o json >"$work/sent"
  in_block
}

# --- recording

# light HEIGHT: one light block, as /commit and /validators gave it. All sets here fit into one page.
light() {
  ask "/commit?height=$1" >"$work/commit"
  ask "/validators?height=$1&per_page=100&page=1" >"$work/set"
  ask "/validators?height=$(($1 + 1))&per_page=100&page=1" >"$work/next"
  jq -ces --argjson h "$1" 'if .[0].result.canonical and .[1].result.total == .[1].result.count
      and .[2].result.total == .[2].result.count and .[0].result.signed_header.header.height == ($h | tostring)
    then {height: $h, signed_header: .[0].result.signed_header, validators: .[1].result.validators,
      next_validators: .[2].result.validators} else error("not a light block") end' \
    "$work/commit" "$work/set" "$work/next"
}
# store_path KEY_HEX HEIGHT: where the node proves what the contract's store holds at a height.
store_path() { printf '/abci_query?path=%%22/store/wasm/key%%22&data=0x03%s%s&height=%s&prove=true' "$contract_hex" "$1" "$2"; }
# proof HEIGHT KEY_HEX FIELDS: one line with the answer. An error is never taken for an absence.
proof() {
  path=$(store_path "$2" "$1")
  ask "$path" | jq -ce --arg path "$path" --argjson h "$1" --argjson fields "$3" '.result.response as $r
    | if $r.code == 0 and $r.height == ($h | tostring) and ($r.proofOps.ops | length) == 2
      then $fields + {height: $h, path: $path, response: $r} else error("no proof at \($h): \($r.log)") end'
}
map_key() { printf '0007%s%s' "$(printf '%s' "$1" | xxd -p)" "$2"; }
number() { printf '%016x' "$1"; }
head_key=$(printf head | xxd -p)
# query HEIGHT JSON: a question to the contract, as a node takes it: protobuf of address and question.
query() {
  data=$(printf '0a%02x%s12%02x%s' ${#contract} "$(printf '%s' "$contract" | xxd -p -c 256)" ${#2} "$(printf '%s' "$2" | xxd -p -c 256)")
  path="/abci_query?path=%22/cosmwasm.wasm.v1.Query/SmartContractState%22&data=0x$data&height=$1&prove=false"
  answer=$("$bin/wasmd" query wasm contract-state smart "$contract" "$2" --height "$1" --node "tcp://127.0.0.1:$PORT" -o json 2>/dev/null || echo '{"data":null}')
  ask "$path" | jq -ce --arg path "$path" --argjson h "$1" --argjson q "$2" --argjson a "$answer" \
    '{query: $q, height: $h, path: $path, answer: $a.data, response: .result.response}'
}
# strange WHAT PATH: one line {path: {what, http, body}}.
strange() {
  http=$(curl -s -o "$work/body" -w '%{http_code}' "$rpc$2")
  jq -c --arg path "$2" --arg what "$1" --argjson http "$http" '{($path): {what: $what, http: $http, body: .}}' "$work/body"
}

# --- the network

bin=$(sh "$here/cached.sh")
say "wasmd is there"
sh "$here/run4.sh" init "$bin" "$net" 1s $chain
say "nodes: $(sh "$here/run4.sh" start "$bin" "$net" 120)"
operator3=$("$bin/wasmd" keys show node3 --bech val -a --keyring-backend test --home "$(by 3)")
operator0=$("$bin/wasmd" keys show node0 --bech val -a --keyring-backend test --home "$(by 0)")
validator3=$(jq -r .address "$(by 3)/config/priv_validator_key.json")
writer0=$(address 0)
writer1=$(address 1)

# --- the scenario

tx 0 wasm store "$wasm"
code_id=$(event store_code code_id)
tx 0 wasm instantiate "$code_id" "{\"writers\":[\"$writer0\",\"$writer1\"]}" --label registry --no-admin
contract=$(event instantiate _contract_address)
created=$(height)
contract_hex=$("$bin/wasmd" keys parse "$contract" --output json | jq -r .bytes | tr A-F a-f)
say "contract made at $created"

# Two records of one writer, then two in one block (two changes, one time), then one of the other writer.
put 0 driving-c1 1
c1=$(height)
put 0 driving-c2 1
c2=$(height)
put_both 0 engineer suspended-one
both=$(height)
put 1 other-writer 1
other=$(height)
# A writer may not change what the other wrote; the refusal leaves no trace in the store.
if ("$bin/wasmd" tx wasm execute "$contract" "$(put_message other-writer 7)" $(signer 0) --gas auto --gas-adjustment 1.4 -y -o json) >/dev/null 2>"$work/refused"; then
  fail "another's record was changed"
fi
grep -o "the record belongs to [a-z0-9]*" "$work/refused" >/dev/null || fail "refused for another reason: $(cat "$work/refused")"
say "records written up to $other"
# Blocks in which nothing happens: the head stays, the headers go on.
wait_for $((other + 3))

# The set changes: more power for one. In block T; committed to by header T+1; signs from T+2.
tx 0 staking delegate "$operator0" 50000000stake
delegated=$(height)
wait_for $((delegated + 3))

# One validator is down: its signature is absent, and where it should propose the commit is of a later round.
ONLY=3 sh "$here/run4.sh" stop "$bin" "$net"
stopped=$(tip)
say "validator down at $stopped"
later_round=
h=$((stopped + 1))
until [ -n "$later_round" ]; do
  wait_for $((h + 1))
  [ "$(curl -sf "$rpc/commit?height=$h" | jq .result.signed_header.commit.round)" = 0 ] || later_round=$h
  h=$((h + 1))
  [ "$h" -lt $((stopped + 20)) ] || fail "no later round"
done
ONLY=3 sh "$here/run4.sh" start "$bin" "$net" >/dev/null
restarted=$(tip)
# Back when it signs again.
until curl -sf "$rpc/commit" | jq -e --arg a "$validator3" '.result.signed_header.commit.signatures | any(.validator_address == $a)' >/dev/null; do sleep 0.2; done
say "validator back at $(tip)"

# A suspension that is taken back: code 2, then 1 again, with sequence 3.
put 0 suspended-one 2
suspended=$(height)
wait_for $((suspended + 2))
put 0 suspended-one 1
reinstated=$(height)
wait_for $((reinstated + 1))

# The set changes: one validator leaves it.
tx 3 staking unbond "$operator3" 100000000stake
unbonded=$(height)
wait_for $((unbonded + 4))

# The end of a licence: code 7, the same digest.
put 0 driving-c1 7
revoked=$(height)
last=$((revoked + 5))
# Two more than what is recorded: the last light block is then canonical and its next set known.
wait_for $((last + 2))
first=$((created - 1))
last_proof=$((last - 1))
puts_done=$other
say "scenario ends at $last"

# --- light blocks and heads, one a height

for h in $(seq $first $last); do light "$h" >>"$rec/light_blocks.jsonl"; done
# The proof at H is under header H+1, so the last height has none.
for h in $(seq $first $last_proof); do proof "$h" "$head_key" '{"name":"head"}' >>"$rec/heads.jsonl"; done
say "headers and heads recorded"

# --- records at the heights that matter: empty, before and at each change, under each set, at the end

heights=$(printf '%s\n' $first "$created" $((c1 - 1)) "$c1" "$puts_done" $((delegated + 2)) "$later_round" \
  $((suspended - 1)) "$suspended" $((reinstated - 1)) "$reinstated" $((unbonded + 2)) $((revoked - 1)) "$revoked" $last_proof | sort -nu)
for h in $heights; do
  for name in driving-c1 driving-c2 engineer suspended-one other-writer; do
    key=$(licence $name key)
    proof "$h" "$(map_key records "$key")" "{\"name\":\"$name\",\"key\":\"$key\"}" >>"$rec/records.jsonl"
  done
done
# A key that nobody ever wrote, at three heights, and keys right beside a record: absence between neighbours.
unknown=$(printf 'comity unknown licence' | sha256sum | cut -d' ' -f1)
beside=$(licence driving-c1 key | sed 's/.$//')
case $(licence driving-c1 key) in *0) beside=${beside}1 ;; *) beside=${beside}0 ;; esac
for h in "$created" "$puts_done" $last_proof; do
  proof "$h" "$(map_key records "$unknown")" "{\"name\":\"unknown\",\"key\":\"$unknown\"}" >>"$rec/records.jsonl"
  proof "$h" "$(map_key records "$beside")" "{\"name\":\"beside-driving-c1\",\"key\":\"$beside\"}" >>"$rec/records.jsonl"
done

# --- every change, and one before the first and after the last

n=$(query $last_proof '{"head":{}}' | jq .answer.n)
for i in $(seq 0 $((n + 1))); do
  proof $last_proof "$(map_key changes "$(number "$i")")" "{\"n\":$i}" >>"$rec/changes.jsonl"
done
{
  query $last_proof '{"head":{}}'
  query $last_proof '{"changes":{"after":0,"limit":256}}'
  query $last_proof '{"changes":{"after":0,"limit":3}}'
  query $last_proof '{"changes":{"after":3,"limit":3}}'
  query $last_proof "{\"changes\":{\"after\":$n,\"limit\":256}}"
  query "$puts_done" '{"changes":{"after":0,"limit":256}}'
  query "$created" '{"changes":{"after":0,"limit":256}}'
  query $last_proof '{"changes":{"after":0,"limit":257}}'
  query $last_proof "{\"record\":{\"key\":\"$(base64_of "$(licence driving-c1 key)")\"}}"
  query $last_proof "{\"record\":{\"key\":\"$(base64_of "$unknown")\"}}"
  query $last_proof '{"writers":{}}'
} >"$rec/queries.jsonl"
say "proofs and answers recorded"

# --- strange answers: each could be mistaken for another

record_now() { store_path "$(map_key records "$(licence driving-c1 key)")" "$1"; }
unknown_now() { store_path "$(map_key records "$unknown")" "$1"; }
{
  strange "height 0 with a proof: answered for the tip, whose root no header has yet" "$(record_now 0)"
  strange "height 0 with a proof, of an absent key" "$(unknown_now 0)"
  strange "height 1 with a proof: refused, HTTP 200, value null" "$(record_now 1)"
  strange "a future height: refused with the text of a pruned one, value null" "$(record_now $((last + 100000)))"
  strange "an absent key without a proof: value null, code 0" "$(unknown_now $last_proof | sed 's/&prove=true//')"
  strange "a record without a proof: a bare value" "$(record_now $last_proof | sed 's/&prove=true//')"
  strange "another store: refused" "$(record_now $last_proof | sed 's|/store/wasm/key|/store/nosuch/key|')"
  strange "a height that is no number" "/commit?height=x"
  strange "a commit of the future" "/commit?height=$((last + 100000))"
  strange "a page that is not there" "/validators?height=$last&per_page=100&page=2"
  strange "a page of one validator: the set is not whole" "/validators?height=$last&per_page=1&page=1"
} >"$work/strange"
# These race with the next block, so they are asked right after one and again until they show what they are for.
rounds=0
while :; do
  rounds=$((rounds + 1))
  [ $rounds -lt 20 ] || fail "the tip went away too fast"
  wait_for $(($(tip) + 1))
  t=$(tip)
  strange "the tip's commit: not canonical yet" "/commit?height=$t" >"$work/tip"
  strange "the set after the tip: known" "/validators?height=$((t + 1))&per_page=100&page=1" >>"$work/tip"
  strange "the set two after the tip: not known" "/validators?height=$((t + 2))&per_page=100&page=1" >>"$work/tip"
  jq -es '[.[] | to_entries[].value.body] | .[0].result.canonical == false and .[1].result != null and .[2].error != null' "$work/tip" >/dev/null && break
done
jq -s add "$work/strange" "$work/tip" >"$rec/strange.json"

# --- what is where

curl -sf "$rpc/genesis" | jq -cS .result.genesis >"$work/genesis"
jq -s '
  def first_of(f): (map(select(f)) | first | .height);
  (.[0].signed_header.header.validators_hash) as $set1
  | (map(select(.height <= $unbonded)) | last | .signed_header.header.validators_hash) as $set2
  | {chain_id: $chain, contract: $contract, contract_hex: $contract_hex, code_id: ($code_id | tonumber), store: "wasm",
     wasm_sha256: $wasm_sha256, writers: {node0: $writer0, node1: $writer1},
     versions: {wasmd: "0.70.3", cometbft: $comet, block: .[0].signed_header.header.version.block},
     genesis: ($genesis[0] | {chain_id, genesis_time, initial_height, sha256: $genesis_sha256}),
     unknown_key: $unknown, beside_key: $beside, absent_validator: $validator3, changes: $n,
     heights: {first: .[0].height, created: $created,
       put: {"driving-c1": $c1, "driving-c2": $c2, "engineer": $both, "suspended-one": $both, "other-writer": $other},
       puts_done: $other,
       delegated: $delegated, second_set_signs: first_of(.signed_header.header.validators_hash != $set1),
       stopped: $stopped, restarted: $restarted,
       absent: map(select([.signed_header.commit.signatures[] | select(.block_id_flag == 1)] | length > 0) | .height),
       later_round: map(select(.signed_header.commit.round > 0) | .height),
       suspended: $suspended, reinstated: $reinstated, unbonded: $unbonded,
       third_set_signs: first_of(.signed_header.header.validators_hash | . != $set1 and . != $set2),
       revoked: $revoked, last_proof: (.[-1].height - 1), last: .[-1].height}}' \
  --arg chain $chain --arg contract "$contract" --arg contract_hex "$contract_hex" --arg code_id "$code_id" \
  --arg wasm_sha256 "$(sha256sum "$wasm" | cut -d' ' -f1)" --arg writer0 "$writer0" --arg writer1 "$writer1" \
  --arg comet "$(curl -sf "$rpc/status" | jq -r .result.node_info.version)" \
  --slurpfile genesis "$work/genesis" --arg genesis_sha256 "$(sha256sum "$work/genesis" | cut -d' ' -f1)" \
  --arg unknown "$unknown" --arg beside "$beside" --arg validator3 "$validator3" --argjson n "$n" \
  --argjson created "$created" --argjson c1 "$c1" --argjson c2 "$c2" --argjson both "$both" --argjson other "$other" \
  --argjson delegated "$delegated" --argjson stopped "$stopped" --argjson restarted "$restarted" \
  --argjson suspended "$suspended" --argjson reinstated "$reinstated" --argjson unbonded "$unbonded" \
  --argjson revoked "$revoked" "$rec/light_blocks.jsonl" >"$rec/chain.json"

# --- the shape of it all, before anything in the tree is replaced

jq -es '[.[].height] as $h | $h == [range($h[0]; $h[-1] + 1)]' "$rec/light_blocks.jsonl" >/dev/null || fail "a height is missing"
jq -e '.changes == 8 and (.heights | (.absent | length) > 0 and (.later_round | length) > 0 and .second_set_signs == .delegated + 2 and .third_set_signs == .unbonded + 2)' \
  "$rec/chain.json" >/dev/null || fail "the scenario did not happen: $(jq -c .heights "$rec/chain.json")"
[ "$(du -sk "$rec" | cut -f1)" -lt 2048 ] || fail "more than 2 MB"

mkdir -p "$out"
for file in "$rec"/*; do install -m 644 "$file" "$out/"; done
say "recorded $(wc -l <"$rec/light_blocks.jsonl") light blocks, $(du -sk "$rec" | cut -f1) kB"
