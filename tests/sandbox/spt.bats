#!/usr/bin/env bats
# Solo5 kernels on the tender that comes with urunc: it is the container's process, and all that it needs is handed over
# as descriptors. tests/tender tests the tender itself.
load ../e2e/helpers

# In a build with sanitizers or counters another build of the tender takes its place: those need files that a private
# root does not have.
TENDER=$URUNC_BIN/runtime/urunc-spt
! ldd "$TENDER" 2>/dev/null | grep -q '=>' || TENDER=$URUNC_BIN/tests/sandbox/urunc-spt

prepare() {
    need_root
    [[ -e $GUESTS/solo5-calls-0.elf ]] || skip "the Solo5 test guests are built for x86-64 only"
    printf '{"monitors":{"spt":{"path":"%s"}}}\n' "$TENDER" >"$T/urunc.json"
    bundle solo5-calls-0.elf
    new_id
}

# bundle GUEST: a bundle of that test guest in $T/bundle.
bundle() {
    mkdir -p "$T/bundle/rootfs/boot"
    cp "$GUESTS/$1" "$T/bundle/rootfs/boot/kernel"
    jq -n '{
        ociVersion: "1.1.0",
        process: {user: {uid: 0, gid: 0}, args: ["cmdline"], cwd: "/"},
        root: {path: "rootfs"},
        annotations: ({unikernelType: "generic", hypervisor: "spt", binary: "/boot/kernel"}
            | with_entries(.key |= "com.urunc.unikernel." + .)),
        linux: {namespaces: [{type: "pid"}, {type: "mount"}, {type: "ipc"}, {type: "uts"}, {type: "network"}]}
    }' >"$T/bundle/config.json"
}

run_guest() {
    STATUS=0
    urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || STATUS=$?
}

@test "the guest's arguments and exit status" {
    arguments "$T/bundle" cmdline 'a  "b"' -- exit:7
    run_guest
    expect_equal "$STATUS $(cat "$T/console" "$T/stderr")" '7 cmdline a  "b" -- exit:7'
}

@test "a call that is not the guest's ends it by SIGSYS, a fault by SIGSEGV" {
    arguments "$T/bundle" call:39
    run_guest
    expect_equal "$STATUS" 159
    new_id
    arguments "$T/bundle" load:0
    run_guest
    expect_equal "$STATUS" 139
}

@test "the guest's memory is the configured one, or the container's limit" {
    printf '{"monitors":{"spt":{"path":"%s","memory_mib":32}}}\n' "$TENDER" >"$T/urunc.json"
    arguments "$T/bundle" info
    run_guest
    expect_match "^memory $((32 << 20)) " "$T/console"
    new_id
    edit "$T/bundle" '.linux.resources.memory.limit = 67108864'
    run_guest
    expect_match "^memory $((64 << 20)) " "$T/console"
}

@test "the container's process is the tender: kill, delete, nothing left" {
    arguments "$T/bundle" cmdline call:281:epoll:buffer:4:60000:0:8
    start "$T/bundle"
    within 10 console_has '^cmdline'
    expect_equal "$(cat "/proc/$(cat "$T/pid")/comm")" urunc-spt
    urunc kill "$ID" TERM
    within 5 status_is stopped
    urunc delete "$ID"
}

@test "it has no capability, no other user's rights, and two filters" {
    arguments "$T/bundle" cmdline call:281:epoll:buffer:4:60000:0:8
    edit "$T/bundle" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [{names: ["mount"], action: "SCMP_ACT_ERRNO"}]}'
    start "$T/bundle"
    within 10 console_has '^cmdline'
    local status
    status=/proc/$(cat "$T/pid")/status
    expect_match '^CapEff:[[:space:]]0000000000000000$' "$status"
    expect_match '^CapBnd:[[:space:]]0000000000000000$' "$status"
    expect_match '^NoNewPrivs:[[:space:]]1$' "$status"
    expect_match '^Seccomp_filters:[[:space:]]2$' "$status"
    expect_match '^Uid:[[:space:]]65534' "$status"
    urunc kill "$ID" KILL
}

@test "its private root holds one program and no library" {
    [[ $TENDER == */runtime/* ]] || skip "a build with shared libraries"
    arguments "$T/bundle" cmdline call:281:epoll:buffer:4:60000:0:8
    start "$T/bundle"
    within 10 console_has '^cmdline'
    expect_equal "$(find "/proc/$(cat "$T/pid")/root/" -xdev -name '*.so*' | wc -l)" 0
    urunc kill "$ID" KILL
}

@test "a kernel that only root may read" {
    chmod 0 "$T/bundle/rootfs/boot/kernel"
    run_guest
    expect_equal "$STATUS $(cat "$T/console" "$T/stderr")" '0 cmdline'
}

@test "a kernel whose manifest declares what the container does not have" {
    bundle solo5-calls-3.elf
    fails urunc run --bundle "$T/bundle" "$ID"
    expect_match 'manifest declares the (block|network) device (disk|net)' "$T/stderr"
}

# rumprun_bundle: the guest of main.c, which declares the devices tap and rootfs, with a disk that has ext2's magic.
rumprun_bundle() {
    bundle solo5-spt.elf
    head -c 1048576 /dev/zero >"$T/bundle/rootfs/disk"
    printf '\x53\xef' | dd of="$T/bundle/rootfs/disk" bs=1 seek=1080 conv=notrunc status=none
    edit "$T/bundle" '.annotations += ({unikernelType: "rumprun", block: "/disk"} | with_entries(.key |= "com.urunc.unikernel." + .))'
    make_network
    join_network "$T/bundle"
}

@test "disk and tap are handed over as descriptors" {
    rumprun_bundle
    run_guest
    expect_equal "$STATUS $(cat "$T/stderr")" '0 '
    expect_line 'block rootfs: bytes 1048576 magic 53ef' "$T/console"
    expect_match "^net tap: mac $(ip -n "$NETNS" -j link show eth0 | jq -r '.[0].address')" "$T/console"
    expect_equal "$(ip -n "$NETNS" -br link show type tun)" ''
}

@test "a read-only disk is read all the same" {
    rumprun_bundle
    edit "$T/bundle" '.root.readonly = true'
    run_guest
    expect_equal "$STATUS $(cat "$T/stderr")" '0 '
    expect_line 'block rootfs: bytes 1048576 magic 53ef' "$T/console"
}

@test "without a configuration the installed tender is taken where there is no solo5-spt" {
    ! PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin command -v solo5-spt >/dev/null || skip "solo5-spt is installed"
    printf '{}\n' >"$T/urunc.json"
    arguments "$T/bundle" cmdline
    local place
    place=$(urunc --debug run --bundle "$T/bundle" "$ID" 2>&1 | grep -oE '/[^ ]*/urunc/urunc-spt' | head -n 1) || true
    [[ -n $place ]] || skip "it is installed, and which version is not known"
    # In this file's mount namespace alone.
    mount -t tmpfs none "${place%/urunc/urunc-spt}"
    mkdir "${place%/urunc-spt}"
    cp "$TENDER" "$place"
    new_id
    run_guest
    umount "${place%/urunc/urunc-spt}"
    expect_equal "$STATUS $(cat "$T/console" "$T/stderr")" '0 cmdline'
}

@test "urunc check names the tender that it would start" {
    urunc check >"$T/check" 2>/dev/null || true
    grep -q "$TENDER" "$T/check" || fail "$(cat "$T/check")"
}
