#!/usr/bin/env bats
# Files that were written for bima, pun and bunny build as they are.
load helpers

prepare() {
    mkdir -p "$T/context/conf"
    cp "$GUESTS/solo5-hvt.elf" "$T/context/app.hvt"
    cp "$GUESTS/multiboot.elf" "$T/context/app.qemu"
    printf 'port 6379\n' >"$T/context/conf/app.conf"
    printf 'port 6379\n' >"$T/context/app.conf"
}

manifest() {
    local digest
    digest=$(jq -r '.manifests[0].digest' "$T/out/index.json")
    printf '%s/blobs/%s\n' "$T/out" "${digest/://}"
}

# build_spec: builds the spec on standard input; warnings are in $T/log.
build_spec() {
    cat >"$T/context/Containerfile"
    "$URUNC_BUILD" build -q -t app:1 -o "type=oci,dest=$T/out" "$T/context" 2>"$T/log"
    unpack "$T/out" "$T/bundle"
}

# expect_annotation KEY VALUE: it stands in the manifest, in the labels and in /urunc.json.
expect_annotation() {
    local key=com.urunc.unikernel.$1 config
    config=$(jq -r .config.digest "$(manifest)")
    expect_equal "$(jq -r --arg key "$key" '.annotations[$key]' "$(manifest)")" "$2"
    expect_equal "$(jq -r --arg key "$key" '.config.Labels[$key]' "$T/out/blobs/${config/://}")" "$2"
    expect_equal "$(jq -r --arg key "$key" '.[$key]' "$T/bundle/rootfs/urunc.json" | base64 -d)" "$2"
}

@test "bima: labels alone, a key in quotes, a pair that urunc does not run" {
    build_spec <<'SPEC'
# FROM says nothing here
FROM scratch

COPY app.hvt /unikernel/app.hvt
COPY app.conf /conf/app.conf

LABEL com.urunc.unikernel.binary=/unikernel/app.hvt
LABEL "com.urunc.unikernel.cmdline"='app-server /data/conf/app.conf'
LABEL "com.urunc.unikernel.unikernelType"="rumprun"
LABEL "com.urunc.unikernel.hypervisor"="qemu"
SPEC
    expect_annotation cmdline 'app-server /data/conf/app.conf'
    expect_annotation unikernelType rumprun
    expect_annotation hypervisor qemu
    cmp "$T/context/app.hvt" "$T/bundle/rootfs/unikernel/app.hvt"
    expect_equal "$(grep -c warning "$T/log")" 1
    expect_match 'Containerfile:10: warning: rumprun does not run on qemu; it runs on: hvt, spt; urunc will' "$T/log"
}

@test "bima: a pair whose kernel is for another monitor" {
    build_spec <<'SPEC'
FROM scratch
COPY app.hvt /unikernel/app.hvt
LABEL com.urunc.unikernel.binary=/unikernel/app.hvt
LABEL "com.urunc.unikernel.unikernelType"="mirage"
LABEL "com.urunc.unikernel.hypervisor"="spt"
SPEC
    expect_annotation hypervisor spt
    expect_match 'Containerfile:3: warning: .*a Solo5 kernel for hvt, which spt does not run' "$T/log"
}

@test "pun: a syntax directive of its own, labels alone" {
    build_spec <<'SPEC'
#syntax=registry.example/pun:latest
FROM scratch

COPY app.qemu /unikraft/bin/kernel

LABEL com.urunc.unikernel.binary="/unikraft/bin/kernel"
LABEL "com.urunc.unikernel.cmdline"="app -c /app/app.conf"
LABEL "com.urunc.unikernel.unikernelType"="unikraft"
LABEL "com.urunc.unikernel.hypervisor"="qemu"
SPEC
    expect_annotation binary /unikraft/bin/kernel
    expect_annotation cmdline 'app -c /app/app.conf'
    expect_equal "$(<"$T/log")" ''
}

@test "bunny: mountRootfs, a directory's contents at the root, CMD instead of a cmdline" {
    build_spec <<'SPEC'
#syntax=registry.example/bunny:latest
FROM scratch

COPY app.hvt /unikernel/app.hvt
COPY /conf /

LABEL com.urunc.unikernel.binary=/unikernel/app.hvt
LABEL "com.urunc.unikernel.unikernelType"="rumprun"
LABEL "com.urunc.unikernel.hypervisor"="hvt"
LABEL "com.urunc.unikernel.mountRootfs"="true"

CMD ["app-server", "/data/app.conf"]
SPEC
    expect_annotation mountRootfs true
    cmp "$T/context/conf/app.conf" "$T/bundle/rootfs/app.conf"
    expect_equal "$(jq -c .process.args "$T/bundle/config.json")" '["app-server","/data/app.conf"]'
    # Its rootfs would have to be a block device, by devmapper.
    expect_equal "$(wc -l <"$T/log")" 1
    expect_match 'Containerfile:10: warning: the framework rumprun cannot use the container.s rootfs' "$T/log"
}

@test "our own instructions for a pair that cannot run are an error, as ever" {
    cat >"$T/context/Containerfile" <<'SPEC'
FROM scratch
UNIKERNEL rumprun
MONITOR qemu
KERNEL app.hvt
SPEC
    fails "$URUNC_BUILD" build -q -t app:1 -o "type=oci,dest=$T/out" "$T/context"
    expect_one_error 'Containerfile:3: rumprun does not run on qemu'
}
