#!/usr/bin/env bats
# A wrong spec gives one line that names file and line, a non-zero exit, and no image is written or changed.
load helpers

prepare() {
    mkdir -p "$T/context/tree"
    cp "$GUESTS/multiboot.elf" "$T/context/kernel"
    cp "$GUESTS/solo5-hvt.elf" "$T/context/kernel.hvt"
    printf 'content\n' >"$T/context/tree/file"
    printf 'secret\n' >"$T/outside"
}

# expect_rejected LINE MESSAGE [OPTION...]: the spec on standard input fails at its line LINE (a regular expression
# with a message like MESSAGE), for each output, over an image that exists and where there is none.
expect_rejected() {
    local line=$1 message=$2 type
    shift 2
    cat >"$T/context/Containerfile.bad"
    printf '%s\n' 'FROM scratch' 'UNIKERNEL generic' 'MONITOR qemu' 'KERNEL kernel' >"$T/context/Containerfile"
    for type in oci oci-archive docker-archive; do
        build -t good:1 -o "type=$type,dest=$T/$type" "$T/context"
        cp -a "$T/$type" "$T/$type.before"
        fails "$URUNC_BUILD" build -q "$@" -f "$T/context/Containerfile.bad" -t good:1 \
            -o "type=$type,dest=$T/$type" "$T/context"
        expect_one_error "^[^ ]*Containerfile\.bad:$line: .*($message)"
        diff -r "$T/$type.before" "$T/$type"
        fails "$URUNC_BUILD" build -q "$@" -f "$T/context/Containerfile.bad" -t good:1 \
            -o "type=$type,dest=$T/new-$type" "$T/context"
        [[ ! -e $T/new-$type/index.json && ! -f $T/new-$type ]] || fail "an image was written"
        [[ -z $(find "$T/new-$type" -type f -path '*blobs*' 2>/dev/null) ]] || fail "blobs were left"
    done
}

@test "an unknown instruction" {
    expect_rejected 2 'CPOY.*COPY' <<'SPEC'
FROM scratch
CPOY tree /
SPEC
}

@test "a missing file" {
    expect_rejected 3 'nowhere.conf.*not in the build context' <<'SPEC'
FROM scratch
# a comment
COPY nowhere.conf /
SPEC
}

@test "a path that leaves the context" {
    expect_rejected 2 'outside' <<'SPEC'
FROM scratch
COPY ../outside /
SPEC
}

@test "a symlink that leaves the context" {
    ln -s ../outside "$T/context/link"
    expect_rejected 2 'link' <<'SPEC'
FROM scratch
COPY link /
SPEC
}

@test "a symlink to an absolute path" {
    ln -s "$T/outside" "$T/context/link"
    expect_rejected 2 'link' <<'SPEC'
FROM scratch
COPY link /
SPEC
}

@test "a kernel behind a symlink that leaves the context" {
    ln -s "$GUESTS/multiboot.elf" "$T/context/link"
    expect_rejected 4 'link' <<'SPEC'
FROM scratch
UNIKERNEL generic
MONITOR qemu
KERNEL link
SPEC
}

@test "stages that are built from each other" {
    expect_rejected '[24]' 'one|two' <<'SPEC'
FROM scratch AS one
COPY --from=two /file /
FROM scratch AS two
COPY --from=one /file /
SPEC
}

@test "a stage that is built from itself" {
    expect_rejected 2 'one' <<'SPEC'
FROM scratch AS one
COPY --from=one / /
SPEC
}

@test "a stage that is not there" {
    expect_rejected 2 'nostage' <<'SPEC'
FROM scratch
COPY --from=nostage / /
SPEC
}

@test "a binary that is not in the image" {
    expect_rejected '[245]' '/kernel/elsewhere.*not in the image|not in the image.*/kernel/elsewhere' <<'SPEC'
FROM scratch
LABEL com.urunc.unikernel.binary=/kernel/elsewhere
LABEL com.urunc.unikernel.hypervisor=qemu
LABEL com.urunc.unikernel.unikernelType=generic
COPY kernel /kernel/here
SPEC
}

@test "an architecture that contradicts the kernel" {
    expect_rejected '[0-9]' 'amd64.*arm64|arm64.*amd64' --platform linux/arm64 <<'SPEC'
FROM scratch
UNIKERNEL generic
MONITOR qemu
KERNEL kernel
SPEC
}

@test "a platform in FROM that contradicts the kernel" {
    expect_rejected '[14]' 'amd64.*arm64|arm64.*amd64' <<'SPEC'
FROM --platform=linux/arm64 scratch
UNIKERNEL generic
MONITOR qemu
KERNEL kernel
SPEC
}

@test "a hypervisor that cannot run the framework" {
    expect_rejected '[23]' 'rumprun.*firecracker|firecracker.*rumprun' <<'SPEC'
FROM scratch
UNIKERNEL rumprun
MONITOR firecracker
KERNEL kernel.hvt
SPEC
}

@test "a hypervisor that nobody knows" {
    expect_rejected 3 'vmware' <<'SPEC'
FROM scratch
UNIKERNEL linux
MONITOR vmware
KERNEL kernel
SPEC
}

@test "a kernel built for another Solo5 target" {
    expect_rejected '[234]' 'hvt' <<'SPEC'
FROM scratch
UNIKERNEL mirage
MONITOR spt
KERNEL kernel.hvt
SPEC
}

@test "a required annotation that is missing" {
    expect_rejected '[0-9]' 'hypervisor' <<'SPEC'
FROM scratch
LABEL com.urunc.unikernel.binary=/k
LABEL com.urunc.unikernel.unikernelType=generic
COPY kernel /k
SPEC
}

@test "instructions that this version does not build" {
    expect_rejected 2 'RUN' <<'SPEC'
FROM scratch
RUN make
SPEC
}

@test "a base image, which this version cannot fetch" {
    expect_rejected 1 'debian' <<'SPEC'
FROM debian:12
COPY tree /
SPEC
}

@test "a spec without a FROM" {
    expect_rejected 1 'FROM' <<'SPEC'
COPY tree /
SPEC
}

@test "an unknown flag" {
    expect_rejected 2 '(--)?link-to' <<'SPEC'
FROM scratch
COPY --link-to=x tree /
SPEC
}

@test "JSON that does not end" {
    expect_rejected 5 '' <<'SPEC'
FROM scratch
UNIKERNEL generic
MONITOR qemu
KERNEL kernel
CMD ["a", "b
SPEC
}

@test "a shell-form command for a guest that has no shell" {
    expect_rejected 5 'JSON' <<'SPEC'
FROM scratch
UNIKERNEL generic
MONITOR qemu
KERNEL kernel
CMD run this
SPEC
}

@test "a here-document that does not end" {
    expect_rejected 2 'EOF' <<'SPEC'
FROM scratch
COPY <<EOF /file
text
SPEC
}

@test "an initrd that is neither a tree nor an archive" {
    expect_rejected 5 'tree/file' <<'SPEC'
FROM scratch
UNIKERNEL generic
MONITOR qemu
KERNEL kernel
INITRD tree/file
SPEC
}

@test "specs of binary garbage, of nothing, of one long line" {
    local spec
    head -c 100000 /dev/urandom >"$T/garbage"
    : >"$T/nothing"
    head -c 3000000 /dev/zero | tr '\0' 'x' >"$T/long"
    for spec in garbage nothing long; do
        fails "$URUNC_BUILD" build -q -t good:1 -f "$T/$spec" -o "type=oci,dest=$T/out" "$T/context"
        [[ $(wc -l <"$T/stderr") -eq 1 && $(wc -c <"$T/stderr") -lt 1000 ]] || fail "$(head -c 2000 "$T/stderr")"
        [[ ! -e $T/out ]]
    done
}

@test "wrong command lines" {
    fails "$URUNC_BUILD"
    fails "$URUNC_BUILD" biuld .
    grep -q 'build' "$T/stderr"
    fails "$URUNC_BUILD" build --no-such-option .
    fails "$URUNC_BUILD" build -t 'Not A Name' -o "type=oci,dest=$T/out" "$T/context"
    fails "$URUNC_BUILD" build -t x:1 -o "type=floppy,dest=$T/out" "$T/context"
    fails "$URUNC_BUILD" build -t x:1 -o "type=oci,dest=$T/out" "$T/no-such-directory"
    [[ ! -e $T/out ]]
}

@test "places that cannot be written to are found out before the build" {
    printf '%s\n' 'FROM scratch' 'UNIKERNEL generic' 'MONITOR qemu' 'KERNEL kernel' >"$T/context/Containerfile"
    fails "$URUNC_BUILD" build -t x:1 --iidfile "$T/none/id" -o "type=oci,dest=$T/out" "$T/context"
    expect_one_error '^urunc-build: --iidfile .*none/id'
    fails "$URUNC_BUILD" build -t x:1 --iidfile "$T/context" -o "type=oci,dest=$T/out" "$T/context"
    expect_one_error '^urunc-build: --iidfile .*: a directory'
    [[ ! -e $T/out ]]
    fails "$URUNC_BUILD" build -t x:1 -o "type=oci,dest=$T/context/tree" "$T/context"
    expect_one_error 'neither empty nor an OCI image layout'
    fails "$URUNC_BUILD" build -t x:1 -o "type=oci-archive,dest=$T/context/tree" "$T/context"
    expect_one_error 'an archive is a file'
    expect_equal "$(ls -A "$T/context/tree")" file
}
