# The words of the project. CI runs these and nothing else.

# Formatting, lints, docs, arrows: what a change must pass before it is read.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps
    cargo test -p tidy

# Everything that a newcomer runs.
test:
    cargo test --workspace

# Licences, bans and sources of all dependencies; needs cargo-deny.
deny:
    cargo deny check bans licenses sources

# Advisories, from a copy of their database; needs cargo-audit.
audit DB="../shared/advisory-db":
    cargo audit --no-fetch --db {{DB}}

# The search of the agreement's state space, beyond what `test` does.
model:
    cargo run --release --bin model

# Whole committees under faults and villains, SEEDS runs in virtual time; an empty cell of the table fails.
sim SEEDS="200":
    cargo run --release --bin sim -- --seeds {{SEEDS}} --jobs 2 --full

# Changes that break a rule, each of which must be caught.
mutants:
    sh tests/mutants/run.sh

# Every decoder of outside bytes, SECONDS each.
fuzz SECONDS="10":
    sh tests/fuzz/run.sh {{SECONDS}}

# CPU time of the rules, as ratios in one run, then of the programs: target/bench/results.json and tables.
bench:
    cargo run --profile bench -p bench
    cargo build --release -p comity
    cargo run --profile bench -p bench -- programs

# The programs for MINUTES under a steady load, one killed every minute: nothing is lost, no memory and no handles grow.
soak MINUTES="20":
    cargo build --release -p comity
    cargo run --profile bench -p bench -- soak --minutes {{MINUTES}}

# CometBFT-Go beside ours; needs Go.
bench-peers:
    sh tests/bench/peers/run.sh

# Builds and runs a real wasmd network and records its blocks into tests/vectors/wasmd; needs Go.
record-wasmd:
    sh tests/wasmd/record.sh

# All of Comity against four validators that run wasmd; needs Go, to build wasmd once.
e2e-wasmd:
    sh tests/wasmd/e2e.sh

# Rebuilds the registry contract and compares it with the one in the tree.
registry:
    sh adapters/registry-cosmwasm/check.sh

# The README's first command, and what it leaves behind, checked by the verifier.
demo:
    sh tests/demo.sh

# Two regions as real programs over loopback TLS: killed at every step, paused, cut off, lied to.
e2e:
    sh tests/e2e/run.sh

# The offline verifier must build where there is no operating system; its signatures are checked by another library there, so that is tested too.
wasm:
    cargo build -p certificate --target wasm32-unknown-unknown --no-default-features --features arkworks
    cargo test -p certificate --features arkworks -- tests::genuine tests::epochs
