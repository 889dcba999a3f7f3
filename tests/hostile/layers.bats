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
    timeout 60 "$URUNC_BUILD" bundle "$T/image" "$T/bundle" >"$T/stdout" 2>"$T/stderr" || STATUS=$?
    ((STATUS < 124)) || fail "ended with $STATUS: $(cat "$T/stderr")"
    find "$T/outside" -printf '%P %s %T@ %m %U\n' | diff "$T/before" -
    [[ ! -e /urunc-hostile-escape && ! -e $T/escape && ! -e $T/bundle/escape ]] || fail 'something was written outside'
    rm -rf "$T/image"
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

@test "a layer of another size than its descriptor says" {
    refused wrong-size 'size|bytes'
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
