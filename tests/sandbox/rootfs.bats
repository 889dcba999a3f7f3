#!/usr/bin/env bats
# mountRootfs of a Linux guest: the rootfs as a disk, made once and kept, and what a guest writes apart from it.
load standin

prepare_more() {
    linux_bundle
    annotate mountRootfs true
    printf 'data\n' >"$T/bundle/rootfs/file"
    CACHE=$T/cache
    set_cache '{path: $cache}'
}

# set_cache OBJECT: the configuration of the cache; $cache is its directory.
set_cache() {
    jq --arg cache "$CACHE" ".rootfs_cache = $1" "$T/urunc.json" >"$T/urunc.json.new"
    mv "$T/urunc.json.new" "$T/urunc.json"
}

images() {
    find "$CACHE" -name '*.ext2' | sort
}

# The image in the cache, of which there is one.
image() {
    [[ $(images | wc -l) -eq 1 ]] || fail "not one image: $(ls -la "$CACHE")"
    images
}


@test "the guest's root is a disk made of the rootfs, over which it has a layer of its own" {
    run_standin
    expect_reported '[.argv[] | select(startswith("panic=-1")) | contains(" root=/dev/vda rw ")]' '[true]'
    expect_reported '.argv | .[index("-blockdev") + 1] | fromjson | [.driver, ."read-only", .backing.driver, .backing."read-only"]' \
        '["qcow2",false,"raw",true]'
    e2fsck -fn "$(image)" >"$T/log" 2>&1 || fail "$(cat "$T/log")"
    expect_equal "$(debugfs -R 'cat /file' "$(image)" 2>/dev/null)" data
}

@test "neither the image nor the rootfs is written, and what is handed over for reading cannot be written" {
    run_standin
    local number
    number=$(stat -c %i "$(image)")
    expect_reported "[.descriptors[] | select(.inode == $number) | .access]" '["read"]'
    expect_reported '[.descriptors[] | select(.access == "read-write" and .type == "file") | .size]' '[262144]'
    expect_equal "$(find "$CACHE" -name '.urunc*')" ''
}

@test "a read-only rootfs is the image itself, opened for reading" {
    edit "$T/bundle" '.root.readonly = true'
    run_standin
    expect_reported '.argv | .[index("-blockdev") + 1] | fromjson | [.driver, ."read-only", has("backing")]' '["raw",true,false]'
    expect_reported '[.argv[] | select(startswith("panic=-1")) | contains(" root=/dev/vda ro ")]' '[true]'
    expect_reported "[.descriptors[] | select(.inode == $(stat -c %i "$(image)")) | .access]" '["read"]'
}

@test "a second start takes the image that is there; a rootfs that was changed gets its own" {
    run_standin
    local first inode
    first=$(image)
    inode=$(stat -c %i "$first")
    run_standin
    expect_equal "$(stat -c %i "$(image)")" "$inode"
    printf 'other\n' >"$T/bundle/rootfs/file"
    touch -d @1000000000 "$T/bundle/rootfs/file" # the time of modification may lie
    run_standin
    expect_equal "$(images | wc -l)" 2
    expect_equal "$(debugfs -R 'cat /file' "$(images | grep -vF "$first")" 2>/dev/null)" other
}

@test "the cache and its images are their owner's alone" {
    run_standin
    expect_equal "$(stat -c '%a %u' "$CACHE")" '700 0'
    expect_equal "$(stat -c '%a %u' "$(image)")" '400 0'
}

@test "a cache that others could read or plant images in is refused" {
    mkdir -m 755 "$CACHE"
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error "mode 0755.*make it mode 0700"
    chmod 700 "$CACHE"
    chown 1000 "$CACHE"
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error "belongs to user 1000"
    expect_equal "$(ls -A "$CACHE")" ''
}

@test "a symlink in the cache's place is refused, and one in an image's place is replaced" {
    mkdir -m 700 "$T/elsewhere"
    ln -s elsewhere "$CACHE"
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error "cache of rootfs images: $CACHE"
    expect_equal "$(ls -A "$T/elsewhere")" ''
    rm "$CACHE"
    run_standin
    local name
    name=$(image)
    mv "$name" "$T/elsewhere/image"
    ln -s "$T/elsewhere/image" "$name"
    run_standin
    [[ ! -L $name && -f $name ]] || fail "still a link: $(ls -l "$name")"
}

@test "an image that was cut off or written to is made anew" {
    run_standin
    local name damage
    name=$(image)
    for damage in 'truncate -s 1M' 'dd if=/dev/zero bs=1 count=1 seek=600000 conv=notrunc status=none of=' 'rm' 'chmod 644'; do
        case $damage in
        dd*) ${damage}"$name" ;;
        *) $damage "$name" ;;
        esac
        run_standin
        e2fsck -fn "$(image)" >"$T/log" 2>&1 || fail "$damage: $(cat "$T/log")"
        expect_equal "$(stat -c %a "$(image)")" 400
    done
}

@test "images that were not used for longest go where all of them take too much" {
    local i oldest
    set_cache '{path: $cache, size_mib: 6, free_mib: 0}'
    for i in 1 2 3; do
        head -c 2M /dev/zero | tr "\\0" "$i" >"$T/bundle/rootfs/file"
        run_standin
        [[ $i -ne 1 ]] || oldest=$(image)
    done
    expect_equal "$(images | wc -l)" 2
    [[ ! -e $oldest ]] || fail "the oldest is still there: $(ls -la --time=atime "$CACHE")"
}

@test "an image that is larger than the cache is the guest's own, and not kept" {
    set_cache '{path: $cache, size_mib: 0}'
    run_standin
    expect_reported '.argv | .[index("-blockdev") + 1] | fromjson | [.driver, has("backing")]' '["raw",false]'
    expect_equal "$(images)" ''
}

@test "containers that are created at once make one image" {
    local i ids=()
    orders wait
    for i in 1 2 3 4; do
        new_id
        ids+=("$ID")
        cp -a "$T/bundle" "$T/bundle$i"
        mount --bind "$T/bundle/rootfs" "$T/bundle$i/rootfs"
    done
    for i in 1 2 3 4; do
        urunc create --bundle "$T/bundle$i" "${ids[i - 1]}" </dev/null >"$T/console$i" 2>"$T/stderr$i" &
        printf '%s\n' $! >>"$T/processes"
    done
    wait
    for i in 1 2 3 4; do
        umount "$T/bundle$i/rootfs"
        urunc state "${ids[i - 1]}" >/dev/null || fail "$(cat "$T/stderr$i")"
    done
    image >/dev/null
    expect_equal "$(find "$CACHE" -name '.urunc*')" ''
}

@test "a create that is killed while it makes an image leaves nothing, and the next one makes it" {
    head -c 96M /dev/zero | tr "\\0" x >"$T/bundle/rootfs/large"
    local pid
    mkdir -m 700 "$CACHE"
    "$URUNC" --root "$T/root" --config "$T/urunc.json" create --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" &
    pid=$!
    printf '%s\n' "$pid" >>"$T/processes"
    within 60 has_lock
    kill -KILL "$pid"
    wait "$pid" || true
    expect_equal "$(find "$CACHE" -type f ! -name 'lock-*' ! -name '*.ext2')" ''
    urunc delete --force "$ID" || true
    new_id
    run_standin
    e2fsck -fn "$(image)" >"$T/log" 2>&1 || fail "$(cat "$T/log")"
}

has_lock() {
    [[ -n $(find "$CACHE" -name 'lock-*') ]]
}

@test "links, owners, modes, times and devices of the rootfs are in the image, and what is mounted in it is not" {
    local rootfs=$T/bundle/rootfs
    ln "$rootfs/file" "$rootfs/second"
    ln -s /etc/passwd "$rootfs/link"
    mknod "$rootfs/null" c 1 3
    install -o 5 -g 6 -m 4711 /dev/null "$rootfs/program"
    mkdir "$rootfs/mounted"
    mount -t tmpfs none "$rootfs/mounted"
    touch "$rootfs/mounted/hidden"
    touch -d @1234567890 "$rootfs/file"
    run_standin
    umount "$rootfs/mounted"
    debugfs -R 'ls -l /mounted' "$(image)" >"$T/ls" 2>/dev/null
    ! grep -q hidden "$T/ls" || fail "$(cat "$T/ls")"
    debugfs -R 'stat /second' "$(image)" >"$T/ls" 2>/dev/null
    expect_match 'Links: 2' "$T/ls"
    expect_match 'mtime: 0x499602d2' "$T/ls"
    debugfs -R 'stat /link' "$(image)" 2>/dev/null | grep -q 'Fast link dest: "/etc/passwd"'
    debugfs -R 'stat /null' "$(image)" 2>/dev/null | grep -q 'Device major/minor number: 01:03'
    debugfs -R 'stat /program' "$(image)" >"$T/ls" 2>/dev/null
    expect_match 'User: +5 +Group: +6' "$T/ls"
    expect_match 'Mode: +04711' "$T/ls"
}

@test "a rootfs of too many directories within each other is refused by name" {
    python3 -c 'import os, sys
os.chdir(sys.argv[1])
for _ in range(300):
    os.mkdir("d"); os.chdir("d")' "$T/bundle/rootfs"
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'more than 256 directories within each other'
}

@test "mountRootfs beside an initrd or a block image is forgone" {
    printf '070701' >"$T/bundle/rootfs/boot/initrd"
    annotate initrd /boot/initrd
    run_standin
    expect_reported '[.argv[] | select(. == "-blockdev")]' '[]'
    [[ ! -e $CACHE ]] || fail "an image was made: $(ls -la "$CACHE")"
}

@test "a kernel whose drivers are modules gets those that lead to its root, and urunc's init" {
    local modules=$T/bundle/rootfs/lib/modules/6.1.0
    mkdir -p "$modules/kernel/fs" "$modules/kernel/net"
    printf 'block\n' >"$modules/kernel/virtio_blk.ko"
    printf 'ring\n' >"$modules/kernel/virtio_ring.ko"
    printf 'ext4\n' >"$modules/kernel/fs/ext4.ko.xz"
    printf 'unwanted\n' >"$modules/kernel/net/wifi.ko"
    printf '%s\n' 'kernel/virtio_ring.ko:' 'kernel/virtio_blk.ko: kernel/virtio_ring.ko' 'kernel/fs/ext4.ko.xz:' \
        'kernel/net/wifi.ko:' '../../../file.ko:' >"$modules/modules.dep"
    start_standin
    cpio -it --quiet <"/proc/$PID/root/guest/initrd" >"$T/names"
    local name
    for name in init lib/modules/6.1.0/modules.dep lib/modules/6.1.0/kernel/virtio_blk.ko \
        lib/modules/6.1.0/kernel/virtio_ring.ko lib/modules/6.1.0/kernel/fs/ext4.ko.xz; do
        expect_line "$name" "$T/names"
    done
    ! grep -q wifi "$T/names" || fail "$(cat "$T/names")"
    expect_reported '.argv | .[index("-initrd") + 1]' /guest/initrd
}

@test "modules larger than memory should be asked for are refused by name" {
    local modules=$T/bundle/rootfs/lib/modules/6.1.0
    mkdir -p "$modules"
    truncate -s 200M "$modules/virtio_ring.ko" "$modules/virtio_blk.ko"
    printf '%s\n' 'virtio_ring.ko:' 'virtio_blk.ko: virtio_ring.ko' >"$modules/modules.dep"
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'virtio_blk.ko: with it the modules that the guest.s root needs are larger than 256 MiB'
    expect_nothing_left
}

@test "modules of more kernels than a system has are refused" {
    mkdir -p "$T/bundle/rootfs/lib/modules/6.1."{1..65}
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error '/lib/modules: the image has modules of more than 64 kernels'
    expect_nothing_left
}

@test "a kernel with its drivers built in gets no archive" {
    mkdir -p "$T/bundle/rootfs/lib/modules/6.1.0/kernel"
    printf 'kernel/wifi.ko:\n' >"$T/bundle/rootfs/lib/modules/6.1.0/modules.dep"
    printf 'wifi\n' >"$T/bundle/rootfs/lib/modules/6.1.0/kernel/wifi.ko"
    run_standin
    expect_reported '[.argv[] | select(. == "-initrd")]' '[]'
}
