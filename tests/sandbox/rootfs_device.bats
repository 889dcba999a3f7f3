#!/usr/bin/env bats
# mountRootfs where the rootfs is a file system of its own on a block device, as devmapper's snapshotter mounts it. A
# loop device stands for it; without one to be had these tests are skipped.
load standin

prepare_more() {
    linux_bundle
    annotate mountRootfs true
    jq --arg cache "$T/cache" '.rootfs_cache = {path: $cache}' "$T/urunc.json" >"$T/urunc.json.new"
    mv "$T/urunc.json.new" "$T/urunc.json"
    printf 'data\n' >"$T/bundle/rootfs/file"
    truncate -s 16M "$T/image"
    mkfs.ext4 -q -d "$T/bundle/rootfs" "$T/image"
    DEVICE=$(losetup --find --show "$T/image" 2>/dev/null) || skip "no loop device is to be had"
    printf '%s\n' "$DEVICE" >>"$T/devices"
    mount "$DEVICE" "$T/bundle/rootfs" || skip "a loop device cannot be mounted here"
}

# Of bats, around the helpers' own.
eval "helpers_$(declare -f teardown)"
teardown() {
    local status=0 device
    while read -r id; do
        timeout 30 "$URUNC" --root "$T/root" --config "$T/urunc.json" delete --force "$id" >&2 || true
    done <"$T/containers"
    umount "$T/bundle/rootfs" "$T/elsewhere" 2>/dev/null || true
    if [[ -e $T/devices ]]; then
        while read -r device; do
            losetup --detach "$device" || status=1
        done <"$T/devices"
    fi
    helpers_teardown || status=1
    return "$status"
}

is_mounted() {
    grep -q " $T/bundle/rootfs " /proc/self/mountinfo
}

@test "the guest gets the device, which the host has given up, and nobody can mount it while it runs" {
    start_standin
    expect_reported '.argv | .[index("-blockdev") + 1] | fromjson | [.driver, .file.driver, ."read-only"]' \
        '["raw","host_device",false]'
    expect_reported '[.descriptors[] | select(.type == "block device") | .access]' '["read-write"]'
    ! is_mounted || fail "still mounted"
    fails mount "$DEVICE" "$T/bundle/rootfs"
    urunc kill "$ID" KILL
    within 60 status_is stopped
    within 60 mount "$DEVICE" "$T/bundle/rootfs"
    expect_equal "$(cat "$T/bundle/rootfs/file")" data
}

@test "no image of it is made, and kernel and archive are copies" {
    start_standin
    [[ ! -e $T/cache ]] || fail "$(ls -la "$T/cache")"
    expect_equal "$(stat -c %s "/proc/$PID/root/guest/kernel")" 4096
}

@test "a read-only rootfs is a read-only device" {
    edit "$T/bundle" '.root.readonly = true'
    run_standin
    expect_reported '.argv | .[index("-blockdev") + 1] | fromjson | ."read-only"' true
    expect_reported '[.descriptors[] | select(.type == "block device") | .access]' '["read"]'
}

@test "a device that is mounted elsewhere too is not given away: the guest gets an image" {
    mkdir "$T/elsewhere"
    mount "$DEVICE" "$T/elsewhere"
    run_standin
    is_mounted || fail "unmounted"
    expect_reported '.argv | .[index("-blockdev") + 1] | fromjson | .driver' qcow2
}

@test "a device that another mount namespace still has mounted is refused" {
    unshare --mount --propagation private sleep 300 &
    local other=$!
    printf '%s\n' "$other" >>"$T/processes"
    within 60 has_own_mounts "$other"
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error "mountRootfs: $DEVICE: somebody else has it mounted or open"
    kill -KILL "$other"
    wait "$other" || true
}

has_own_mounts() {
    [[ $(readlink "/proc/$1/ns/mnt") != $(readlink /proc/self/ns/mnt) ]] && [[ $(cat "/proc/$1/comm") == sleep ]]
}

@test "a subdirectory of a mounted device is an image, and stays mounted" {
    mkdir "$T/bundle/rootfs/below"
    cp -a "$T/bundle/rootfs/boot" "$T/bundle/rootfs/below/"
    edit "$T/bundle" '.root.path = "rootfs/below"'
    run_standin
    is_mounted || fail "unmounted"
    expect_reported '.argv | .[index("-blockdev") + 1] | fromjson | .driver' qcow2
}

@test "hooks that run in the rootfs keep it: the guest gets an image" {
    edit "$T/bundle" '.hooks = {startContainer: [{path: "/bin/true"}]}'
    fails urunc run --bundle "$T/bundle" "$ID"
    is_mounted || fail "unmounted"
}
