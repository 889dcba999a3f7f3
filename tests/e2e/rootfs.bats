#!/usr/bin/env bats
# mountRootfs of a Linux guest, booted: Debian's kernel, whose drivers are modules, with the container's rootfs as its
# root, as bunny's images ask for it.
load helpers

prepare() {
    need_root
    need_program qemu-system-x86_64 busybox mkfs.ext4
    need_kernel
    new_id
    jq --arg cache "$F/cache" '.rootfs_cache = {path: $cache}' "$T/urunc.json" >"$T/urunc.json.new"
    mv "$T/urunc.json.new" "$T/urunc.json"
    rootfs_bundle
}

rootfs_bundle() {
    local context=$F/rootfs applet
    if [[ ! -d $context/image ]]; then
        mkdir -p "$context/rootfs/bin" "$context/rootfs/etc"
        cp "$(command -v busybox)" "$context/rootfs/bin/busybox"
        for applet in sh cat grep sync; do
            ln -s busybox "$context/rootfs/bin/$applet"
        done
        cp "$SAMPLES/linux/debian/vmlinuz" "$context/"
        cp -r "$SAMPLES/linux/debian/modules" "$context/modules"
        cp "$URUNC_BIN/runtime/urunc-init" "$context/rootfs/urunc-init"
        printf 'of the image\n' >"$context/rootfs/etc/motd"
        cat >"$context/Containerfile" <<'SPEC'
FROM scratch
COPY modules /
COPY rootfs /
COPY vmlinuz /boot/vmlinuz
LABEL com.urunc.unikernel.unikernelType=linux com.urunc.unikernel.hypervisor=qemu \
      com.urunc.unikernel.binary=/boot/vmlinuz com.urunc.unikernel.mountRootfs=true
ENV PATH=/bin
ENTRYPOINT ["/urunc-init"]
CMD ["sh"]
SPEC
        build -t rootfs -o "type=oci,dest=$context/image" "$context"
    fi
    unpack "$context/image" "$T/bundle"
}

in_guest() {
    STATUS=0
    arguments "$T/bundle" "$@"
    urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || STATUS=$?
}

@test "the root is the rootfs, can be written, and what was written is gone with the guest" {
    in_guest sh -c 'grep " / " /proc/mounts; cat /etc/motd; echo written >>/etc/motd; sync; cat /etc/motd; exit 7'
    expect_equal "$STATUS" 7
    expect_match '^/dev/vda / ext[24] rw' "$T/console"
    expect_line written "$T/console"
    expect_equal "$(cat "$T/bundle/rootfs/etc/motd")" 'of the image'
    in_guest cat /etc/motd
    expect_equal "$STATUS" 0
    expect_equal "$(tr -d '\r' <"$T/console")" 'of the image'
}

@test "a rootfs on a device of its own: what the guest writes is there afterwards" {
    truncate -s 128M "$T/image"
    mkfs.ext4 -q -d "$T/bundle/rootfs" "$T/image"
    local device
    device=$(losetup --find --show "$T/image" 2>/dev/null) || skip "no loop device is to be had"
    mount "$device" "$T/bundle/rootfs" || skip "a loop device cannot be mounted here"
    in_guest sh -c 'cat /etc/motd; echo written >/etc/motd; exit 3'
    umount "$T/bundle/rootfs" 2>/dev/null || true
    losetup --detach "$device"
    expect_equal "$STATUS" 3
    expect_line 'of the image' "$T/console"
    expect_equal "$(debugfs -R 'cat /etc/motd' "$T/image" 2>/dev/null)" written
    e2fsck -fn "$T/image" >"$T/log" 2>&1 || fail "$(cat "$T/log")"
}
