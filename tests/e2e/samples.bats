#!/usr/bin/env bats
# Every sample builds as it lies there, and what comes out is an image that the tools of this field take as it is.
load helpers

prepare_file() {
    T=$F
    mkdir "$F/images"
    local sample
    for sample in unikraft mirage rumprun mewz bima; do
        build_sample "$sample" "$sample" Containerfile
    done
    if [[ -e $SAMPLES/linux/debian/vmlinuz ]]; then
        build_sample linux linux Containerfile
        build_sample linux-block linux Containerfile.block
    fi
}

# build_sample NAME FOLDER FILE: as a layout and as both kinds of archive.
build_sample() {
    local to=$F/images/$1 context=$SAMPLES/$2
    build -t "$1:v1" -f "$context/$3" -o "type=oci,dest=$to" "$context"
    build -t "$1:v1" -f "$context/$3" -o "type=oci-archive,dest=$to.oci.tar" "$context"
    build -t "$1:v1" -f "$context/$3" -o "type=docker-archive,dest=$to.docker.tar" "$context"
}

built() {
    find "$F/images" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort
}

# blob LAYOUT DIGEST: its path.
blob() {
    printf '%s/blobs/%s\n' "$1" "${2/://}"
}

manifest_of() {
    blob "$1" "$(jq -r '.manifests[0].digest' "$1/index.json")"
}

config_of() {
    blob "$1" "$(jq -r .config.digest "$(manifest_of "$1")")"
}

annotation() {
    jq -r --arg key "com.urunc.unikernel.$2" '.annotations[$key]' "$(manifest_of "$F/images/$1")"
}

expect_sample() {
    local name=$1 type=$2 hypervisor=$3
    expect_equal "$(annotation "$name" unikernelType)" "$type"
    expect_equal "$(annotation "$name" hypervisor)" "$hypervisor"
    # The same facts are in the labels and, in base64, in /urunc.json.
    expect_equal "$(jq -c '.config.Labels | with_entries(select(.key | startswith("com.urunc.unikernel.")))' \
        "$(config_of "$F/images/$name")" | jq -cS .)" \
        "$(jq -c '.annotations | with_entries(select(.key | startswith("com.urunc.unikernel.")))' \
            "$(manifest_of "$F/images/$name")" | jq -cS .)"
    unpack "$F/images/$name" "$T/bundle"
    expect_equal "$(jq -cS 'map_values(@base64d)' "$T/bundle/rootfs/urunc.json")" \
        "$(jq -cS '.annotations | with_entries(select(.key | startswith("com.urunc.unikernel.")))' \
            "$(manifest_of "$F/images/$name")")"
    [[ -s $T/bundle/rootfs$(annotation "$name" binary) ]]
}

@test "the unikraft sample" {
    expect_sample unikraft unikraft qemu
    expect_equal "$(annotation unikraft unikernelVersion)" 0.17.0
    cpio -it <"$T/bundle/rootfs$(annotation unikraft initrd)" 2>/dev/null | grep -qx nginx/conf/nginx.conf
    expect_equal "$(jq -c .config.Cmd "$(config_of "$F/images/unikraft")")" '["-c","/nginx/conf/nginx.conf"]'
}

@test "the mirage sample" {
    expect_sample mirage mirage hvt
    expect_equal "$(jq -c .config.Cmd "$(config_of "$F/images/mirage")")" '["--hello=Good day","-l","info"]'
}

@test "the rumprun sample" {
    expect_sample rumprun rumprun spt
    expect_equal "$(annotation rumprun blkMntPoint)" /data
    debugfs -R 'cat /conf/redis.conf' "$T/bundle/rootfs$(annotation rumprun block)" 2>/dev/null |
        cmp - "$SAMPLES/rumprun/redis.conf"
}

@test "the mewz sample" {
    expect_sample mewz mewz qemu
}

@test "the bima sample" {
    expect_sample bima unikraft qemu
    expect_equal "$(annotation bima cmdline)" 'hello from a label'
}

@test "the linux sample with an initrd" {
    need_kernel
    expect_sample linux linux qemu
    cmp "$T/bundle/rootfs$(annotation linux binary)" "$SAMPLES/linux/debian/vmlinuz"
    zcat "$T/bundle/rootfs$(annotation linux initrd)" | cpio -it 2>/dev/null >"$T/names"
    grep -qx urunc-init "$T/names"
    grep -qx usr/sbin/nginx "$T/names"
    expect_equal "$(jq -r '.process.args[0]' "$T/bundle/config.json")" /urunc-init
}

@test "the linux sample with a disk" {
    need_kernel
    expect_sample linux-block linux qemu
    e2fsck -fn "$T/bundle/rootfs$(annotation linux-block block)"
}

@test "manifest, config, index and layout validate against the OCI schemas" {
    need_schemas
    local name
    for name in $(built); do
        "$TOOLS/validate.py" "$SCHEMAS/image-spec/image-manifest-schema.json" "$(manifest_of "$F/images/$name")"
        "$TOOLS/validate.py" "$SCHEMAS/image-spec/config-schema.json" "$(config_of "$F/images/$name")"
        "$TOOLS/validate.py" "$SCHEMAS/image-spec/image-index-schema.json" "$F/images/$name/index.json"
        "$TOOLS/validate.py" "$SCHEMAS/image-spec/image-layout-schema.json" "$F/images/$name/oci-layout"
    done
}

@test "every blob of a layout has the digest that it is named for" {
    local name
    for name in $(built); do
        (cd "$F/images/$name/blobs/sha256" && for digest in *; do printf '%s  %s\n' "$digest" "$digest"; done |
            sha256sum --check --quiet)
    done
}

@test "skopeo inspects and copies layouts and archives" {
    need_program skopeo
    local name form
    for name in $(built); do
        for form in "oci:$F/images/$name:v1" "oci-archive:$F/images/$name.oci.tar" \
            "docker-archive:$F/images/$name.docker.tar"; do
            skopeo inspect "$form" >"$T/inspect"
            expect_equal "$(jq -r .Architecture "$T/inspect")" amd64
            expect_equal "$(jq -r '.Labels["com.urunc.unikernel.hypervisor"]' "$T/inspect")" \
                "$(annotation "$name" hypervisor)"
            skopeo copy --quiet "$form" "dir:$T/copy"
            rm -r "$T/copy"
        done
    done
}

@test "umoci unpacks every layout" {
    need_program umoci
    need_root
    local name
    for name in $(built); do
        umoci unpack --image "$F/images/$name:v1" "$T/$name"
        [[ -s $T/$name/rootfs/urunc.json ]]
    done
}

@test "buildah starts from every layout" {
    need_program buildah
    need_root
    local name container
    local -a buildah=(env TMPDIR="$T" buildah --root "$T/storage" --runroot "$T/runroot" --storage-driver vfs)
    cd "$F/images" # buildah makes a name of the path, which must be one of lower case then
    for name in $(built); do
        container=$("${buildah[@]}" from "oci:$name:v1")
        "${buildah[@]}" inspect "$container" >"$T/inspect"
        expect_equal "$(jq -r '.OCIv1.config.Labels["com.urunc.unikernel.unikernelType"]' "$T/inspect")" \
            "$(annotation "$name" unikernelType)"
    done
}

@test "podman loads every archive" {
    need_program podman
    need_root
    local name form
    local -a podman=(env TMPDIR="$T" podman --root "$T/storage" --runroot "$T/runroot" --storage-driver vfs)
    for name in $(built); do
        for form in oci docker; do
            "${podman[@]}" load --quiet -i "$F/images/$name.$form.tar" >"$T/loaded"
            expect_match "/$name:v1\$" "$T/loaded"
            expect_equal "$("${podman[@]}" image inspect --format '{{index .Labels "com.urunc.unikernel.hypervisor"}}' \
                "$(sed 's/^Loaded image: *//' "$T/loaded")")" "$(annotation "$name" hypervisor)"
        done
    done
}

@test "containerd imports every archive" {
    need_program containerd ctr
    need_root
    cat >"$T/containerd.toml" <<TOML
version = 2
root = "$T/containerd"
state = "$T/containerd-state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
  address = "$T/containerd.sock"
TOML
    containerd --config "$T/containerd.toml" >"$T/containerd.log" 2>&1 3>&- &
    local daemon=$!
    printf '%s\n' "$daemon" >>"$T/processes"
    within 20 ctr --address "$T/containerd.sock" version >/dev/null 2>&1 || fail "$(tail -n 5 "$T/containerd.log")"
    local name form
    for name in $(built); do
        for form in oci docker; do
            ctr --address "$T/containerd.sock" images import --snapshotter native "$F/images/$name.$form.tar"
            ctr --address "$T/containerd.sock" images ls -q >"$T/images"
            expect_line "docker.io/library/$name:v1" "$T/images"
            ctr --address "$T/containerd.sock" images rm --sync "docker.io/library/$name:v1"
        done
    done
    kill "$daemon"
    wait "$daemon" || true
}
