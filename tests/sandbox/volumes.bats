#!/usr/bin/env bats
# Mounts of a bundle that reach the guest as disks and as directories that it mounts.
load standin

prepare_more() {
    mkdir -m 777 "$T/directory"
    printf 'of the host\n' >"$T/directory/file"
}

# add_mount DESTINATION SOURCE [OPTION...]: a bind mount of the bundle.
add_mount() {
    local destination=$1 source=$2
    shift 2
    edit "$T/bundle" '.mounts += [{destination: $destination, type: "bind", source: $source, options: (["bind"] + ($more | split(" ")))}]' \
        --arg destination "$destination" --arg source "$source" --arg more "${*:-rw}"
}

unikraft_bundle() {
    cp "$URUNC_BIN/tests/guests/multiboot.elf" "$T/bundle/rootfs/boot/kernel"
    annotate unikernelType unikraft
    annotate unikernelVersion 0.17.0
}

linux_with_init() {
    linux_bundle
    printf '070701' >"$T/bundle/rootfs/boot/initrd"
    annotate initrd /boot/initrd
}

# The records of the settings that urunc's init reads, one a line: of the initrd that the waiting stand-in was given.
settings() {
    python3 -c 'import sys
data = open(sys.argv[1], "rb").read()
for record in data.split(b"\0"):
    at = record.find(b"mount=")
    if at >= 0:
        print(record[at:].decode())' "/proc/$PID/root/guest/initrd"
}

disk() {
    reported "[.argv as \$argv | range(\$argv | length) | select(\$argv[.] == \"-blockdev\") | \$argv[. + 1] | fromjson][$1] | $2"
}

@test "a writable directory is shared with a Unikraft guest, which is told where to mount it" {
    unikraft_bundle
    add_mount /data "$T/directory"
    run_standin
    expect_reported '[.argv[] | select(startswith("local,id=share0"))]' \
        '["local,id=share0,path=/guest/share0,security_model=none,multidevs=remap,readonly=off"]'
    expect_reported '[.argv[] | select(contains("vfs.fstab=[ \"fs0:/data:9pfs:::mkmp\" ]"))] | length' 1
    expect_root 'select(.path | startswith("/guest/share0/")) | .path' /guest/share0/file
}

@test "a directory keeps its read-only flag, on the host's side and in the guest" {
    unikraft_bundle
    add_mount /data "$T/directory" ro
    run_standin
    expect_reported '[.argv[] | select(startswith("local,id=share0")) | endswith("readonly=on")]' '[true]'
    expect_reported '[.argv[] | select(contains("\"fs0:/data:9pfs:1::mkmp\""))] | length' 1
    expect_root 'select(.path | startswith("/guest/share0")) | select(.write == "ok") | .path' ''
}

@test "the rootfs and a directory in it are two shares in their order" {
    unikraft_bundle
    annotate mountRootfs true
    add_mount /data "$T/directory"
    run_standin
    expect_reported '[.argv[] | select(contains("vfs.fstab=[ \"fs0:/:9pfs:::\" \"fs1:/data:9pfs:::mkmp\" ]"))] | length' 1
    expect_reported '[.argv[] | select(contains("mount_tag=")) | split("mount_tag=")[1]]' '["fs0","fs1"]'
    expect_root 'select(.path == "/guest/share1/file") | .path' /guest/share1/file
}

@test "a directory's name that vfs.fstab would take apart is refused" {
    unikraft_bundle
    add_mount '/da:ta' "$T/directory"
    fails urunc run --bundle "$T/bundle" "$ID"
    expect_one_error 'mounts: /da:ta: Unikraft takes no such name'
}

@test "a guest of Linux is told of the directory by its init's settings" {
    linux_with_init
    add_mount /data "$T/directory"
    start_standin
    settings >"$T/settings"
    grep -qxE 'mount=(virtiofs|9p):fs0::/data' "$T/settings" || fail "$(cat "$T/settings")"
}

@test "a writable directory is refused by name where guest or monitor cannot share one" {
    local framework
    for framework in generic mewz; do
        annotate unikernelType "$framework"
        add_mount /data "$T/directory"
        fails urunc create --bundle "$T/bundle" "$ID"
        expect_one_error "mounts: /data \\(bind mount of $T/directory\\): this guest cannot share a directory"
    done
    unikraft_bundle
    annotate unikernelVersion 0.15.0
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'this guest cannot share a directory'
}

@test "an image of a file system is a disk that the guest mounts, and one guest's alone while it may be written" {
    linux_with_init
    truncate -s 1M "$T/volume"
    mkfs.ext4 -q "$T/volume"
    add_mount /volume "$T/volume"
    start_standin
    settings >"$T/settings"
    expect_line 'mount=disk:/dev/vda::/volume' "$T/settings"
    expect_equal "$(disk 0 '[.driver, .file.driver, ."read-only"] | tostring')" '["raw","file",false]'
    local first=$ID
    new_id
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'mounts: /volume .*: the host or another guest uses it'
    urunc delete --force "$first"
    new_id
    within 60 create_again
}

create_again() {
    urunc create --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr"
}

@test "an image that is read-only is many guests' at once, and cannot be written" {
    linux_with_init
    truncate -s 1M "$T/volume"
    mkfs.ext4 -q "$T/volume"
    add_mount /volume "$T/volume" ro
    start_standin
    settings >"$T/settings"
    expect_line 'mount=disk:/dev/vda:r:/volume' "$T/settings"
    expect_equal "$(disk 0 '."read-only"')" true
    expect_reported "[.descriptors[] | select(.inode == $(stat -c %i "$T/volume")) | .access]" '["read"]'
    new_id
    start_standin
}

@test "a writable file that holds no file system is refused" {
    linux_with_init
    printf 'text\n' >"$T/volume"
    add_mount /volume "$T/volume"
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'mounts: /volume .*a copy of a single file'
}

@test "a block device that the host has mounted is refused, and is a disk where it has not" {
    local device
    linux_with_init
    truncate -s 1M "$T/image"
    mkfs.ext4 -q "$T/image"
    mkdir "$T/mounted"
    device=$(losetup --find --show "$T/image" 2>/dev/null) || skip "no loop device is to be had"
    add_mount /volume "$device"
    if mount "$device" "$T/mounted"; then
        fails urunc create --bundle "$T/bundle" "$ID" || true
        umount "$T/mounted"
        grep -q 'the host or another guest uses it' "$T/stderr" || { losetup --detach "$device"; fail "$(cat "$T/stderr")"; }
    fi
    run_standin || true
    losetup --detach "$device"
    expect_equal "$(disk 0 '[.driver, .file.driver, ."read-only"] | tostring')" '["raw","host_device",false]'
    expect_reported '[.descriptors[] | select(.type == "block device") | .access]' '["read-write"]'
}

# give_device PATH MAJOR:MINOR ACCESS: a block device of the bundle, with a rule for it alone.
give_device() {
    edit "$T/bundle" '($number | split(":") | map(tonumber)) as $n
        | .linux.devices += [{path: $path, type: "b", major: $n[0], minor: $n[1], fileMode: 432, uid: 0, gid: 6}]
        | .linux.resources.devices += [{allow: true, type: "b", major: $n[0], minor: $n[1], access: $access}]' \
        --arg path "$1" --arg number "$2" --arg access "$3"
}

@test "block devices of linux.devices are disks with the names that the bundle gives them, writable as its rules say" {
    local first second status=0
    linux_with_init
    truncate -s 1M "$T/one" "$T/two"
    first=$(losetup --find --show "$T/one" 2>/dev/null) || skip "no loop device is to be had"
    second=$(losetup --find --show "$T/two" 2>/dev/null) || { losetup --detach "$first"; skip "no loop device is to be had"; }
    give_device /dev/xvda "$(lsblk -dno MAJ:MIN "$first" | tr -d ' ')" rwm
    give_device /dev/xvdb "$(lsblk -dno MAJ:MIN "$second" | tr -d ' ')" rm
    start_standin || status=1
    losetup --detach "$first" "$second"
    ((status == 0))
    expect_equal "$(disk 0 '[.file.driver, ."read-only"] | tostring')" '["host_device",false]'
    expect_equal "$(disk 1 '[.file.driver, ."read-only"] | tostring')" '["host_device",true]'
    expect_reported '[.argv[] | select(startswith("virtio-blk")) | split("serial=")[1]]' '["disk0","disk1"]'
    python3 -c 'import sys
for record in open(sys.argv[1], "rb").read().split(b"\0"):
    at = record.find(b"node=")
    if at >= 0:
        print(record[at:].decode())' "/proc/$PID/root/guest/initrd" >"$T/settings"
    expect_line node=/dev/vda:660:0:6:/dev/xvda "$T/settings"
    expect_line node=/dev/vdb:660:0:6:/dev/xvdb "$T/settings"
}

@test "a block device is refused by name for a guest that can have none, and where the host has none" {
    give_device /dev/xvda 4000:77 rwm
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'linux.devices: /dev/xvda: this guest can have no block device of the host'
    linux_with_init
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'linux.devices: /dev/xvda: /sys/dev/block/4000:77/uevent: No such file'
}

@test "the devices of a privileged container are not the guest's" {
    edit "$T/bundle" '.linux.devices = [{path: "/dev/sda", type: "b", major: 4000, minor: 77}]
        | .linux.resources.devices = [{allow: true, access: "rwm"}]'
    run_standin
    expect_equal "$STATUS" 0
}
