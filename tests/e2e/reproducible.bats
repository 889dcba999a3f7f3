#!/usr/bin/env bats
# The same inputs give the same bytes, whoever builds, where and when.
load helpers

# other_copy FROM TO: the same files, made in the opposite order, with other times and under another path.
other_copy() {
    local name
    mkdir -p "$2"
    (cd "$1" && find . -mindepth 1 -printf '%d %P\n') | sort -k1,1n -k2,2r | cut -d' ' -f2- | while read -r name; do
        if [[ -d $1/$name && ! -L $1/$name ]]; then
            mkdir "$2/$name"
        else
            cp -P --preserve=mode "$1/$name" "$2/$name"
        fi
        touch -h -d '2019-07-08 09:10:11 UTC' "$2/$name"
    done
    (cd "$1" && find . -mindepth 1 -type d) | while read -r name; do
        chmod --reference="$1/$name" "$2/$name"
    done
}

# expect_same FOLDER FILE: builds it twice, under circumstances as different as possible, into each kind of output.
expect_same() {
    need_root
    need_program setpriv faketime
    local type
    mkdir -p "$T/one" "$T/elsewhere/two"
    other_copy "$SAMPLES/$1" "$T/elsewhere/context"
    cp "$URUNC_BUILD" "$T/elsewhere/urunc-build" # where that user can read it
    chown 12345:23456 "$T/elsewhere/two"
    for type in oci oci-archive docker-archive; do
        (cd "$SAMPLES/$1" && umask 022 && TZ=UTC LC_ALL=C build -t same:1 -f "$2" -o "type=$type,dest=$T/one/$type" .)
        # faketime is preloaded, before the sanitizers of a debug build.
        (
            umask 077
            cd /
            setpriv --reuid 12345 --regid 23456 --clear-groups env -i PATH="$PATH" HOME=/nonexistent TZ=XYZ-7:30 \
                LC_ALL=C.UTF-8 TMPDIR="$T/elsewhere/two" ASAN_OPTIONS=verify_asan_link_order=0 faketime '2033-03-03 03:03:03' \
                "$T/elsewhere/urunc-build" build -t same:1 -f "$T/elsewhere/context/$2" \
                -o "type=$type,dest=$T/elsewhere/two/$type" "$T/elsewhere/context" 2>"$T/log"
        ) || fail "$(cat "$T/log")"
    done
    cmp "$T/one/oci-archive" "$T/elsewhere/two/oci-archive"
    cmp "$T/one/docker-archive" "$T/elsewhere/two/docker-archive"
    (cd "$T/one/oci" && find . | sort) >"$T/names"
    (cd "$T/elsewhere/two/oci" && find . | sort) | cmp - "$T/names"
    (cd "$T/one/oci" && find . -type f) | while read -r name; do
        cmp "$T/one/oci/$name" "$T/elsewhere/two/oci/$name"
    done
}

@test "the linux sample with an initrd" {
    need_kernel
    expect_same linux Containerfile
}

@test "the linux sample with a disk" {
    need_kernel
    expect_same linux Containerfile.block
}

@test "the unikraft sample" {
    expect_same unikraft Containerfile
}

@test "the mirage sample" {
    expect_same mirage Containerfile
}

@test "the rumprun sample" {
    expect_same rumprun Containerfile
}

@test "the mewz sample" {
    expect_same mewz Containerfile
}

@test "the bima sample" {
    expect_same bima Containerfile
}

@test "a changed byte changes the image" {
    # The comparison above must be able to fail.
    cp -r "$SAMPLES/unikraft" "$T/context"
    build -t same:1 -o "type=oci-archive,dest=$T/one" "$T/context"
    printf '\n' >>"$T/context/index.html"
    build -t same:1 -o "type=oci-archive,dest=$T/two" "$T/context"
    ! cmp "$T/one" "$T/two" || fail 'the images are the same'
}
