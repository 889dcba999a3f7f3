#!/bin/bash
# pairs.sh SOURCE PRINT_PAIRS [--write]: the table in docs/pairs.md is the one that the contract's lists make; --write
# puts it there.
set -euo pipefail
page=$1/docs/pairs.md
begin='<!-- made by tests/documents/pairs.sh -->'
end='<!-- end -->'
grep -qxF -e "$begin" "$page" && grep -qxF -e "$end" "$page" ||
    { echo "$page: the marks around the table are gone" >&2; exit 1; }
table=$("$2")
wanted=$(awk -v begin="$begin" -v end="$end" -v table="$table" '
    $0 == end { inside = 0 }
    !inside { print }
    $0 == begin { print table; inside = 1 }' "$page")
if [[ ${3-} == --write ]]; then
    printf '%s\n' "$wanted" >"$page"
elif ! diff <(printf '%s\n' "$wanted") "$page"; then
    echo "$page: not the contract's table; write it with: $0 $1 $2 --write" >&2
    exit 1
fi
