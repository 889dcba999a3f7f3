#!/usr/bin/env bats
# Monitors that need KVM, while they run: paused, saved and restored over their APIs. Firecracker and Cloud Hypervisor are
# not in Debian: without them the tests are skipped.
load helpers

prepare() {
    need_root
    [[ -c /dev/kvm ]] || skip 'no /dev/kvm'
    new_id
}

# counting MONITOR GUEST: starts a guest that counts, with a network and a disk.
counting() {
    need_program "$1"
    printf '{"monitors":{"%s":{"path":"%s","memory_mib":32}}}\n' "$1" "$(command -v "$1")" >"$T/urunc.json"
    mkdir -p "$T/bundle/rootfs/boot"
    cp "$GUESTS/$2" "$T/bundle/rootfs/boot/kernel"
    head -c 1048576 /dev/zero >"$T/bundle/rootfs/disk"
    jq -n --arg monitor "$1" '{
        ociVersion: "1.1.0",
        process: {user: {uid: 0, gid: 0}, args: ["count"], cwd: "/"},
        root: {path: "rootfs"},
        annotations: ({unikernelType: "generic", hypervisor: $monitor, binary: "/boot/kernel", block: "/disk"}
            | with_entries(.key |= "com.urunc.unikernel." + .)),
        linux: {namespaces: [{type: "pid"}, {type: "mount"}, {type: "ipc"}, {type: "uts"}, {type: "network"}]}
    }' >"$T/bundle/config.json"
    make_network
    join_network "$T/bundle"
    start "$T/bundle"
    within 90 console_has '^count: 1'
}

counted() {
    tr -d '\r' <"$T/console" | sed -n 's/^count: //p' | tail -n 1
}

counts_beyond() {
    local number
    number=$(counted)
    ((${number:-0} > $1))
}

pauses_and_goes_on() {
    local before
    urunc pause "$ID" 2>"$T/stderr"
    expect_equal "$(cat "$T/stderr")" ''
    status_is paused
    urunc resume "$ID" 2>"$T/stderr"
    expect_equal "$(cat "$T/stderr")" ''
    before=$(counted)
    within 90 counts_beyond "$before"
    urunc delete --force "$ID"
}

@test "Firecracker's machine is paused and goes on" {
    counting firecracker elf64.elf
    pauses_and_goes_on
}

@test "Cloud Hypervisor's machine is paused and goes on, and cannot be saved" {
    counting cloud-hypervisor pvh.elf
    fails urunc checkpoint --image-path "$T/saved" "$ID"
    expect_one_error 'cannot save a machine of cloud-hypervisor, only one of qemu or firecracker'
    pauses_and_goes_on
}

@test "Firecracker's machine is saved while it runs, and goes on; its files are their owner's alone" {
    counting firecracker elf64.elf
    urunc checkpoint --image-path "$T/saved" --leave-running "$ID"
    expect_equal "$(stat -c '%a %u %n' "$T/saved"/* | sed "s|$T/||")" \
        $'600 0 saved/machine.json\n600 0 saved/machine.memory\n600 0 saved/machine.state'
    expect_equal "$(stat -c %s "$T/saved/machine.memory")" $((32 << 20))
    expect_equal "$(grep -c saved "/proc/$(cat "$T/pid")/mountinfo")" 0
    status_is running
    urunc pause "$ID"
    urunc checkpoint --image-path "$T/saved" --leave-running "$ID"
    status_is paused
    urunc resume "$ID"
    local before
    before=$(counted)
    within 90 counts_beyond "$before"
    urunc delete --force "$ID"
}

@test "Firecracker's saved machine is restored in another container with another tap, and again" {
    local before
    counting firecracker elf64.elf
    for again in 1 2; do
        urunc checkpoint --image-path "$T/saved" "$ID"
        before=$(counted)
        expect_equal "$(urunc list --quiet)" ''
        new_id
        urunc restore --detach --bundle "$T/bundle" --image-path "$T/saved" --pid-file "$T/pid" "$ID" </dev/null \
            >"$T/console" 2>"$T/stderr" || fail "restore $again: $(cat "$T/stderr" "$T/console")"
        status_is running
        within 90 counts_beyond "$before"
        fails console_has '^cmdline:'
    done
    urunc delete --force "$ID"
}

@test "Firecracker's machine is not restored where it would be another, or is none" {
    counting firecracker elf64.elf
    urunc checkpoint --image-path "$T/saved" "$ID"
    new_id
    arguments "$T/bundle" count more
    fails urunc restore --detach --bundle "$T/bundle" --image-path "$T/saved" "$ID"
    expect_one_error 'not the one that was saved'
    arguments "$T/bundle" count
    truncate --size 1000 "$T/saved/machine.state"
    fails urunc restore --detach --bundle "$T/bundle" --image-path "$T/saved" "$ID" </dev/null
    expect_match 'the monitor did not take the saved machine .*: PUT /snapshot/load: ' "$T/stderr"
    truncate --size 1G "$T/saved/machine.memory"
    fails urunc restore --detach --bundle "$T/bundle" --image-path "$T/saved" "$ID" </dev/null
    expect_match 'machine.memory: 1073741824 bytes are more than a machine of this memory can have' "$T/stderr"
    expect_equal "$(urunc list --quiet)" ''
}
