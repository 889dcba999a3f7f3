#!/usr/bin/env bats
# What belongs to a build context, and which file is its spec, at the command line. No guest is booted.
load helpers

prepare() {
    mkdir -p "$T/context/sub/deep" "$T/specs"
    printf 'secret\n' >"$T/context/a.pem"
    printf 'secret\n' >"$T/context/sub/b.pem"
    printf 'secret\n' >"$T/context/sub/deep/.pem"
    printf 'public\n' >"$T/context/sub/deep/c.txt"
    printf 'FROM scratch\nCOPY . /\n' >"$T/context/Containerfile"
}

build_here() {
    timeout 20 "$URUNC_BUILD" build -q -t x:1 -o "type=oci-archive,dest=$T/image.tar" "$@" "$T/context"
}

# files [OPTION...]: the files of the image that the options and the context make, one a line.
files() {
    build_here "$@" >/dev/null || return
    rm -rf "$T/layout"
    mkdir "$T/layout"
    tar -C "$T/layout" -xf "$T/image.tar"
    local manifest layer
    manifest=$(jq -r '.manifests[0].digest' "$T/layout/index.json")
    for layer in $(jq -r '.layers[].digest' "$T/layout/blobs/${manifest/://}"); do
        tar -tzf "$T/layout/blobs/${layer/://}"
    done | grep -v '/$' | sort
}

@test "**.pem keeps keys out of the image, at any depth" {
    printf '**.pem\n' >"$T/context/.dockerignore"
    expect_equal "$(files)" "$(printf '%s\n' .dockerignore Containerfile sub/deep/c.txt)"
}

@test "the last rule that matches decides" {
    printf '\xef\xbb\xbf# keys\r\n**/*.pem\r\n!sub/b.pem\r\n/Containerfile/\r\n.dockerignore\r\n' >"$T/context/.dockerignore"
    expect_equal "$(files)" "$(printf '%s\n' sub/b.pem sub/deep/c.txt)"
}

@test "a rule that would mean something else to Docker is refused" {
    # shellcheck disable=SC1003 # a backslash, not an escape
    printf 'a\nsub\\deep\n' >"$T/context/.dockerignore"
    fails build_here
    expect_one_error '^\.dockerignore:2: pattern .* before a letter or a digit'
}

@test "an ignore file beside the spec comes before those of the context" {
    printf 'sub\n' >"$T/context/.containerignore"
    printf '*.pem\n' >"$T/context/Containerfile.dockerignore"
    expect_equal "$(files)" \
        "$(printf '%s\n' .containerignore Containerfile Containerfile.dockerignore sub/b.pem sub/deep/.pem sub/deep/c.txt)"
    cp "$T/context/Containerfile" "$T/specs/my.Containerfile"
    printf '**\n!sub/b.pem\n' >"$T/specs/my.Containerfile.containerignore"
    expect_equal "$(files -f "$T/specs/my.Containerfile")" sub/b.pem
    printf '**\n!a.pem\n' >"$T/specs/my.Containerfile.dockerignore"
    expect_equal "$(files -f "$T/specs/my.Containerfile")" a.pem
}

@test "a spec from standard input or from a command has the ignore file of the context" {
    printf '**.pem\nContainerfile*\n.dockerignore\n' >"$T/context/.dockerignore"
    expect_equal "$(printf 'FROM scratch\nCOPY . /\n' | files -f -)" sub/deep/c.txt
    expect_equal "$(printf 'FROM scratch\nCOPY . /\n' | files -f /dev/stdin)" sub/deep/c.txt
    expect_equal "$(files -f <(printf 'FROM scratch\nCOPY . /\n'))" sub/deep/c.txt
}

@test "a FIFO, a device or a directory is never opened as a spec or an ignore file" {
    mkfifo "$T/context/fifo"
    fails build_here -f "$T/context/fifo"
    expect_one_error '/context/fifo: not a regular file'
    fails build_here -f /dev/zero
    expect_one_error '/dev/zero: not a regular file'
    fails build_here -f "$T/context"
    expect_one_error '/context: '
    rm "$T/context/Containerfile" && mkfifo "$T/context/Containerfile"
    fails build_here
    expect_one_error 'Containerfile: not a regular file'
    mkfifo "$T/context/.dockerignore"
    fails build_here -f "$T/specs/none"
    expect_one_error 'specs/none: No such file or directory'
    printf 'FROM scratch\n' >"$T/specs/one"
    fails build_here -f "$T/specs/one"
    expect_one_error '^urunc-build: \.dockerignore: not a regular file'
    mkfifo "$T/specs/one.dockerignore"
    fails build_here -f "$T/specs/one"
    expect_one_error 'specs/one\.dockerignore: not a regular file'
    [[ ! -e $T/image.tar ]]
}

@test "an ignore file that is a link to nowhere is an error" {
    ln -s nowhere "$T/context/.dockerignore"
    fails build_here
    expect_one_error '\.dockerignore: a symlink that leads nowhere'
}
