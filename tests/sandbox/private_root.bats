#!/usr/bin/env bats
# The monitor's private root: exactly what it needs, and nothing of the host or of the container's rootfs.
load standin

# Libraries of a program, as the dynamic loader names them.
libraries() {
    ldd "$1" | grep -oE '/[^ ]+' | sort -u
}

# with_parents: the paths on standard input and all directories above them, sorted.
with_parents() {
    awk '{ for (path = $0; path != ""; sub("/[^/]*$", "", path)) print path } END { print "/" }' | sort -u
}

@test "it holds the monitor, its libraries and firmware, three devices, the guest's files, what tells the exit status, and nothing else" {
    run_standin
    { libraries "$T/qemu/bin/standin"
        printf '%s\n' "$T/qemu/bin/standin" "$T/qemu/share/qemu/bios-256k.bin" /etc/ld.so.cache /dev/null /dev/zero \
            /dev/urandom /guest/kernel /lib/urunc-exit-status.so; } | with_parents >"$T/expected"
    jq -r '.root[].path' "$T/report" | sort >"$T/got"
    diff "$T/expected" "$T/got"
}

@test "a static monitor has no libraries in its root" {
    cp "$STANDIN-static" "$T/qemu/bin/standin"
    run_standin
    expect_root 'select(.path | test("/(lib|etc)")) | .path' ''
    expect_root 'select(.path == "@/bin/standin") | .type' '-'
}

@test "libraries that a module of the monitor needs come along with it" {
    mkdir -p "$T/qemu/lib/qemu"
    local module=$T/qemu/lib/qemu/accel-tcg-x86_64.so needed
    needed=$(libraries "$URUNC_BUILD" | grep /libzstd)
    cp "$needed" "$module"
    run_standin
    expect_root 'select(.path | endswith("accel-tcg-x86_64.so")) | .mount' ro,nosuid,nodev
}

@test "every mount in it is nosuid, all but the devices nodev, all but programs noexec" {
    run_standin
    expect_root 'select(.mount | contains("nosuid") | not) | .path' ''
    expect_root 'select(.mount | contains("nodev") | not) | .path' '/dev/null /dev/urandom /dev/zero'
    expect_equal "$(reported '.root[] | select(.mount | contains("noexec") | not) | .path' | sort)" \
        "$({ libraries "$T/qemu/bin/standin"; printf '%s\n' "$T/qemu/bin/standin" /lib/urunc-exit-status.so; } | sort)"
}

@test "nothing in it can be written to but the devices, even by user 0" {
    run_standin
    expect_root 'select(.mount | startswith("ro") | not) | .path' ''
    expect_root 'select(.write == "ok") | .path' '/dev/null /dev/urandom /dev/zero'
}

@test "the devices are the host's null, zero and urandom" {
    run_standin
    expect_reported '[.root[] | select(.type == "c" or .type == "b") | [.path, .node]] | sort' \
        '[["/dev/null","1:3"],["/dev/urandom","1:9"],["/dev/zero","1:5"]]'
}

@test "there are no links, pipes or sockets in it, and no setuid file" {
    run_standin
    expect_root 'select(.type | IN("-", "d", "c") | not) | .path' ''
    expect_root 'select((.mode | test("^[1-7]")) and .type != "d") | .path' ''
}

@test "the guest's kernel, initrd and disk are the very files that were checked" {
    printf 'initrd' >"$T/bundle/rootfs/initrd"
    head -c 1024 /dev/zero >"$T/bundle/rootfs/disk"
    annotate initrd /initrd
    annotate block /disk
    run_standin
    local file inode
    for file in kernel:boot/kernel initrd:initrd disk0:disk; do
        inode=$(stat -c %i "$T/bundle/rootfs/${file#*:}")
        expect_root "select(.path == \"/guest/${file%:*}\") | .inode" "$inode"
    done
    expect_root 'select(.path | startswith("/guest/")) | select(.mount == "ro,nosuid,nodev,noexec") | .path' '/guest/initrd /guest/kernel'
}

@test "a monitor that is not there is an error that names it" {
    rm "$T/qemu/bin/standin"
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'monitors.qemu.path: .*/qemu/bin/standin: No such file'
    expect_nothing_left
}

@test "firmware that is not there is an error that names it, and leaves nothing" {
    rm "$T/qemu/share/qemu/bios-256k.bin"
    fails urunc run --bundle "$T/bundle" "$ID"
    expect_one_error 'bios-256k.bin'
    expect_nothing_left
}

@test "a library that is not there is an error that names it" {
    python3 - "$T/qemu/bin/standin" <<'PYTHON'
import sys
data = open(sys.argv[1], "rb").read()
open(sys.argv[1], "wb").write(data.replace(b"libc.so.6\0", b"libq.so.6\0"))
PYTHON
    fails urunc run --bundle "$T/bundle" "$ID"
    expect_one_error 'libq\.so\.6'
    expect_nothing_left
}

@test "the host's mounts are out of the monitor's namespace" {
    start_standin
    expect_equal "$(grep -c ' /proc ' "/proc/$PID/mountinfo")" 0
    expect_equal "$(awk '{ print $5 }' "/proc/$PID/mountinfo" | grep -vE '^/(dev/(null|zero|urandom)|guest/kernel|etc/ld.so.cache|lib.*|tmp/.*)?$')" ''
    # In a mount namespace whose mounts propagate nowhere.
    expect_equal "$(grep -cE ' (shared|master):' "/proc/$PID/mountinfo")" 0
}

@test "a mount of the host made later does not reach the monitor, nor one of the monitor's the host" {
    local before
    before=$(wc -l </proc/self/mountinfo)
    start_standin
    expect_equal "$(wc -l </proc/self/mountinfo)" "$before"
    mkdir "$T/later"
    mount -t tmpfs later "$T/later"
    ! grep -q "$T/later" "/proc/$PID/mountinfo" || fail 'reached the monitor'
    umount "$T/later"
}

# A Unikraft container that is given its rootfs, which has a file, a link out of it, and something mounted in it.
share_rootfs() {
    cp "$URUNC_BIN/tests/guests/multiboot.elf" "$T/bundle/rootfs/boot/kernel"
    annotate unikernelType unikraft
    annotate mountRootfs true
    printf 'data\n' >"$T/bundle/rootfs/file"
    mkdir "$T/bundle/rootfs/mounted"
    mount -t tmpfs none "$T/bundle/rootfs/mounted"
    touch "$T/bundle/rootfs/mounted/not-shared"
}

@test "mountRootfs: the container's rootfs is in it, writable where the bundle has it so, without what is mounted there" {
    share_rootfs
    run_standin
    umount "$T/bundle/rootfs/mounted"
    expect_equal "$STATUS" 0
    expect_reported '[.argv[] | select(startswith("local,id=share0"))]' \
        '["local,id=share0,path=/guest/share0,security_model=none,multidevs=remap,readonly=off"]'
    expect_reported '[.argv[] | select(contains("mount_tag"))]' '["virtio-9p-pci,fsdev=share0,mount_tag=fs0"]'
    expect_root 'select(.path == "/guest/share0") | .mount' nosuid,nodev,noexec
    expect_root 'select(.path | startswith("/guest/share0/")) | .path' \
        '/guest/share0/boot /guest/share0/boot/kernel /guest/share0/file /guest/share0/mounted'
}

@test "mountRootfs: of a read-only rootfs nothing can be written" {
    share_rootfs
    edit "$T/bundle" '.root.readonly = true'
    run_standin
    umount "$T/bundle/rootfs/mounted"
    expect_equal "$STATUS" 0
    expect_reported '[.argv[] | select(startswith("local,id=share0")) | endswith("readonly=on")]' '[true]'
    expect_root 'select(.path == "/guest/share0") | .mount' ro,nosuid,nodev,noexec
    expect_root 'select(.path | startswith("/guest/share0")) | select(.write == "ok") | .path' ''
}

@test "mountRootfs: a guest that cannot use it does without" {
    annotate mountRootfs true
    run_standin
    expect_equal "$STATUS" 0
    expect_reported '[.argv[] | select(contains("share0"))]' '[]'
}
