#!/usr/bin/env bats
# Guests of our own on every monitor and machine that boots them directly: what reaches them, byte for byte.
load helpers

prepare() {
    need_root
    new_id
}

# machine_bundle MONITOR KERNEL: an image of that test guest with an initrd and a disk, unpacked into $T/bundle.
machine_bundle() {
    local context=$F/$1-$2
    if [[ ! -d $context/image ]]; then
        mkdir -p "$context/files/etc"
        cp "$GUESTS/$2" "$context/kernel"
        printf 'hello from the initrd\n' >"$context/files/etc/motd"
        printf 'FROM scratch AS files\nCOPY files /\nFROM scratch\nUNIKERNEL generic\nMONITOR %s\nKERNEL kernel
INITRD --from=files /\nBLOCK --from=files /\nCMD ["guest"]\n' "$1" >"$context/Containerfile"
        build -t guest -o "type=oci,dest=$context/image" "$context"
    fi
    unpack "$context/image" "$T/bundle"
}

configure() {
    printf '{"monitors":{%s},"rootfs_cache":{"path":"%s"}}\n' "$1" "$T/cache" >"$T/urunc.json"
}

run_guest() {
    STATUS=0
    urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || STATUS=$?
    expect_equal "$STATUS" "${1:-0}"
}

# A monitor of KVM that is installed; its path is the configuration's. (Debian's udev lets the group kvm use the device.)
need_kvm_monitor() {
    need_program "$1"
    [[ -c /dev/kvm ]] || skip 'no /dev/kvm'
    configure "\"$1\":{\"path\":\"$(command -v "$1")\"}"
}

# disk_sum FILE: as the guests sum their disks.
disk_sum() {
    python3 - "$1" <<'END'
import struct, sys
simple = weighted = 0
for (word,) in struct.iter_unpack('<I', open(sys.argv[1], 'rb').read()):
    simple = simple + word & 0xffffffff
    weighted = weighted + simple & 0xffffffff
print(f'{weighted:08x}{simple:08x}')
END
}

# expect_console PROTOCOL COMMAND_LINE SUM: all that the guest printed. Machines differ in how much of the memory they
# keep for themselves; Firecracker adds words to the command line.
expect_console() {
    local disk=$T/bundle/rootfs/boot/rootfs.ext2 memory
    memory=$(sed -n 's/^memory: \([0-9]*\) KiB\r*$/\1/p' "$T/console")
    ((memory > 250 * 1024 && memory <= 256 * 1024)) || fail "memory: $memory KiB"
    {
        [[ -z $1 ]] || printf 'protocol: %s\n' "$1"
        printf 'cmdline: %s\ninitrd: / 0: \ninitrd: /etc/ 0: \ninitrd: /etc/motd 22: hello from the initrd.\n' "$2"
        printf 'initrd: 3 entries, 512 bytes\ndisk0: sectors %d\n' "$(($(stat -c %s "$disk") / 512))"
        printf 'disk0: first bytes%s\ndisk0: magic 53ef\n' "$(printf ' 00%.0s' {1..16})"
        printf 'disk0: sum %s\ndisk0: written\nexit: 0\n' "$3"
    } >"$T/expected"
    sed -E '/^memory: /d; /^cmdline: /s/ pci=off( virtio_mmio.device=[^ ]*)*//; s/\r$//' "$T/console" |
        diff "$T/expected" -
    # What the guest wrote is in the image's file.
    expect_equal "$(tail -c 512 "$disk" | tr -d U | wc -c)" 0
}

# check_guest PROTOCOL [PREFIX]: boots it with its hostile arguments; PREFIX is what the loader puts in front of them.
check_guest() {
    local before
    before=$(disk_sum "$T/bundle/rootfs/boot/rootfs.ext2")
    arguments "$T/bundle" write -monitor 'a  b' '"c,d=e' '$(f)' -- last
    run_guest
    expect_console "$1" "${2-}write -monitor a  b \"c,d=e \$(f) -- last" "$before"
}

@test "PVH on QEMU's q35" {
    need_program qemu-system-x86_64
    machine_bundle qemu pvh.elf
    check_guest PVH
}

@test "PVH on QEMU's pc" {
    need_program qemu-system-x86_64
    configure '"qemu":{"acceleration":"tcg","machine":"pc","machine_options":"hpet=off","cpu":"qemu64,+rdrand"}'
    machine_bundle qemu pvh.elf
    check_guest PVH
}

@test "PVH on QEMU's microvm" {
    need_program qemu-system-x86_64
    configure '"qemu":{"acceleration":"tcg","machine":"microvm"}'
    machine_bundle qemu pvh.elf
    check_guest PVH
}

@test "multiboot on QEMU's pc" {
    need_program qemu-system-x86_64
    configure '"qemu":{"acceleration":"tcg","machine":"pc"}'
    machine_bundle qemu multiboot.elf
    check_guest '' '/guest/kernel '
}

@test "on QEMU's microvm a guest's exit status and its network are as on the other machines" {
    need_program qemu-system-x86_64
    configure '"qemu":{"acceleration":"tcg","machine":"microvm"}'
    machine_bundle qemu pvh.elf
    make_network
    join_network "$T/bundle"
    arguments "$T/bundle" exit=3
    run_guest 7 # the exit port's way of saying 3
    expect_line "net0: mac $(ip -n "$NETNS" -j link show eth0 | jq -r '.[0].address')" "$T/console"
}

# share_bundle: an image whose root file system is the guest's (mountRootfs), unpacked into $T/bundle.
share_bundle() {
    local context=$F/share
    if [[ ! -d $context/image ]]; then
        mkdir -p "$context/etc"
        cp "$GUESTS/pvh.elf" "$context/kernel"
        printf 'hello from the rootfs\n' >"$context/etc/motd"
        printf 'secret\n' >"$context/etc/shadow"
        chmod 600 "$context/etc/shadow"
        printf 'FROM scratch\nUNIKERNEL unikraft\nMONITOR qemu\nKERNEL kernel\nCOPY etc /etc
LABEL com.urunc.unikernel.mountRootfs=true\nCMD ["guest"]\n' >"$context/Containerfile"
        build -t guest -o "type=oci,dest=$context/image" "$context"
    fi
    unpack "$context/image" "$T/bundle"
}

# check_share MACHINE: the guest reads a file of the container's rootfs over 9p.
check_share() {
    configure "\"qemu\":{\"acceleration\":\"tcg\",\"machine\":\"$1\"}"
    share_bundle
    arguments "$T/bundle" read=/etc/motd
    run_guest
    expect_line 'share0: tag fs0' "$T/console"
    expect_line 'share0: /etc/motd: hello from the rootfs.' "$T/console"
}

@test "a guest reads the container's rootfs over 9p" {
    need_program qemu-system-x86_64
    check_share q35
}

@test "a guest reads the container's rootfs over 9p on microvm" {
    need_program qemu-system-x86_64
    check_share microvm
}

@test "a guest can do with the container's rootfs what the monitor's user may, and no more" {
    need_program qemu-system-x86_64
    share_bundle
    # The monitor is nobody: root's own files stay closed, and others' are read-only.
    arguments "$T/bundle" read=/etc/shadow
    run_guest
    expect_line 'share0: /etc/shadow: error 13' "$T/console"
    arguments "$T/bundle" read=/etc/motd write
    run_guest
    expect_line 'share0: cannot be written to, error 13' "$T/console"
    chmod 666 "$T/bundle/rootfs/etc/motd"
    run_guest
    expect_line 'share0: can be written to' "$T/console"
    # The bundle's read-only rootfs is read-only for all.
    edit "$T/bundle" '.root.readonly = true'
    run_guest
    expect_line 'share0: cannot be written to, error 30' "$T/console"
}

@test "a machine that urunc does not drive is refused before anything is made" {
    machine_bundle qemu pvh.elf
    configure '"qemu":{"acceleration":"tcg","machine":"isapc"}'
    fails urunc run --bundle "$T/bundle" "$ID"
    expect_one_error 'monitors\.qemu\.machine: "isapc" is not a machine that urunc drives'
}

@test "a monitor that is too old is refused, and says which is needed" {
    need_program qemu-system-x86_64
    machine_bundle qemu pvh.elf
    printf '#!/bin/sh\necho QEMU emulator version 4.2.1\n' >"$T/old-qemu"
    chmod 755 "$T/old-qemu"
    configure "\"qemu\":{\"acceleration\":\"tcg\",\"path\":\"$T/old-qemu\"}"
    fails urunc run --bundle "$T/bundle" "$ID"
    expect_one_error 'old-qemu is version 4\.2\.1, and urunc needs [0-9.]+ or a newer one'
}

@test "a monitor that is not installed is named, and where it is had from" {
    # No file of these tests puts one into urunc's directories; who has one there skips.
    [[ -z $(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin command -v firecracker) ]] ||
        skip 'firecracker is installed'
    machine_bundle firecracker elf64.elf
    fails urunc run --bundle "$T/bundle" "$ID"
    expect_one_error 'the monitor firecracker \(firecracker\) is not installed: .*github.com/firecracker-microvm'
}

@test "a 64-bit ELF on Firecracker, entered as Linux is" {
    need_kvm_monitor firecracker
    machine_bundle firecracker elf64.elf
    check_guest Linux
}

@test "PVH on Firecracker" {
    need_kvm_monitor firecracker
    machine_bundle firecracker pvh.elf
    check_guest PVH
}

@test "PVH on Cloud Hypervisor" {
    need_kvm_monitor cloud-hypervisor
    machine_bundle cloud-hypervisor pvh.elf
    check_guest PVH
}

@test "Firecracker's guest has the network of its namespace" {
    need_kvm_monitor firecracker
    machine_bundle firecracker elf64.elf
    make_network
    join_network "$T/bundle"
    arguments "$T/bundle" guest
    run_guest
    expect_line "net0: mac $(ip -n "$NETNS" -j link show eth0 | jq -r '.[0].address')" "$T/console"
}

@test "Cloud Hypervisor's guest has the network of its namespace" {
    need_kvm_monitor cloud-hypervisor
    machine_bundle cloud-hypervisor pvh.elf
    make_network
    join_network "$T/bundle"
    arguments "$T/bundle" guest
    run_guest
    expect_line "net0: mac $(ip -n "$NETNS" -j link show eth0 | jq -r '.[0].address')" "$T/console"
}

@test "a command line that Firecracker has no room for is refused before the start" {
    need_kvm_monitor firecracker
    machine_bundle firecracker elf64.elf
    arguments "$T/bundle" "$(printf 'a%.0s' {1..2040})"
    fails urunc run --bundle "$T/bundle" "$ID"
    expect_one_error 'the guest.s command line has 2040 bytes, and there is room for 20[0-9]+'
}

@test "a command line that Cloud Hypervisor does not pass on is refused before the start" {
    need_kvm_monitor cloud-hypervisor
    machine_bundle cloud-hypervisor pvh.elf
    arguments "$T/bundle" 'café'
    fails urunc run --bundle "$T/bundle" "$ID"
    expect_one_error 'has the byte 0xc3 at position 4, and it passes on printable ASCII alone'
}

@test "kernels that a monitor cannot load are refused before the start" {
    need_kvm_monitor cloud-hypervisor
    machine_bundle cloud-hypervisor pvh.elf
    cp "$GUESTS/elf64.elf" "$T/bundle/rootfs/boot/kernel"
    fails urunc run --bundle "$T/bundle" "$ID"
    expect_one_error 'ELF x86-64, but cloud-hypervisor loads PVH or bzImage'
}
