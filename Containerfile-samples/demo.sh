#!/bin/bash
# From a clone to a unikernel that answers: installs what it needs, builds this project, builds the Linux sample's image
# from its Containerfile, boots it under QEMU and fetches a page from it. Ends by itself and leaves build/ and
# Containerfile-samples/linux/debian/, nothing else. Needs Debian 12, and root or sudo.
set -euo pipefail

source=$(realpath "$(dirname "$0")/..")
build=$source/build/release
sample=$source/Containerfile-samples/linux
urunc=$build/runtime/urunc
urunc_build=$build/builder/urunc-build
export PATH="$PATH:/usr/sbin:/sbin"

step() {
    printf '\n==> %s\n' "$*"
}

die() {
    printf 'demo.sh: %s\n' "$1" >&2
    exit 1
}

build_programs() {
    step 'Installing packages, where some are missing'
    "$source/packaging/install-packages.sh" build run
    step 'Building urunc-build and urunc'
    cmake --preset release -S "$source" >"$work/cmake.log" || die "cmake failed: $(cat "$work/cmake.log")"
    cmake --build "$build" --target urunc urunc-build
}

build_image() {
    step "Fetching Debian's kernel and nginx"
    "$sample/prepare.sh"
    step 'A Containerfile becomes an image'
    cat "$sample/Containerfile"
    "$urunc_build" build -t nginx-linux:latest -o "type=oci,dest=$work/image" "$sample"
    step 'The image becomes a bundle, the annotations of which say how to boot it'
    "$urunc_build" bundle "$work/image:latest" "$work/bundle"
    jq .annotations "$work/bundle/config.json"
}

# Two network namespaces with a cable between them: this one, and the guest's behind $work/netns.
make_network() {
    : >"$work/netns"
    unshare --net="$work/netns" true
    ip link add veth0 type veth peer name eth0 netns "$work/netns"
    ip address add 10.0.5.1/24 dev veth0
    ip link set veth0 up
    nsenter --net="$work/netns" ip address add 10.0.5.2/24 dev eth0
    nsenter --net="$work/netns" ip link set eth0 up
    nsenter --net="$work/netns" ip route add default via 10.0.5.1
    jq --arg path "$work/netns" \
        '.linux.namespaces |= map(select(.type != "network")) + [{type: "network", path: $path}]' \
        "$work/bundle/config.json" >"$work/config.json"
    mv "$work/config.json" "$work/bundle/config.json"
}

runtime() {
    timeout 60 "$urunc" --root "$work/state" --config "$work/urunc.json" "$@"
}

wait_for_page() {
    local deadline=$((SECONDS + 120))
    until curl -sf --max-time 2 -D "$work/header" -o "$work/page" http://10.0.5.2/; do
        [[ $(runtime state demo | jq -r .status) == running ]] || die 'the guest ended by itself'
        ((SECONDS < deadline)) || die 'no answer from the guest in two minutes'
        sleep 0.2
    done
}

# Runs as root in process, mount and network namespaces of its own, so that nothing outlives it.
boot() {
    ip link set lo up
    make_network
    # Emulation runs everywhere; "auto" would take /dev/kvm where there is one.
    printf '{"monitors":{"qemu":{"acceleration":"tcg"}}}\n' >"$work/urunc.json"
    step 'The bundle boots under QEMU; this is the guest speaking'
    : >"$work/console"
    tail -f "$work/console" | sed -u 's/\r//g; s/^/    guest | /' &
    trap 'runtime delete --force demo' EXIT
    runtime create --bundle "$work/bundle" demo </dev/null >"$work/console" 2>&1 || die "$(cat "$work/console")"
    runtime start demo
    wait_for_page
    sleep 0.5 # the guest's log line about it
    step 'What the guest answered over its network'
    sed 's/\r//; s/^/    http  | /' "$work/header" "$work/page"
    cmp "$work/page" "$sample/rootfs/srv/www/index.html"
    step 'The container, as an engine sees it'
    runtime list
    runtime kill demo KILL
    trap - EXIT
    runtime delete --force demo
}

main() {
    if [[ ${1-} == --boot ]]; then
        work=$2
        boot
        return
    fi
    work=$(mktemp -d /tmp/urunc-demo.XXXXXX)
    as_root=()
    [[ $(id -u) -eq 0 ]] || as_root=(sudo)
    trap '"${as_root[@]}" rm -rf --one-file-system "$work"' EXIT
    build_programs
    build_image
    "${as_root[@]}" timeout --foreground 300 unshare --net --mount --pid --fork --kill-child --mount-proc \
        "$source/Containerfile-samples/demo.sh" --boot "$work"
    step 'Done'
    cat <<TEXT
A Containerfile became an OCI image with a kernel, an initrd and annotations; the image became a bundle; urunc booted it
under QEMU as a container, and nginx in that guest served the page above. The container and its files are gone again.
The programs: $urunc_build and $urunc
TEXT
}

main "$@"
