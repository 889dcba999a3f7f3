#!/usr/bin/env bats
# INITRD archives: GNU cpio lists and unpacks them into what the tree had.
load helpers

# initrd CONTEXT [FLAG]: the archive that INITRD makes of CONTEXT/tree, as $T/initrd.
initrd() {
    cp "$GUESTS/multiboot.elf" "$1/kernel"
    cat >"$1/Containerfile" <<SPEC
FROM scratch
UNIKERNEL generic
MONITOR qemu
KERNEL kernel
INITRD ${2-} tree
SPEC
    build -t initrd:1 -o "type=oci,dest=$T/out" "$1"
    unpack "$T/out" "$T/bundle"
    mv "$T/bundle/rootfs/boot/initrd" "$T/initrd"
    rm -rf "$T/out" "$T/bundle"
}

# Names, types, modes, owners, link counts, targets and times of a tree whose paths cpio can take.
listing() {
    (cd "$1" && find . -mindepth 1 -printf '%P\t%y\t%m\t%U:%G\t%n\t%l\t%TY\n' | LC_ALL=C sort)
}

setup_tree() {
    need_root
    mkdir -p "$F/context"
    if [[ ! -d $F/context/tree ]]; then
        "$TOOLS/make_tree.py" "$F/context/tree"
        rm -rf "$F/context/tree"/deep-* # GNU cpio cannot change into paths as long
    fi
}

@test "cpio -t lists every name once, parents first" {
    setup_tree
    initrd "$F/context"
    cpio -it --quiet <"$T/initrd" >"$T/names"
    (cd "$F/context/tree" && find . -mindepth 1 -printf '%P\n' | LC_ALL=C sort) >"$T/wanted"
    LC_ALL=C sort "$T/names" | LC_ALL=C sed '/^\.$/d' | cmp - "$T/wanted"
    awk -F/ '{ seen[$0] = 1; parent = $0; if (sub("/[^/]*$", "", parent) && !(parent in seen)) exit 1 }' "$T/names"
}

@test "cpio -i gives the tree back" {
    setup_tree
    initrd "$F/context"
    mkdir "$T/unpacked"
    (cd "$T/unpacked" && cpio -idm --quiet --no-absolute-filenames <"$T/initrd")
    find "$F/context/tree" "$T/unpacked" -mindepth 1 -exec touch -h -d @0 {} +
    listing "$F/context/tree" >"$T/wanted"
    listing "$T/unpacked" | diff "$T/wanted" -
    diff -r --no-dereference "$F/context/tree" "$T/unpacked"
}

@test "every time in the archive is 0 and every owner root" {
    setup_tree
    initrd "$F/context"
    cpio -itv --numeric-uid-gid --quiet <"$T/initrd" | awk '$3 != 0 || $4 != 0 || !/ Jan +1 +1970 / { print; bad = 1 }
        END { exit bad }'
}

@test "gzip and zstd hold the same archive" {
    setup_tree
    need_program zstd
    initrd "$F/context"
    mv "$T/initrd" "$T/plain"
    initrd "$F/context" --compress=gzip
    gzip -dc <"$T/initrd" | cmp - "$T/plain"
    initrd "$F/context" --compress=zstd
    zstd -dcq <"$T/initrd" | cmp - "$T/plain"
}

@test "an archive that already is one is taken as it is" {
    mkdir -p "$T/context"
    printf 'made elsewhere\n' >"$T/file"
    (cd "$T" && printf 'file\n' | cpio -o -H newc --quiet) >"$T/context/tree"
    initrd "$T/context"
    cmp "$T/initrd" "$T/context/tree"
}
