#!/bin/bash
# Line coverage of the fast tests, which boot no guest, by folder: coverage.sh [--files]
# With --files the files below the minimum are listed as well. The exit status is 1 where a folder is below it.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PATH:/usr/sbin:/sbin" GCOV_ERROR_FILE=/dev/null
minimum=85 build=build/coverage

cmake --preset coverage >/dev/null
cmake --build --preset coverage >"$build/build.log" || {
    tail -n 30 "$build/build.log" >&2
    exit 1
}
find "$build" -name '*.gcda' -delete
# Users of containers make files of counters, too.
find "$build" -type d -name '*.dir' -exec chmod -R a+rwX {} +
as_root=()
if [[ $(id -u) -ne 0 ]]; then
    as_root=(sudo -E) # the tests of the runtime need root
fi
"${as_root[@]}" ctest --preset coverage -L '^(unit|fast)$' >"$build/ctest.log" 2>&1 || {
    grep -E '^not ok|^# |\*\*\*' "$build/ctest.log" >&2 || tail -n 30 "$build/ctest.log" >&2
    printf 'tests/coverage.sh: tests fail; all of it is in %s/ctest.log\n' "$build" >&2
    exit 1
}
gcovr --root . --filter 'formats/' --filter 'builder/' --filter 'runtime/' --json-summary --output "$build/coverage.json" \
    "$build"
jq -r --argjson minimum "$minimum" --arg files "${1-}" '
    def percent: 1000 * .covered / .lines | floor / 10;
    def total: {covered: map(.line_covered) | add, lines: map(.line_total) | add};
    (.files | group_by(.filename | sub("/[^/]*$"; ""))[] | total + {name: .[0].filename | sub("/[^/]*$"; "/")}),
    (.files | total + {name: "all"}),
    (select($files == "--files") | .files[] | {name: .filename, covered: .line_covered, lines: .line_total} |
        select(percent < $minimum)) |
    [.name, .covered, .lines, percent] | @tsv' "$build/coverage.json" |
    awk -F '\t' -v minimum="$minimum" '
        { printf "%-40s %6d of %6d lines %6.1f%%\n", $1, $2, $3, $4 }
        $1 ~ "/$" && $4 < minimum { low = low " " $1 }
        END { if (low != "") { print "below " minimum "%:" low; exit 1 } }'
