#!/bin/bash
# Everything that must pass: builds with warnings as errors (gcc with and without sanitizers, clang), formatting,
# clang-tidy, unit tests in both builds, and the end-to-end tests. The last lines are ctest's own summary.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PATH:/usr/sbin:/sbin"

step() {
    printf '\n==> %s\n' "$*"
}

build() {
    step "Build: $1"
    cmake --preset "$1" >/dev/null
    cmake --build --preset "$1"
}

sources() {
    find formats builder runtime tests \( -name '*.c' -o -name '*.h' \) -print0 | sort -z
}

# The end-to-end tests of the runtime need root; without root and sudo they would be skipped.
as_root=()
if [[ $(id -u) -ne 0 ]]; then
    as_root=(sudo)
fi

step 'Packages'
packaging/install-packages.sh
build release
build debug
build clang

step 'clang-format'
sources | xargs -0 clang-format --style=file --dry-run --Werror

step 'clang-tidy'
run-clang-tidy -quiet -p build/clang "$PWD/(formats|builder|runtime)/.*\.c$" >build/clang-tidy.log 2>&1 || {
    sed 's/\x1b\[[0-9;]*m//g' build/clang-tidy.log | grep -E 'warning:|error:' | sort -u
    printf 'tests/run.sh: clang-tidy complains; all of it is in build/clang-tidy.log\n' >&2
    exit 1
}

step 'Unit tests under AddressSanitizer and UndefinedBehaviorSanitizer'
ctest --preset debug -LE e2e

step 'Unit tests and end-to-end tests'
status=0
"${as_root[@]}" ctest --preset release 2>&1 | tee build/ctest.log || status=$?
if grep -rhE '^ok .* # skip' build/release/Testing/Temporary/LastTest.log >build/skipped; then
    step 'Skipped, and why'
    cat build/skipped
    printf '\n'
    sed -n '/tests passed/,$p' build/ctest.log
fi
exit "$status"
