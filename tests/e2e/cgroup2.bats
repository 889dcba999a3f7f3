#!/usr/bin/env bats
# Cgroups of version 2 alone. Most hosts of these tests mount version 1 beside it, so a Linux guest that urunc-build made
# is booted, once, and in it urunc runs the stand-in monitor: tests/e2e/cgroup2/check.sh. Each test here reads one line.
load helpers

# bundle NAME FILTER WORD...: /checks/NAME in the guest; the words are what the stand-in does.
bundle() {
    local name=$1 filter=$2
    shift 2
    mkdir -p "$F/extra/checks/$name"
    jq -n '{
        ociVersion: "1.1.0",
        process: {user: {uid: 0, gid: 0}, args: $words, env: [], cwd: "/"},
        root: {path: "/checks/rootfs"},
        annotations: ({unikernelType: "generic", hypervisor: "qemu", binary: "/kernel"}
            | with_entries(.key |= "com.urunc.unikernel." + .)),
        linux: {namespaces: [{type: "pid"}, {type: "mount"}, {type: "ipc"}, {type: "uts"}, {type: "network"}]}
    } | '"$filter" --argjson words "$(printf '%s\036' "${@/#/standin:}" | jq -Rs 'split("\u001e")[:-1]')" \
        >"$F/extra/checks/$name/config.json"
}

make_bundles() {
    bundle limits '.linux.resources = {memory: {limit: 67108864, reservation: 50331648, swap: 83886080},
        cpu: {shares: 512, quota: 20000, period: 50000, burst: 10000, cpus: "0", mems: "0"}, pids: {limit: 7},
        blockIO: {throttleReadBpsDevice: [{major: 254, minor: 0, rate: 1048576}],
            throttleWriteBpsDevice: [{major: 254, minor: 0, rate: 2097152}],
            throttleReadIOPSDevice: [{major: 254, minor: 0, rate: 100}],
            throttleWriteIOPSDevice: [{major: 254, minor: 0, rate: 200}]},
        hugepageLimits: [{pageSize: "2MB", limit: 0}], unified: {"memory.high": "94371840"}}' wait
    mkdir -p "$F/extra/checks/update"
    cp "$F/extra/checks/limits/config.json" "$F/extra/checks/update/"
    bundle none . wait
    bundle oom '.linux.resources = {memory: {limit: 33554432}}' quiet eat=96 wait
    bundle processes '.linux.resources = {pids: {limit: 5}}' quiet fork=8 say=forked wait
    bundle below '.linux.cgroupsPath = "/engine/pod/below"
        | .linux.resources = {memory: {limit: 67108864}, pids: {limit: 9}}' wait
    bundle inner '.linux.cgroupsPath = "/inner/ctr-inner" | .linux.resources = {pids: {limit: 9}}' wait
    bundle threaded '.linux.cgroupsPath = "/threads/below/ctr-threaded"' wait
    bundle rootless '.linux.cgroupsPath = "/user/ctr" | .linux.resources = {memory: {limit: 67108864}, pids: {limit: 9},
        cpu: {quota: 20000, period: 50000}}' wait
    bundle free '.linux.cgroupsPath = "/inner2/free"' wait
    bundle occupied '.linux.cgroupsPath = "/occupied"' wait
    bundle swappiness '.linux.resources = {memory: {swappiness: 10}}' wait
    bundle realtime '.linux.resources = {cpu: {realtimePeriod: 1000}}' wait
}

# copy_program FILE: to /bin of the guest, with its libraries.
copy_program() {
    local library
    mkdir -p "$F/extra/bin"
    cp "$1" "$F/extra/bin/"
    for library in $(ldd "$1" | grep -oE '/[^ ]+'); do
        mkdir -p "$F/extra$(dirname "$library")"
        cp -L "$library" "$F/extra$library"
    done
}

prepare_file() {
    [[ $(id -u) -eq 0 && -e $SAMPLES/linux/debian/vmlinuz ]] && command -v qemu-system-x86_64 busybox >/dev/null || return 0
    mkdir -p "$F/extra/checks/rootfs" "$F/extra/qemu/bin" "$F/extra/qemu/share/qemu" "$F/run/tmp"
    copy_program "$URUNC"
    copy_program "$URUNC_BIN/tests/sandbox/standin"
    mv "$F/extra/bin/standin" "$F/extra/qemu/bin/"
    printf 'firmware\n' >"$F/extra/qemu/share/qemu/bios-256k.bin"
    printf '\x02\xb0\xad\x1b\x00\x00\x00\x00\xfe\x4f\x52\xe4' >"$F/extra/checks/rootfs/kernel"
    printf '{"monitors":{"qemu":{"path":"/qemu/bin/standin","acceleration":"tcg","overhead_mib":32}}}\n' \
        >"$F/extra/checks/urunc.json"
    cp "$URUNC_SOURCE/tests/e2e/cgroup2/check.sh" "$F/extra/checks/check.sh"
    make_bundles
    T=$F/run
    printf '{"monitors":{"qemu":{"acceleration":"tcg"}}}\n' >"$T/urunc.json"
    busybox_bundle "$T/bundle" block
    arguments "$T/bundle" sh /checks/check.sh
    # All the checks in one boot: more than a guest is given elsewhere.
    BOOT_TIMEOUT=500 urunc run --bundle "$T/bundle" "cgroup2-$BASHPID" </dev/null >"$F/lines" 2>&1 ||
        echo "status $?" >>"$F/lines"
}

prepare() {
    need_root
    need_program qemu-system-x86_64 busybox
    need_kernel
}

# passed NAME: the guest's line of that check.
passed() {
    tr -d '\r' <"$F/lines" | grep -qx "ok $1" || fail "$(grep -e "not ok $1:" "$F/lines" || cat "$F/lines")"
}

@test "the guest has cgroups of version 2 alone, with every controller" {
    passed alone
}

@test "the kernel's files say what the bundle asked for" {
    passed limits
}

@test "new limits reach the kernel, all of them or none" {
    passed update
}

@test "the figures are the kernel's" {
    passed events
}

@test "a monitor that was ended for want of memory is told of" {
    passed oom_event
}

@test "without limits there are none" {
    passed none
}

@test "a monitor that takes more than its memory is ended by the kernel" {
    passed oom
}

@test "the number of processes is kept, and all of them are listed and killed" {
    passed processes
}

@test "controllers are handed on down to the container, below a cgroup of the engine's" {
    passed below
}

@test "a limit below a cgroup with processes is refused, and it is said why" {
    passed inner
}

@test "without limits a container goes below a cgroup with processes" {
    passed without_limits_inner
}

@test "a cgroup below threads takes no container" {
    passed threaded
}

@test "without root, in a cgroup that is delegated to the user, limits hold" {
    passed rootless
}

@test "without root, a limit of what is not delegated is refused, and it is said where it ends" {
    passed rootless_undelegated
}

@test "what version 2 does not have is refused by name" {
    passed version_1
}

@test "a cgroup with processes in it is refused" {
    passed occupied
}

@test "nothing is left in the guest" {
    ! grep -q '^left' "$F/lines" || fail "$(cat "$F/lines")"
    tr -d '\r' <"$F/lines" | grep -qx 'done' || fail "$(cat "$F/lines")"
}
