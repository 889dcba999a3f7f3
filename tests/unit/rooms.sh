#!/bin/bash
# rooms.sh [SOURCE]: the folders ("rooms") include each other only in the directions that docs/architecture.md gives.
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"
broken=0

# Every line is "FILE INCLUDED", for the includes of our own headers.
includes() {
    grep -rEo --include='*.c' --include='*.h' '^#include "[^"]+"' formats builder runtime | sed 's/:#include "/ /; s/"$//'
}

# forbid FILES INCLUDED WHY: extended regular expressions, each from the path's beginning.
forbid() {
    local found
    found=$(includes | grep -E "^$1[^ ]* $2" || true)
    [[ -z $found ]] || { printf '%s\n%s\n' "$3:" "$found" >&2; broken=1; }
}

[[ $(includes | wc -l) -gt 500 ]] || { echo 'rooms.sh: the sources were not found' >&2; exit 1; }
forbid formats/ '(builder|runtime)/' 'formats/ knows neither program'
forbid builder/ runtime/ 'the builder does not include the runtime'
forbid runtime/ builder/ 'the runtime does not include the builder'
forbid runtime/sandbox/ '(formats/([^b]|b[^a])|runtime/[^s]|runtime/s[^a])' 'sandbox/ depends on formats/base alone'
forbid runtime/process/ 'runtime/(lifecycle|commands)/' 'process/ does not call back'
forbid 'runtime/(bundle|config|guests|monitors|network|sandbox|storage)/' 'runtime/(process|lifecycle|commands)/' \
    'what a container is made of does not know containers'
forbid 'runtime/(boot|channel|trace)[.]' 'runtime/[a-z_]+/' 'what rooms share knows no room'
forbid runtime/lifecycle/ runtime/commands/ 'lifecycle/ does not know command lines'
forbid runtime/guests/ runtime/monitors/ 'no guest knows a monitor'
forbid runtime/monitors/ runtime/guests/ 'no monitor knows a guest'

# Names, too, comments included: a guest that asked for a monitor by its name would know it without including it.
# The names are those of the contract's lists, as identifiers and as texts.
names_of() {
    sed -n "/^#define $1(/,/^\$/p" formats/contract/frameworks.h |
        grep -oE '(DRIVEN|BOOTED|KNOWN)\([A-Z0-9_]+, [a-z0-9_]+, "[^"]+"' | sed -E 's/.*, ([a-z0-9_]+), "(.*)"/\1 \2/' |
        tr ' ' '\n' | sort -u
}

# The kernel's headers, and names that are the host's: a word of a list that is no guest here.
strip_host_words() {
    sed -E 's,<linux/,<,; s/linux-(gnu|loader)//g'
}

unnamed() {
    local found word
    for word in $2; do
        found=$(grep -rniE "(^|[^a-z0-9])$word([^a-z0-9]|\$)" "$1" | strip_host_words |
            grep -iE ":.*(^|[^a-z0-9])$word([^a-z0-9]|\$)" || true)
        [[ -z $found ]] || { printf '%s\n%s\n' "$1 names $word:" "$found" >&2; broken=1; }
    done
}
monitors=$(names_of HYPERVISORS)
frameworks=$(names_of FRAMEWORKS)
[[ $(wc -w <<<"$monitors") -ge 5 && $(wc -w <<<"$frameworks") -ge 10 ]] ||
    { echo 'rooms.sh: the lists of formats/contract/frameworks.h were not found' >&2; exit 1; }
unnamed runtime/guests "$monitors"
unnamed runtime/monitors "$frameworks"

# No two rooms need each other, by however many steps. (Files right in runtime/ or builder/ belong to no room.)
circles=$(includes | awk '
    function room(path) { return match(path, /^[a-z]+\/[a-z0-9_]+\//) ? substr(path, 1, RLENGTH - 1) : "" }
    { from = room($1); to = room($2); if (from != "" && to != "" && from != to) print from, to }' |
    sort -u | tsort 2>&1 >/dev/null || true)
[[ -z $circles ]] || { printf 'rooms in a circle:\n%s\n' "$circles" >&2; broken=1; }
exit "$broken"
