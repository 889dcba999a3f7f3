#!/usr/bin/env bats
# The multiboot guest, which stands in for Unikraft and the like: what reaches it, and what comes back.
load helpers

prepare() {
    need_root
    need_program qemu-system-x86_64
    multiboot_bundle "$T/bundle"
    new_id
}

# run_guest: `urunc run` to its end; the guest's console in $T/console, the exit status in $STATUS.
run_guest() {
    STATUS=0
    urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || STATUS=$?
}

@test "arguments reach the guest as its command line" {
    arguments "$T/bundle" one two=2
    run_guest
    expect_equal "$STATUS" 0
    expect_line 'cmdline: /guest/kernel one two=2' "$T/console"
}

@test "the guest reads its initrd and its disk" {
    arguments "$T/bundle" guest
    run_guest
    expect_equal "$STATUS" 0
    expect_match '^initrd: /?etc/motd 22: hello from the initrd' "$T/console"
    expect_line 'disk0: magic 53ef' "$T/console"
}

@test "a guest that ends well gives status 0, one that does not gives another" {
    arguments "$T/bundle" exit=0
    run_guest
    expect_equal "$STATUS" 0
    arguments "$T/bundle" exit=3
    run_guest
    # The exit port's way of saying 3.
    expect_equal "$STATUS" 7
}

@test "the guest sees the network of its namespace" {
    make_network
    join_network "$T/bundle"
    arguments "$T/bundle" guest
    run_guest
    expect_equal "$STATUS" 0
    expect_line "net0: mac $(ip -n "$NETNS" -j link show eth0 | jq -r '.[0].address')" "$T/console"
    expect_equal "$(ip -n "$NETNS" -br link show type tun)" ''
    expect_equal "$(tc -n "$NETNS" qdisc show dev eth0 | grep -c ingress)" 0
}

@test "without an interface there is no network, and that is no error" {
    arguments "$T/bundle" guest
    run_guest
    expect_equal "$STATUS" 0
    ! grep '^net0:' "$T/console" || fail 'a network card'
}

@test "the memory limit of the bundle is the guest's memory, and the monitor has room beyond it" {
    edit "$T/bundle" '.linux.resources.memory.limit = 134217728 | .linux.cgroupsPath = "/" + $id' --arg id "$ID"
    arguments "$T/bundle" hang
    start "$T/bundle"
    within 30 console_has '^cmdline:'
    tr '\0' '\n' <"/proc/$(cat "$T/pid")/cmdline" | grep -A1 -x -e -m | grep -qE '^(size=)?(128M?|131072[kK])'
    local limit
    limit=$(cat "/sys/fs/cgroup/memory/$ID/memory.limit_in_bytes" 2>/dev/null || cat "/sys/fs/cgroup/$ID/memory.max")
    ((limit > 134217728)) || fail "the cgroup's limit is $limit"
    urunc delete --force "$ID"
}

@test "the container's rootfs is not visible to the monitor and not written to" {
    arguments "$T/bundle" hang
    find "$T/bundle/rootfs" -printf '%P %s %T@ %m\n' | sort >"$T/before"
    start "$T/bundle"
    within 30 console_has '^cmdline:'
    local root
    root=/proc/$(cat "$T/pid")/root
    [[ -e $root/guest/kernel && ! -e $root/etc/passwd && ! -e $root/boot && ! -e $root/home ]]
    ! find "$root/" -xdev -name urunc.json | grep . || fail 'the rootfs can be seen'
    ! touch "$root/guest/kernel" "$root/file" 2>/dev/null || fail "the private root can be written to"
    urunc delete --force "$ID"
    find "$T/bundle/rootfs" -printf '%P %s %T@ %m\n' | sort | diff "$T/before" -
}

@test "the monitor has no new privileges, no capability beyond the bundle's and a seccomp filter" {
    arguments "$T/bundle" hang
    start "$T/bundle"
    within 30 console_has '^cmdline:'
    local status
    status=/proc/$(cat "$T/pid")/status
    expect_match '^NoNewPrivs:.1$' "$status"
    expect_match '^Seccomp:.2$' "$status"
    local bounding
    bounding=$(sed -n 's/^CapBnd:.//p' "$status")
    # CAP_SYS_ADMIN is bit 21; the bundle does not list it.
    (((16#$bounding & 1 << 21) == 0)) || fail "bounding set $bounding"
    urunc delete --force "$ID"
}

@test "the bundle's user runs the monitor" {
    edit "$T/bundle" '.process.user = {uid: 1234, gid: 2345, additionalGids: [3456]}'
    chmod -R a+rX "$T/bundle/rootfs/boot"
    chmod a+w "$T/bundle/rootfs/boot/rootfs.ext2"
    arguments "$T/bundle" hang
    start "$T/bundle"
    within 30 console_has '^cmdline:'
    local status
    status=/proc/$(cat "$T/pid")/status
    expect_match '^Uid:.1234.1234.1234.1234$' "$status"
    expect_match '^Gid:.2345.2345.2345.2345$' "$status"
    expect_match '^Groups:.3456' "$status"
    urunc delete --force "$ID"
}

@test "the guest's first output is in the trace, behind the start of the monitor" {
    jq --arg directory "$T/trace" '.trace = $directory' "$T/urunc.json" >"$T/new" && mv "$T/new" "$T/urunc.json"
    arguments "$T/bundle" guest
    run_guest
    expect_equal "$STATUS" 0
    sed '$s/,$/]/' "$T/trace/$ID.json" |
        jq -r '[.[] | select(.name == "exec" or .name == "first output")] | sort_by(.ts) | map(.name) | join(",")' >"$T/order"
    expect_line 'exec,first output' "$T/order"
}
