#!/usr/bin/env bats
# Images of an enemy: `urunc-build bundle` writes nothing outside of the bundle, and refuses what is not what it says.
load ../e2e/helpers

prepare() {
    mkdir "$T/outside"
    printf 'untouched\n' >"$T/outside/canary"
    find "$T/outside" -printf '%P %s %T@ %m %U\n' >"$T/before"
}

# unpack_hostile KIND: unpacks the image of that kind of attack; $STATUS; nothing outside may have changed.
unpack_hostile() {
    "$TOOLS/hostile_image.py" "$1" "$T/image" "$T/outside"
    STATUS=0
    timeout 60 ${AS[@]+"${AS[@]}"} "$URUNC_BUILD" bundle "$T/image" "$T/bundle" >"$T/stdout" 2>"$T/stderr" || STATUS=$?
    ((STATUS < 124)) || fail "ended with $STATUS: $(cat "$T/stderr")"
    ! grep -q -e Sanitizer -e 'runtime error' "$T/stderr" || fail "$(cat "$T/stderr")"
    find "$T/outside" -printf '%P %s %T@ %m %U\n' | diff "$T/before" -
    [[ ! -e /urunc-hostile-escape && ! -e $T/escape && ! -e $T/bundle/escape ]] || fail 'something was written outside'
    rm -rf "$T/image"
}

# as_nobody COMMAND...: its images are unpacked by an ordinary user.
as_nobody() {
    need_root
    chmod 777 "$T"
    AS=(setpriv --reuid=65534 --regid=65534 --clear-groups --)
    "$@"
    AS=()
}

# It fails with one line, and no bundle is left.
refused() {
    unpack_hostile "$1"
    ((STATUS != 0)) || fail "$1 was accepted"
    expect_one_error "${2-.}"
    [[ ! -e $T/bundle ]] || [[ -z $(ls -A "$T/bundle") ]] || fail "left: $(find "$T/bundle")"
    [[ -z $(find "$T" -maxdepth 1 -name '.*' ! -path "$T") ]] || fail "left: $(ls -A "$T")"
}

# Either it is refused, or what it made stays in the rootfs.
confined() {
    unpack_hostile "$1"
    if ((STATUS != 0)); then
        expect_one_error .
    else
        [[ -z $(find "$T/bundle/rootfs" -xdev -samefile "$T/outside/canary") ]] || fail 'a hard link to the outside'
    fi
    rm -rf "$T/bundle"
}

@test "names with dots" {
    confined dots
}

@test "absolute names" {
    confined absolute
}

@test "a file written through a symlink to the outside" {
    confined symlink-file
}

@test "a file written through a symlinked directory" {
    confined symlink-directory
}

@test "a file written through a symlink of a lower layer" {
    confined symlink-layers
}

@test "a chain of symlinks" {
    confined symlink-chain
}

@test "a hard link to the outside" {
    confined hardlink
}

@test "a hard link through a symlink to the outside" {
    confined hardlink-symlink
}

@test "whiteouts that point outside" {
    confined whiteout-dots
    confined whiteout-symlink
}

@test "a directory that becomes a symlink to the outside after entries were made in it" {
    confined swapped-parent
    confined swapped-parent-layers
    confined whiteout-then-symlink
    confined swapped-by-hardlink
}

@test "the same attacks on an ordinary user" {
    for attack in dots absolute symlink-file symlink-directory symlink-layers symlink-chain hardlink \
        hardlink-symlink whiteout-dots whiteout-symlink opaque-symlink directory-over-symlink root-symlink \
        swapped-parent swapped-parent-layers whiteout-then-symlink swapped-by-hardlink; do
        as_nobody confined "$attack"
    done
}

@test "device nodes and FIFOs are made and never opened" {
    unpack_hostile devices
    expect_equal "$STATUS" 0
    [[ -p $T/bundle/rootfs/fifo && -p $T/bundle/rootfs/link && -f $T/bundle/rootfs/last ]]
}

@test "an ordinary user gets a warning instead of device nodes" {
    as_nobody unpack_hostile devices
    expect_equal "$STATUS" 0
    expect_one_error 'warning: .*: 2 device nodes left out'
    [[ -z $(find "$T/bundle" -type b -o -type c) ]]
}

@test "directories that an ordinary user could not enter are filled and removed" {
    as_nobody unpack_hostile closed-directories
    expect_equal "$STATUS" 0
    expect_equal "$(stat -c %a "$T/bundle/rootfs/closed")" 100
    expect_equal "$(stat -c %a "$T/bundle/rootfs/closed/inner")" 0
    [[ -f $T/bundle/rootfs/closed/z && -f $T/bundle/rootfs/closed/inner/y ]]
}

@test "an opaque directory that is a symlink" {
    confined opaque-symlink
}

@test "a directory over a symlink, with other modes" {
    confined directory-over-symlink
}

@test "the root replaced by a symlink" {
    confined root-symlink
}

@test "an ordinary image of the same making is accepted" {
    # So that the refusals below have another reason than a mistake of the test's.
    unpack_hostile good
    expect_equal "$STATUS" 0
    [[ -s $T/bundle/rootfs/boot/kernel ]]
}

@test "a layer whose bytes are not its digest's" {
    refused wrong-digest 'digest'
}

@test "a layer that was damaged on its way" {
    refused spoiled
}

@test "hostile bytes under a digest that is not theirs are never unpacked" {
    # The bytes are a tar of "../escape": an error about a name would mean that it was parsed.
    refused lying-bomb 'layer 1 of 1: the digest is sha256:[0-9a-f]{64}; it should be'
}

@test "a layer of another size than its descriptor says" {
    refused wrong-size 'size|bytes'
    refused size-0 'bytes; its descriptor says 0'
    refused size-2-62 'bytes; its descriptor says 4611686018427387904'
}

@test "sizes that are not numbers of bytes" {
    refused size-2-63 'too big integer'
    refused size-negative 'without a size'
    refused size-real 'without a size'
    refused size-text 'without a size'
}

@test "a manifest of another size than the index says" {
    refused manifest-size 'bytes'
}

@test "keys that come twice" {
    refused double-key-manifest 'duplicate object key'
    refused double-key-config 'duplicate object key'
    refused double-key-index 'index.json:1: duplicate object key'
}

@test "an index with a number beyond all limits" {
    refused index-number 'index.json:1: too big integer'
}

@test "an index nested 100,000 deep" {
    refused index-nested 'index.json:1: maximum parsing depth'
}

@test "an index of 8 MiB" {
    refused index-large 'larger than'
}

@test "an index or a blob that is a FIFO" {
    refused index-fifo 'not a regular file'
    refused blob-fifo 'not a regular file'
}

@test "a manifest that is called an index, and an index that is called a manifest" {
    refused manifest-called-index 'mediaType: must be'
    refused index-called-manifest 'a manifest with the manifests of an index'
    refused other-media-type 'mediaType: must be'
}

@test "a document that is a manifest and an index at once" {
    refused manifest-and-index 'a manifest with the manifests of an index'
}

@test "a manifest of schema version 1" {
    refused schema-1 'not an image: its media type is'
}

@test "an artifact that is not an image" {
    refused artifact-config 'config of media type application/vnd.oci.empty.v1\+json: not an image'
    refused artifact-layer 'layer 1 of 1: media type application/vnd.cncf.helm.*: not a layer'
    refused config-layer 'layer 1 of 1: media type application/vnd.oci.image.config.*: not a layer'
}

@test "more layers than any engine makes" {
    refused many-layers 'of more than 512'
}

@test "a configuration of wrong types" {
    refused user-number 'User: not a string'
    refused user-list 'User: not a string'
    refused working-dir-number 'WorkingDir: not a string'
    refused env-object 'Env: not an array'
    refused labels-list 'Labels: not an object'
    refused args-text 'Entrypoint: not an array'
    refused diff-id-type 'diff ID 1: must be sha256:'
}

@test "a layer whose content is not its diff ID's" {
    refused wrong-diff-id 'diff'
}

@test "a config whose bytes are not its digest's" {
    refused wrong-config 'digest'
}

@test "a manifest whose bytes are not its digest's" {
    refused wrong-manifest 'digest'
}

@test "fewer diff IDs than layers" {
    refused missing-diff-id
}

@test "a digest that is a path" {
    refused digest-path
}

@test "a blob that is a symlink to the outside" {
    refused blob-symlink
}

@test "a layer that ends in the middle" {
    refused truncated
}

@test "a layer of garbage" {
    refused garbage
}

@test "a tar with a wrong checksum" {
    refused checksum 'layer 1 of 1: not a readable layer'
}

@test "headers of 64 MiB" {
    refused huge-pax-header 'layer 2 of 2: not a readable layer'
    refused huge-pax-path 'layer 2 of 2: not a readable layer'
}

@test "link targets of 4 KiB and of 2 MiB" {
    refused long-link-target 'x: symbolic link: File name too long'
    refused huge-link-target 'layer 2 of 2: not a readable layer'
}

@test "entries that have no place" {
    refused below-a-file 'boot/kernel/x: .*Not a directory'
    refused symlink-loop 'a/x: .*Too many levels of symbolic links'
    refused broken-symlink 'a/x: a: a broken symlink'
    refused hardlink-directory 'link: hard link to a: '
    refused hardlink-missing 'link: hard link to nowhere: No such file'
    refused root-hardlink 'the root must be a directory'
    refused long-name 'File name too long'
    refused owner-range 'owner 4294967295:0: out of range'
}

@test "a path of 40,001 bytes is refused in one short line" {
    refused long-path 'a path of 40001 bytes; Linux opens none of more than 4095'
    (($(wc -c <"$T/stderr") < 2000)) || fail "$(wc -c <"$T/stderr") bytes"
}

# cheaply KIND: the image is unpacked with few seconds of processor time (not of the clock: the host may be busy).
cheaply() {
    AS=(bash -c 'ulimit -t 15; exec "$@"' limited)
    unpack_hostile "$1"
    AS=()
    expect_equal "$STATUS" 0
    rm -rf "$T/bundle"
}

@test "directories nested 2,000 deep" {
    cheaply deep
}

@test "directories nested 12,000 deep through symlinks" {
    cheaply deep-through-symlinks
}

@test "10,000 tiny entries" {
    cheaply tiny-entries
}

@test "5,000 opaque whiteouts of a directory of 5,000 files" {
    cheaply opaque-whiteouts
}

@test "thousands of extended attributes are taken or refused in one line" {
    confined many-xattrs
}

@test "a layer larger than the file system leaves nothing behind" {
    need_root
    mkdir "$T/small"
    mount -t tmpfs -o size=8m small "$T/small"
    "$TOOLS/hostile_image.py" zeros "$T/image" "$T/outside"
    fails timeout 60 "$URUNC_BUILD" bundle "$T/image" "$T/small/bundle"
    expect_one_error 'layer 2 of 2: zeros: data: write: No space left on device'
    expect_equal "$(ls -A "$T/small")" ''
    umount "$T/small"
}

@test "an archive that is a FIFO, a socket or a device is not opened" {
    mkfifo "$T/fifo"
    for image in "$T/fifo" "oci-archive:$T/fifo" "docker-archive:$T/fifo" "oci:$T/fifo" /dev/zero \
        docker-archive:/dev/tty; do
        fails timeout 10 "$URUNC_BUILD" bundle "$image" "$T/bundle"
        expect_one_error 'not a regular file|Not a directory'
    done
    python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$T/socket"
    fails timeout 10 "$URUNC_BUILD" bundle "$T/socket" "$T/bundle"
    expect_one_error 'not a regular file'
    [[ ! -e $T/bundle ]]
}

@test "an index that contains itself" {
    refused index-loop
}

@test "a tag and a bundle directory that are wrong" {
    "$TOOLS/hostile_image.py" good "$T/image" "$T/outside"
    fails "$URUNC_BUILD" bundle "$T/image:nosuchtag" "$T/bundle"
    expect_one_error 'nosuchtag'
    fails "$URUNC_BUILD" bundle "$T/no-such-image" "$T/bundle"
    expect_one_error 'no-such-image'
    mkdir "$T/full" && touch "$T/full/file"
    fails "$URUNC_BUILD" bundle "$T/image" "$T/full"
    expect_one_error 'full'
    [[ ! -e $T/bundle && $(ls -A "$T/full") == file ]]
}
