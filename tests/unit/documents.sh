#!/bin/bash
# Every file that a document names in backquotes is there, and so is every document that a link leads to.
# Frameworks and monitors have pages. A name with "toy" in it is the reader's to make. documents.sh SOURCE-DIRECTORY
set -euo pipefail
shopt -s nullglob
cd "$1"
status=0

# expect_path DOCUMENT PATH: a path from the top; "..." and <...> stand for any name.
expect_path() {
    local pattern
    pattern=$(sed -E 's/<[^>]*>|\.\.\./*/g' <<<"$2")
    compgen -G "$pattern" >/dev/null && return
    printf '%s names %s, which is not there\n' "$1" "$2"
    status=1
}

for document in README.md CONTRIBUTING.md docs/*.md docs/*/*.md; do
    named=$(grep -oE '`(formats|builder|runtime|tests|packaging|docs|Containerfile-samples)/[^` ]*`' "$document" || true)
    for path in $(tr -d '`' <<<"$named"); do
        [[ $path == *toy* ]] || expect_path "$document" "${path%/}"
    done
    for path in $(grep -oE '\]\([^)#:]+\)' "$document" | tr -d '()]'); do
        expect_path "$document" "$(dirname "$document")/$path"
    done
done

# Every framework that is booted and every monitor that is driven has its page.
pages() {
    sed -n "/^#define $1(/,/^\$/p" formats/contract/frameworks.h |
        grep -oE '(DRIVEN|BOOTED)\([A-Z0-9_]+, [a-z0-9_]+, "[^"]+"' | sed -E "s,.*\"(.*)\",docs/$2/\1.md,"
}
for page in $(pages FRAMEWORKS frameworks) $(pages HYPERVISORS monitors); do
    [[ -s $page ]] || { printf '%s is missing\n' "$page"; status=1; }
done
exit "$status"
