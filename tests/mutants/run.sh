#!/bin/sh
# Breaks one rule at a time in a copy of the tree, and demands that the break is caught: by the model's
# search, by the named tests where the model cannot see it, or by one seed of the simulator where only the
# programs have the rule. All patches are applied together and built once: each breaks its rule only where
# the environment has MUTANT=its number, the number that its file's name begins with. Without MUTANT the
# same programs must find nothing. Fails if a mutant survives, does not build, has not its number in it, or
# its patch no longer applies. The copy stays in target/mutants; what others built of libraries is used again.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
copy=$root/target/mutants/tree
log=$root/target/mutants/log
export CARGO_TARGET_DIR="$root/target"
# The copy lies inside a repository, and is none itself.
export GIT_CEILING_DIRECTORIES="$root/target/mutants"
unset MUTANT

rm -rf "$copy"
mkdir -p "$copy"
(cd "$root" && git ls-files --cached --others --exclude-standard | while IFS= read -r file; do
    if [ -f "$file" ]; then printf '%s\n' "$file"; fi
done | tar -cf - -T -) | tar -xmf - -C "$copy"
cd "$copy"
# Cargo reads the tree's own settings too, as the copy lies below it. With the same flags twice every library would be
# another one, and built anew.
rm -rf .cargo

# Builds what WAY needs; nothing is caught by code that does not compile.
build() {
    case $1 in
    model) cargo build -q --release --bin model ;;
    tests) cargo test -q --release -p gateway-agreement --lib --no-run ;;
    sim) cargo build -q --release --bin sim ;;
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

# Whether WAY said in its own words that something is wrong: a program that fell or was not found shows nothing.
was_caught() {
    case $1 in
    model) grep -qE '^    [a-z]' "$log" ;;
    tests) grep -q '^test result: FAILED' "$log" ;;
    sim) grep -q '^    broken: \[$' "$log" ;;
    esac
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

# The numbers that a patch adds switches for, each once.
switches() {
    sed -n 's/^+.*std::env::var("MUTANT")\.as_deref() [!=]= Ok("\([0-9]*\)").*/\1/p' "$1" | sort -u
}

# The patches that touch what did not compile.
culprits() {
    sed -n 's/^ *--> \([^:]*\):.*/\1/p' "$log" | sort -u | while IFS= read -r file; do
        (cd "$root/tests/mutants" && grep -lF "+++ b/$file" ./*.patch)
    done | sed 's|^\./||; s|\.patch$||' | sort -u | paste -sd ' ' -
}

failed=0
patches=
for patch in "$root"/tests/mutants/*.patch; do
    name=$(basename "$patch" .patch)
    if [ "$(switches "$patch")" != "${name%%-*}" ]; then
        switches "$patch" >"$log"
        fail "$name: breaks its rule under another number than its own, or always"
    elif ! git apply "$patch" 2>"$log"; then
        fail "$name: the patch no longer applies"
    else
        patches="$patches $patch"
    fi
done

# Without MUTANT nothing may be wrong, or nothing is shown by what is wrong with it.
known=
for by in $(for patch in $patches; do field 'Caught by' "$patch" | tr ' ' '@'; done | sort -u); do
    way=${by%%@*}
    which=$(echo "${by#*@}" | tr '@' ' ')
    case " $known " in
    *" $way "*) ;;
    *)
        known="$known $way"
        if ! build "$way"; then
            fail "the mutants do not build ($way); look at: $(culprits)"
            exit 1
        fi
        ;;
    esac
    if check "$way" "$which"; then
        printf '%-26s %-8s passes %s\n' '(no rule broken)' "$way" "$which"
    else
        fail "without a broken rule this does not pass: $way $which"
        exit 1
    fi
done

for patch in $patches; do
    name=$(basename "$patch" .patch)
    by=$(field 'Caught by' "$patch")
    way=${by%% *}
    which=${by#* }
    export MUTANT="${name%%-*}"
    if check "$way" "$which"; then
        fail "$name: SURVIVED ($way $which)"
    elif ! was_caught "$way"; then
        fail "$name: $way $which fell, and did not say what is wrong"
    else
        printf '%-26s %-8s caught: %s\n' "$name" "$way" "$(shown "$way")"
    fi
    unset MUTANT
done
exit "$failed"
