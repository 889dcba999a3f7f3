#!/usr/bin/env bats
# What the README says is what the programs do.
load helpers

# The indented block behind the heading $1, as a shell script.
block_behind() {
    awk -v heading="## $1" '
        $0 == heading { inside = 1; next }
        inside && /^## / { exit }
        inside && /^    / { found = 1; print substr($0, 5); next }
        inside && found { exit }' "$URUNC_SOURCE/README.md"
}

@test "the lines from a kernel to a running guest, run as they stand" {
    need_root
    need_program qemu-system-x86_64
    block_behind 'Your own kernel to a running guest' >"$T/lines"
    # Ten lines and an END: if there are more, the README is no longer as short as it should be.
    expect_match '^urunc run ' "$T/lines"
    (($(wc -l <"$T/lines") <= 12)) || fail "$(wc -l <"$T/lines") lines"
    cp "$GUESTS/multiboot.elf" "$T/kernel.elf"
    # The reader's urunc finds its configuration in /etc; this one is told where the test keeps it.
    {
        printf 'set -e\ncd %q\n' "$T"
        printf 'urunc() { %q --root %q --config %q "$@"; }\n' "$URUNC" "$T/root" "$T/urunc.json"
        printf 'urunc-build() { %q "$@"; }\n' "$URUNC_BUILD"
        cat "$T/lines"
    } >"$T/script"
    printf 'hello\n' >"$T/containers"
    timeout "$BOOT_TIMEOUT" bash "$T/script" </dev/null >"$T/console" 2>"$T/stderr" || fail "$(cat "$T/stderr")"
    expect_line 'cmdline: /guest/kernel hello world' "$T/console"
    skopeo inspect "oci:$T/hello.oci:1" >"$T/inspect"
    expect_equal "$(jq -r .Architecture "$T/inspect")" amd64
}

@test "every folder that the README names is there, and every document" {
    local path
    for path in formats builder runtime Containerfile-samples tests docs packaging \
        $(grep -oE '\]\([^)#]+\)' "$URUNC_SOURCE/README.md" | tr -d ']()'); do
        [[ -e $URUNC_SOURCE/$path ]] || fail "README.md names $path"
    done
    for path in $(sed -n 's|^    tests/ *\(.*\)|\1|p' "$URUNC_SOURCE/README.md" | tail -1); do
        [[ -d $URUNC_SOURCE/tests/$path ]] || fail "README.md names tests/$path"
    done
}
