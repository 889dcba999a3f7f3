#!/usr/bin/env bats
# BLOCK images: clean for e2fsck, and debugfs finds in them what the tree had.
load helpers

# block_image CONTEXT [FLAG...]: the image that BLOCK makes of CONTEXT/tree, as $T/image.
block_image() {
    local context=$1
    shift
    cp "$GUESTS/multiboot.elf" "$context/kernel"
    cat >"$context/Containerfile" <<SPEC
FROM scratch
UNIKERNEL generic
MONITOR qemu
KERNEL kernel
BLOCK $* tree
SPEC
    build -t block:1 --compression none -o "type=oci,dest=$T/out" "$context"
    local digest layer
    digest=$(jq -r '.manifests[0].digest' "$T/out/index.json")
    for layer in $(jq -r '.layers[].digest' "$T/out/blobs/${digest/://}"); do
        if tar -tf "$T/out/blobs/${layer/://}" | grep -qx boot/rootfs.ext2; then
            tar -xOf "$T/out/blobs/${layer/://}" boot/rootfs.ext2 | dd of="$T/image" bs=1M conv=sparse status=none
        fi
    done
    rm -r "$T/out"
}

@test "10,000 files, deep paths, names of any bytes, links, modes and attributes" {
    mkdir "$T/context"
    "$TOOLS/make_tree.py" "$T/context/tree"
    block_image "$T/context"
    e2fsck -fn "$T/image"
    "$TOOLS/check_ext2.py" "$T/image" "$T/context/tree"
}

@test "a sparse file of 3 GB stays sparse" {
    mkdir -p "$T/context/tree"
    truncate -s 3G "$T/context/tree/sparse"
    local offset
    for offset in 0 50000 5000000 1500000000 3221225471; do
        printf '%s' "${offset: -1}" | dd of="$T/context/tree/sparse" bs=1 seek="$offset" conv=notrunc status=none
    done
    block_image "$T/context"
    e2fsck -fn "$T/image"
    # Blocks of 4 KiB that hold data, and the maps that lead to them.
    local blocks
    blocks=$(debugfs -R 'stat /sparse' "$T/image" 2>/dev/null | sed -n 's/.*Blockcount: \([0-9]*\).*/\1/p')
    ((blocks <= 20 * 8)) || fail "$blocks sectors"
    debugfs -R "dump /sparse $T/dumped" "$T/image" 2>/dev/null
    cmp "$T/dumped" "$T/context/tree/sparse"
}

@test "an empty tree" {
    mkdir -p "$T/context/tree"
    block_image "$T/context"
    e2fsck -fn "$T/image"
    "$TOOLS/check_ext2.py" "$T/image" "$T/context/tree"
}

@test "a directory of 10,000 entries" {
    mkdir -p "$T/context/tree/flat"
    (cd "$T/context/tree/flat" && seq -f 'an-entry-with-a-long-name-%05g' 10000 | xargs touch)
    block_image "$T/context"
    e2fsck -fn "$T/image"
    "$TOOLS/check_ext2.py" "$T/image" "$T/context/tree"
}

@test "size, label and mount point are as the flags say" {
    mkdir -p "$T/context/tree"
    printf 'x\n' >"$T/context/tree/file"
    block_image "$T/context" --size=64M --label=data --mount=/data
    expect_equal "$(stat -c %s "$T/image")" $((64 * 1024 * 1024))
    e2fsck -fn "$T/image"
    dumpe2fs -h "$T/image" 2>/dev/null >"$T/header"
    expect_match '^Filesystem volume name: +data$' "$T/header"
    expect_match '^Last mounted on: +/data$' "$T/header"
    ! grep -qE 'has_journal|extent|64bit|dir_index' "$T/header" || fail "$(cat "$T/header")"
}

@test "content that does not fit the size is an error that names what it needs" {
    mkdir -p "$T/context/tree"
    head -c 3000000 /dev/urandom >"$T/context/tree/file"
    cp "$GUESTS/multiboot.elf" "$T/context/kernel"
    printf '%s\n' 'FROM scratch' 'UNIKERNEL generic' 'MONITOR qemu' 'KERNEL kernel' 'BLOCK --size=1M tree' \
        >"$T/context/Containerfile"
    fails "$URUNC_BUILD" build -t block:1 -o "type=oci,dest=$T/out" "$T/context"
    tail -n 1 "$T/stderr" >"$T/last" && mv "$T/last" "$T/stderr"
    expect_one_error 'Containerfile:5: .*[0-9]{7}'
    [[ ! -e $T/out/index.json ]]
}
