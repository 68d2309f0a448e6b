#!/bin/sh
# Breaks one rule at a time in a copy of the tree, and demands that the break is caught: by the model's
# search, by the named tests where the model cannot see it, or by one seed of the simulator where only the
# programs have the rule. Fails if a mutant survives, does not build, or its patch no longer applies.
# The copy stays in target/mutants; what others built of libraries is used again.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
copy=$root/target/mutants/tree
log=$root/target/mutants/log
export CARGO_TARGET_DIR="$root/target"
# The copy lies inside a repository, and is none itself.
export GIT_CEILING_DIRECTORIES="$root/target/mutants"

rm -rf "$copy"
mkdir -p "$copy"
(cd "$root" && git ls-files --cached --others --exclude-standard | while IFS= read -r file; do
    if [ -f "$file" ]; then printf '%s\n' "$file"; fi
done | tar -cf - -T -) | tar -xmf - -C "$copy"
cd "$copy"

# Builds what WAY needs; nothing is caught by code that does not compile.
build() {
    case $1 in
    model) cargo build -q --release -p model ;;
    tests) cargo test -q --release -p gateway-agreement --lib --no-run ;;
    sim) cargo build -q --release -p sim ;;
    esac >"$log" 2>&1
}

# Runs WAY WHICH; its status says whether all is well.
check() {
    case $1 in
    model) "$CARGO_TARGET_DIR/release/model" "$2" ;;
    tests) cargo test -q --release -p gateway-agreement --lib -- "$2" ;;
    # A seed, and --short where that is enough.
    sim) set -- $2 && "$CARGO_TARGET_DIR/release/sim" --seed "$@" ;;
    esac >"$log" 2>&1
}

# What showed it.
shown() {
    case $1 in
    model) grep -E '^    [a-z]' "$log" | sed 's/^ *//' | paste -sd ';' - ;;
    tests) grep -E '^    check::' "$log" | sed 's/.*:://' | sort -u | paste -sd ';' - ;;
    sim) sed -n '/^    broken: \[/,/^    \]/p' "$log" | sed -n 's/^        "\(.*\)",$/\1/p' | head -1 ;;
    esac
}

fail() {
    echo "$1"
    sed 's/^/    /' "$log" | tail -20
    failed=1
}

field() {
    sed -n "s/^$1: //p" "$2" | head -1
}

failed=0
patches=$(ls "$root"/tests/mutants/*.patch)

# The tree as it is must pass, or nothing is shown by a mutant that does not.
for by in $(for patch in $patches; do field 'Caught by' "$patch" | tr ' ' '@'; done | sort -u); do
    way=${by%%@*}
    which=$(echo "${by#*@}" | tr '@' ' ')
    if build "$way" && check "$way" "$which"; then
        printf '%-26s %-8s passes %s\n' '(the tree as it is)' "$way" "$which"
    else
        fail "the tree as it is does not pass: $way $which"
        exit 1
    fi
done

for patch in $patches; do
    name=$(basename "$patch" .patch)
    by=$(field 'Caught by' "$patch")
    way=${by%% *}
    which=${by#* }
    if ! git apply "$patch" 2>"$log"; then
        fail "$name: the patch no longer applies"
        continue
    fi
    if ! build "$way"; then
        fail "$name: does not build"
    elif check "$way" "$which"; then
        fail "$name: SURVIVED ($way $which)"
    else
        printf '%-26s %-8s caught: %s\n' "$name" "$way" "$(shown "$way")"
    fi
    git apply -R "$patch"
done
exit "$failed"
