#!/usr/bin/env bats
# Volumes of a bundle in Debian's cloud kernel, which has virtiofs and no 9p.
load helpers

prepare() {
    need_root
    need_program qemu-system-x86_64 busybox mkfs.ext4
    need_kernel
    [[ -x /usr/lib/qemu/virtiofsd || -x /usr/libexec/virtiofsd ]] || skip "virtiofsd is not installed"
    new_id
}

mount_volumes() {
    mkdir -m 777 "$T/shared"
    mkdir "$T/fixed"
    printf 'of the host\n' >"$T/shared/in"
    seq 100000 >"$T/fixed/numbers"
    truncate -s 4M "$T/disk"
    mkfs.ext4 -q "$T/disk"
    edit "$T/bundle" '.mounts = [
        {destination: "/shared", type: "bind", source: ($t + "/shared"), options: ["rbind", "rw"]},
        {destination: "/fixed", type: "bind", source: ($t + "/fixed"), options: ["rbind", "ro"]},
        {destination: "/disk", type: "bind", source: ($t + "/disk"), options: ["bind", "rw"]}]' --arg t "$T"
}

# Kubernetes' volumeDevices: a block device that the program uses as it is, at /dev/xvda.
give_device() {
    truncate -s 1M "$T/raw"
    printf 'raw bytes' | dd of="$T/raw" conv=notrunc 2>/dev/null
    DEVICE=$(losetup --find --show "$T/raw" 2>/dev/null) || skip "no loop device is to be had"
    printf '%s\n' "$DEVICE" >"$T/device"
    edit "$T/bundle" '($number | split(":") | map(tonumber)) as $n
        | .linux.devices += [{path: "/dev/xvda", type: "b", major: $n[0], minor: $n[1], fileMode: 416, uid: 7, gid: 6}]
        | .linux.resources.devices += [{allow: true, type: "b", major: $n[0], minor: $n[1], access: "rwm"}]' \
        --arg number "$(lsblk -dno MAJ:MIN "$DEVICE" | tr -d ' ')"
}

clear_up() {
    [[ ! -s $T/device ]] || losetup --detach "$(cat "$T/device")"
}

@test "a guest reads and writes a directory of the host, reads one that it cannot write, keeps a disk, and has a device" {
    # No copies, so that the read-only directory is shared as well.
    jq '.files_mib = 0' "$T/urunc.json" >"$T/urunc.json.new"
    mv "$T/urunc.json.new" "$T/urunc.json"
    busybox_bundle "$T/bundle" initrd
    mount_volumes
    give_device
    # shellcheck disable=SC2016 # expands in the guest
    arguments "$T/bundle" sh -c 'grep -E " /(shared|fixed|disk) " /proc/mounts
        cat /shared/in; echo of the guest >/shared/out; echo more >>/shared/in
        stat -c "%u %g" /shared/out; cat /fixed/numbers | tail -n 1
        echo x 2>&- >/fixed/new || echo read-only; echo kept >/disk/file
        stat -c "%A %u %g" /dev/xvda; head -c 9 /dev/xvda; echo; printf "WRITTEN" >/dev/xvda; exit 5'
    local status=0
    urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || status=$?
    expect_equal "$status" 5 || fail "$(cat "$T/console" "$T/stderr")"
    expect_match '^fs0 /shared virtiofs rw,' "$T/console"
    expect_match '^fs1 /fixed virtiofs ro,' "$T/console"
    expect_match '^/dev/vda /disk ext4 rw,' "$T/console"
    expect_line 'of the host' "$T/console"
    expect_line '65534 65534' "$T/console"
    expect_line 100000 "$T/console"
    expect_line read-only "$T/console"
    expect_equal "$(cat "$T/shared/out")" 'of the guest'
    expect_equal "$(stat -c '%u %g' "$T/shared/out")" '65534 65534'
    expect_equal "$(tail -n 1 "$T/shared/in")" 'of the host' # the file is root's
    [[ ! -e $T/fixed/new ]]
    expect_line 'brw-r----- 7 6' "$T/console"
    expect_line 'raw bytes' "$T/console"
    expect_equal "$(head -c 9 "$DEVICE")" WRITTENes
    expect_equal "$(debugfs -R 'cat /file' "$T/disk" 2>/dev/null)" kept
}
