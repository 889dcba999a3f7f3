#!/bin/sh
# Installs the Debian packages that this project needs: install-packages.sh [build|run|test]...
# Without an argument, all of them. Does nothing, quickly, where everything is installed already.
set -eu

# What compiles and checks it.
build='binutils clang clang-format clang-tidy cmake comerr-dev gcc gcc-aarch64-linux-gnu git libarchive-dev libc6-dev libcap-dev
    libcmocka-dev libdeflate-dev libext2fs-dev libjansson-dev libnl-route-3-dev libseccomp-dev libssl-dev libsystemd-dev libzstd-dev
    linux-libc-dev musl-tools ninja-build pkg-config zlib1g-dev'
# What runs a unikernel, prepares the Linux sample and talks to it.
run='ca-certificates cpio curl iproute2 jq kmod qemu-system-x86 util-linux'
# What the tests hold the results against.
test='attr bats buildah busybox-static catatonit containerd containernetworking-plugins crun docker.io e2fsprogs faketime gcovr genext2fs libcap2-bin podman
    nftables passt procps python3 python3-grpcio python3-jsonschema python3-protobuf qemu-system-arm qemu-user redis-server runc skopeo slirp4netns strace uidmap umoci zstd'

die() {
    printf 'install-packages.sh: %s\n' "$1" >&2
    exit 1
}

wanted=
for set in "${@:-all}"; do
    case $set in
    build) wanted="$wanted $build" ;;
    run) wanted="$wanted $run" ;;
    test) wanted="$wanted $test" ;;
    all) wanted="$wanted $build $run $test" ;;
    *) die "$set: no such set, there are build, run and test" ;;
    esac
done

missing=
for package in $wanted; do
    # shellcheck disable=SC2016 # the braces are dpkg-query's
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || state=
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "not root and no sudo; these packages are missing:$missing"
    as_root=sudo
fi
printf 'Installing:%s\n' "$missing"
# The daemons of these packages (dockerd, containerd, redis) are not started: the tests start their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap '$as_root rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
fi
$as_root apt-get update -q
# shellcheck disable=SC2086 # one word is one package
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
