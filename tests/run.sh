#!/bin/bash
# Everything that must pass: builds with warnings as errors (gcc with and without sanitizers, clang), formatting,
# clang-tidy, and all tests, guests included, in both of gcc's builds. The last lines are ctest's own summary of the
# last run; the exit status is 1 where anything before it failed.
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
tests/arm64/sysroot.sh build/arm64-sysroot
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

# run_tests PRESET [OPTION...]: all tests of a build, three at a time; those with guests wait for each other (RESOURCE_LOCK).
run_tests() {
    "${as_root[@]}" ctest --preset "$1" -j3 "${@:2}" 2>&1 | tee "build/ctest-$1.log"
}

# Lines of both runs, once each; the numbers of bats differ from run to run.
skipped() {
    grep -haoE '^(ok .*)?# skip.*' build/{debug,release}/Testing/Temporary/LastTest.log |
        sed -E 's/^ok [0-9]+ //; s/ in [0-9]+ms$//' | sort -u
}

status=0
step 'All tests under AddressSanitizer and UndefinedBehaviorSanitizer'
run_tests debug || status=1
step 'All tests'
# Long lists of bad input, and what stands for guests without a monitor, have been met by the build above, which notices
# more.
run_tests release -E '^(e2e\.bad_spec|hostile\.(bundles|command_line|config_fields|layers|places)|(init|network)\..*)$' ||
    status=1

if skipped >build/skipped; then
    step 'Skipped, and why'
    cat build/skipped
fi
if [[ -s build/release/tests/matrix.txt ]]; then
    step 'Framework, monitor, storage'
    cat build/release/tests/matrix.txt
fi
if ((status != 0)); then
    step 'Failed'
    sed -n '/The following tests FAILED/,$s/^/sanitizers: /p' build/ctest-debug.log
fi
printf '\n'
sed -n '/tests passed/,$p' build/ctest-release.log
exit "$status"
