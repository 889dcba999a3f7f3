#!/bin/bash
# sysroot.sh DIRECTORY: Debian's arm64 libraries, and a kernel and a few programs for a guest, unpacked below DIRECTORY.
#
# apt works on a state of its own, so the host's packages and its list of architectures stay as they are, and no root
# is needed. Does nothing, quickly, where the directory is complete already.
set -euo pipefail

directory=${1:?usage: sysroot.sh DIRECTORY}
packages=(busybox-static comerr-dev coreutils cpio dash e2fsprogs libarchive-dev libc-bin libc6-dev libcap-dev
    libcmocka-dev libcmocka0 libdeflate-dev libext2fs-dev libgcc-12-dev libjansson-dev libnl-route-3-dev libseccomp-dev
    libssl-dev libsystemd-dev libzstd-dev tar xz-utils zlib1g-dev zstd)
kernel=linux-image-cloud-arm64

complete=$directory/.complete
wanted="${packages[*]} $kernel"
[[ ! -f $complete || $(<"$complete") != "$wanted" ]] || exit 0

rm -rf "$directory"
mkdir -p "$directory/.apt/lists/partial" "$directory/.apt/cache/archives/partial"
directory=$(cd "$directory" && pwd)
complete=$directory/.complete
: >"$directory/.apt/status"

# The signatures are checked with the host's keys, from the host's sources.
apt=(apt-get -q -q -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o APT::Sandbox::User=
    -o Dir::State="$directory/.apt" -o Dir::State::status="$directory/.apt/status"
    -o Dir::State::lists="$directory/.apt/lists" -o Dir::Cache="$directory/.apt/cache"
    -o Debug::NoLocking=1 -o APT::Install-Recommends=0)

"${apt[@]}" update
# What the packages pull in for an installed system (firmware, package scripts) is not wanted: only libraries are linked.
"${apt[@]}" -y --download-only install "${packages[@]}" >/dev/null
image=$("${apt[@]}" -s install "$kernel" | sed -n 's/^Inst \(linux-image-[0-9][^ ]*\) .*/\1/p')
[[ -n $image ]] || { printf 'sysroot.sh: %s names no kernel\n' "$kernel" >&2; exit 1; }
(cd "$directory/.apt/cache/archives" && "${apt[@]}" download "$image")

for package in "$directory"/.apt/cache/archives/*.deb; do
    dpkg-deb -x "$package" "$directory"
done
depmod -b "$directory" "$(ls "$directory/lib/modules")"
rm -rf "$directory/.apt"
printf '%s' "$wanted" >"$complete"
