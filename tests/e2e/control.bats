#!/usr/bin/env bats
# A running guest is ended, paused, resumed, saved and restored, under QEMU itself.
load helpers

prepare() {
    need_root
    need_program qemu-system-x86_64
    multiboot_bundle "$T/bundle"
    arguments "$T/bundle" count
    new_id
}

started() {
    start "$T/bundle"
    within 90 console_has '^count: 2'
}

# The last number that the guest has said whole.
counted() {
    tr -d '\r' <"$T/console" | sed -n 's/^count: \([0-9]*\)$/\1/p' | tail -n 1
}

counts_beyond() {
    (($(counted) > $1))
}

ended() {
    status_is stopped
}

@test "the reaper of a QEMU that SIGTERM ended sees 143" {
    "$TOOLS/subreaper.py" "$T/pid" 90 \
        "$URUNC" --root "$T/root" --config "$T/urunc.json" create --bundle "$T/bundle" --pid-file "$T/pid" "$ID" \
        -- "$URUNC" --root "$T/root" --config "$T/urunc.json" start "$ID" </dev/null >"$T/status" 2>"$T/console" 3>&- &
    local reaper=$!
    printf '%s\n' "$reaper" >>"$T/processes"
    within 90 console_has '^count: 2'
    urunc kill "$ID" TERM
    wait "$reaper"
    expect_line 'exited 143' "$T/status"
}

@test "a paused guest says nothing, and goes on where it stood" {
    local before
    started
    urunc pause "$ID"
    status_is paused
    before=$(wc -c <"$T/console")
    urunc state "$ID" >"$T/state"
    expect_equal "$(wc -c <"$T/console")" "$before"
    urunc resume "$ID"
    within 90 counts_beyond "$(($(counted) + 1))"
    status_is running
    urunc delete --force "$ID"
}

@test "a machine is saved while it runs, and goes on" {
    started
    urunc checkpoint --image-path "$T/saved" --leave-running "$ID"
    expect_equal "$(stat -c '%a %n' "$T/saved"/* | sed "s|$T/||")" $'600 saved/machine.json\n600 saved/machine.state'
    status_is running
    within 90 counts_beyond "$(($(counted) + 1))"
    urunc delete --force "$ID"
}

@test "a saved machine is restored in another container, and does not boot again" {
    local before
    started
    urunc checkpoint --image-path "$T/saved" "$ID"
    before=$(counted)
    expect_equal "$(urunc list --quiet)" ''
    new_id
    urunc restore --detach --bundle "$T/bundle" --image-path "$T/saved" "$ID" </dev/null >"$T/console" 2>"$T/stderr" ||
        fail "restore: $(cat "$T/stderr" "$T/console")"
    status_is running
    within 90 counts_beyond "$before"
    fails console_has '^cmdline:'
    fails console_has '^count: 1$'
    urunc checkpoint --image-path "$T/again" --leave-running "$ID"
    urunc delete --force "$ID"
}

@test "a machine is not restored where it would be another" {
    started
    urunc checkpoint --image-path "$T/saved" "$ID"
    new_id
    arguments "$T/bundle" count more
    fails urunc restore --detach --bundle "$T/bundle" --image-path "$T/saved" "$ID"
    expect_one_error 'not the one that was saved: -append count more in place of count'
    arguments "$T/bundle" count
    truncate --size 100000 "$T/saved/machine.state"
    fails urunc restore --detach --bundle "$T/bundle" --image-path "$T/saved" "$ID" </dev/null
    expect_match 'the monitor did not take the saved machine' "$T/stderr"
    expect_equal "$(urunc list --quiet)" ''
}

@test "a Linux guest goes on where it was saved, with its channel" {
    busybox_bundle "$T/linux" initrd
    arguments "$T/linux" /bin/sh -c 'trap "echo asked; exit 5" TERM; n=0; while :; do n=$((n+1)); echo "count: $n"; sleep 0.2; done'
    start "$T/linux"
    within 90 console_has '^count: 2'
    urunc checkpoint --image-path "$T/saved" "$ID"
    local before
    before=$(counted)
    new_id
    urunc restore --detach --bundle "$T/linux" --image-path "$T/saved" "$ID" </dev/null >"$T/console" 2>"$T/stderr" ||
        fail "restore: $(cat "$T/stderr" "$T/console")"
    within 90 counts_beyond "$before"
    fails console_has '^count: 1$'
    expect_equal "$(urunc exec "$ID" /bin/echo hello)" hello
    urunc kill "$ID" TERM
    within 90 ended
    expect_line asked "$T/console"
}

# engine_side SOCKET [EXPECT SEND]...: an engine's side of a container's terminal; what it says is in SOCKET.output.
engine_side() {
    local socket=$1
    shift
    "$TOOLS/console.py" "$socket" "$BOOT_TIMEOUT" "$@" >"$socket.output" 2>"$T/console.log" 3>&- &
    printf '%s\n' "$!" >>"$T/processes"
    within 60 test -S "$socket"
}

@test "a Linux guest that was saved hears the sizes of its new terminal" {
    busybox_bundle "$T/linux" initrd
    edit "$T/linux" '.process.terminal = true | .process.consoleSize = {height: 40, width: 100}'
    arguments "$T/linux" /bin/sh -c 'trap "stty size" WINCH; while :; do echo tick; sleep 0.5; done'
    engine_side "$T/first.sock" tick resize:44:99
    urunc create --bundle "$T/linux" --console-socket "$T/first.sock" "$ID"
    urunc start "$ID"
    within 90 grep -q '^44 99' "$T/first.sock.output"
    urunc checkpoint --image-path "$T/saved" "$ID"
    new_id
    engine_side "$T/second.sock" tick resize:55:111
    urunc restore --detach --bundle "$T/linux" --image-path "$T/saved" --console-socket "$T/second.sock" "$ID" </dev/null
    within 90 grep -q '^55 111' "$T/second.sock.output"
    urunc delete --force "$ID"
}
