#!/usr/bin/env bats
# Texts that look like a monitor's options reach the guest as its own command line, or nothing boots: no word of an
# image becomes a word of the monitor's.
load ../e2e/helpers

prepare() {
    need_root
    need_program qemu-system-x86_64
    multiboot_bundle "$T/bundle"
    new_id
}

# reaches TEXT ARG...: with these arguments the guest sees exactly TEXT (and before it the kernel's name, from QEMU's
# multiboot loader).
reaches() {
    local text=$1 status=0
    shift
    arguments "$T/bundle" "$@"
    urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || status=$?
    ((status == 0)) || fail "status $status: $(cat "$T/stderr" "$T/console")"
    expect_line "cmdline: /guest/kernel $text" "$T/console"
}

@test "options of QEMU" {
    reaches '-monitor stdio' -monitor stdio
    reaches '-drive file=/etc/passwd,format=raw' -drive file=/etc/passwd,format=raw
    reaches '-append other -kernel /etc/passwd' -append other -kernel /etc/passwd
    reaches '-- -S -s' -- -S -s
    reaches '-monitor tcp:127.0.0.1:4444,server' '-monitor tcp:127.0.0.1:4444,server'
}

@test "options of the other monitors" {
    reaches '--config-file /etc/passwd' --config-file /etc/passwd
    reaches '--api-sock /tmp/x --kernel /etc/passwd' --api-sock /tmp/x --kernel /etc/passwd
    reaches '--block:storage=/etc/passwd' --block:storage=/etc/passwd
}

@test "commas, equals signs, dollars, backquotes and quotes" {
    # shellcheck disable=SC2016 # nothing may expand
    reaches 'a,b=c $HOME `id` $(id) "x" '"'y'"' ; true | cat & > /tmp/f' 'a,b=c' '$HOME' '`id`' '$(id)' '"x"' "'y'" \
        ';' true '|' cat '&' '>' /tmp/f
    [[ ! -e /tmp/f ]]
}

@test "names of the private root" {
    reaches '/guest/kernel /dev/fdset/1 fd=3' /guest/kernel /dev/fdset/1 fd=3
}

@test "the cmdline annotation is one text as well" {
    edit "$T/bundle" '.process.args = ["unikernel"] | .annotations["com.urunc.unikernel.cmdline"] = $text' \
        --arg text '-monitor stdio -drive file=/etc/passwd'
    rm -f "$T/bundle/rootfs/urunc.json"
    local status=0
    urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || status=$?
    expect_equal "$status" 0
    expect_line 'cmdline: /guest/kernel -monitor stdio -drive file=/etc/passwd' "$T/console"
}

@test "the monitor's own command line holds the text as one word" {
    arguments "$T/bundle" hang -monitor stdio
    start "$T/bundle"
    within 30 console_has '^cmdline:'
    tr '\0' '\n' <"/proc/$(cat "$T/pid")/cmdline" >"$T/words"
    expect_line 'hang -monitor stdio' "$T/words"
    ! grep -x -e -monitor "$T/words" || fail 'an option of the image'
    urunc delete --force "$ID"
}

@test "host name, environment and working directory do not become options either" {
    edit "$T/bundle" '.hostname = "-monitor" | .process.env = ["-drive=file=/etc/passwd", "QEMU_AUDIO_DRV=x",
        "LD_PRELOAD=/tmp/x.so", "LD_LIBRARY_PATH=/tmp"] | .process.cwd = "/-monitor"'
    arguments "$T/bundle" hang
    start "$T/bundle"
    within 30 console_has '^cmdline:'
    tr '\0' '\n' <"/proc/$(cat "$T/pid")/cmdline" >"$T/words"
    ! grep -qE 'monitor|passwd' "$T/words" || fail "$(cat "$T/words")"
    # The whole of it is urunc's own: names, and no value of the container's.
    tr '\0' '\n' <"/proc/$(cat "$T/pid")/environ" | sort >"$T/environment"
    diff - "$T/environment" <<END || fail 'the environment leaked'
HOME=/
LC_ALL=C
LD_PRELOAD=/lib/urunc-exit-status.so
PATH=$(sed -n 's/^PATH=//p' "$T/environment")
URUNC_EXIT_STATUS=$(sed -n 's/^URUNC_EXIT_STATUS=//p' "$T/environment")
END
    ! grep -E '/tmp|passwd' "$T/environment" || fail 'a value of the container'
    urunc delete --force "$ID"
}
