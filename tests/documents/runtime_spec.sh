#!/bin/bash
# runtime_spec.sh SOURCE [SCHEMAS]: docs/runtime-spec.md has a row for every field of config.json (config_fields.txt, as
# config_fields.py makes it of the specification's schemas), no row for what is none, and the messages that it quotes
# of refused fields are urunc's.
set -euo pipefail
page=$1/docs/runtime-spec.md
list=$1/tests/documents/config_fields.txt
schemas=${2-}/runtime-spec
status=0

complain() {
    printf '%s\n' "$*" >&2
    status=1
}

if [[ -d $schemas ]]; then
    diff "$list" <("$1/tests/documents/config_fields.py" "$schemas") || complain "$list: not the schemas' fields"
fi

# The first column's names, one a line, as patterns of the shell: "[]" is no set of characters.
mapfile -t patterns < <(grep '^| `' "$page" | cut -d'|' -f2 | grep -oE '`[^`]+`' | tr -d '`' | sed 's/\[\]/\\[\\]/g')
mapfile -t fields <"$list"
((${#patterns[@]} > 50 && ${#fields[@]} > 300)) || complain "only ${#patterns[@]} names, ${#fields[@]} fields"

for field in "${fields[@]}"; do
    found=
    for pattern in "${patterns[@]}"; do
        # shellcheck disable=SC2053 # a pattern is meant
        [[ $field == $pattern ]] && found=1 && break
    done
    [[ -n $found ]] || complain "$page: no row for $field"
done

for pattern in "${patterns[@]}"; do
    # shellcheck disable=SC2053
    for field in "${fields[@]}"; do
        [[ $field == $pattern ]] && continue 2
    done
    complain "$page: no field is like ${pattern//\\/}"
done

grep '^| `' "$page" | cut -d'|' -f3 | tr -d ' ' | grep -vxE 'done|met|refused' && complain "$page: an unknown word"

# What a refused field is answered with stands in the sources.
while IFS= read -r message; do
    grep -rqF -e "$message" "$1/runtime/bundle" "$1/runtime/sandbox" || complain "$page: urunc does not say: $message"
done < <(grep -E '^\| `[^|]*\| refused' "$page" | cut -d'|' -f4 | grep -oE '`[^`]+`' | tr -d '`')
exit "$status"
