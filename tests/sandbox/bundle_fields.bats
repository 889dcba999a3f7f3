#!/usr/bin/env bats
# Fields of config.json that the kernel can be asked about (docs/runtime-spec.md lists all of them).
load standin

@test "process.scheduler: policy, nice value and flag are the monitor's" {
    edit "$T/bundle" '.process.scheduler = {policy: "SCHED_BATCH", nice: 7, flags: ["SCHED_FLAG_RESET_ON_FORK"]}'
    start_standin
    chrt --pid "$PID" >"$T/policy"
    expect_match 'SCHED_BATCH' "$T/policy"
    expect_match 'RESET_ON_FORK' "$T/policy"
    expect_equal "$(ps -o ni= -p "$PID" | tr -d ' ')" 7
}

@test "process.scheduler: a real-time priority" {
    chrt --fifo 1 true 2>/dev/null || skip "this host allows no real-time process"
    edit "$T/bundle" '.process.scheduler = {policy: "SCHED_FIFO", priority: 3}'
    if [[ -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us ]]; then
        fails urunc create --bundle "$T/bundle" "$ID" </dev/null
        expect_one_error 'config.json: process.scheduler: not permitted: .*realtimeRuntime'
        edit "$T/bundle" '.linux.resources.cpu = {realtimeRuntime: 10000, realtimePeriod: 1000000}'
    fi
    start_standin
    chrt --pid "$PID" >"$T/policy"
    expect_match 'policy: SCHED_FIFO' "$T/policy"
    expect_match 'priority: 3' "$T/policy"
}

@test "process.ioPriority" {
    edit "$T/bundle" '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}'
    start_standin
    expect_equal "$(ionice --pid "$PID")" 'best-effort: prio 6'
}

@test "process.ioPriority: the idle class" {
    edit "$T/bundle" '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE"}'
    start_standin
    expect_equal "$(ionice --pid "$PID")" idle
}

@test "linux.memoryPolicy is the monitor's, or an error that names it" {
    edit "$T/bundle" '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES"]}'
    if [[ -e /proc/self/numa_maps ]]; then
        start_standin
        expect_match '^[0-9a-f]+ bind=static:0 ' "/proc/$PID/numa_maps"
    else
        fails urunc create --bundle "$T/bundle" "$ID" </dev/null
        expect_one_error 'config.json: linux.memoryPolicy: cannot be set'
    fi
}

# The seconds of a clock of the monitor's that this shell's is behind.
offset_of() {
    nsenter --target "$PID" --time python3 -c "import time; print(int(time.clock_gettime(time.$1)))" >"$T/there"
    python3 -c "import time, sys; print(round((int(sys.argv[1]) - time.clock_gettime(time.$1)) / 1000))" \
        "$(cat "$T/there")"
}

@test "linux.timeOffsets: the clocks of a new time namespace are shifted" {
    edit "$T/bundle" '.linux.namespaces += [{type: "time"}] |
        .linux.timeOffsets = {monotonic: {secs: 100000, nanosecs: 5}, boottime: {secs: 700000}}'
    create_standin
    # The process is in it already; a kernel before 6.3 would not put it there by execve.
    [[ $(namespace "$PID" time) != "$(namespace self time)" ]] || fail 'the waiting process is outside'
    urunc delete --force "$ID"
    start_standin
    [[ $(namespace "$PID" time) != "$(namespace self time)" ]]
    expect_equal "$(offset_of CLOCK_MONOTONIC)" 100
    expect_equal "$(offset_of CLOCK_BOOTTIME)" 700
    expect_equal "$(tr -s ' ' <"/proc/$PID/timens_offsets" | head -n 1)" 'monotonic 100000 5'
}

@test "linux.timeOffsets: clocks that would stand before their beginning are refused by name" {
    edit "$T/bundle" '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {monotonic: {secs: -4000000000}}'
    fails urunc create --bundle "$T/bundle" "$ID" </dev/null
    expect_one_error 'config.json: linux.timeOffsets: the kernel.s clocks do not reach so far'
    expect_nothing_left
}

@test "several ranges of IDs: each is mapped, and the monitor's user is in the second" {
    edit "$T/bundle" '.linux.namespaces += [{type: "user"}] | .process.user = {uid: 1005, gid: 2007} |
        .linux.uidMappings = [{containerID: 0, hostID: 300000, size: 10}, {containerID: 1000, hostID: 100000, size: 10}] |
        .linux.gidMappings = [{containerID: 0, hostID: 400000, size: 1}, {containerID: 2000, hostID: 200000, size: 10},
                              {containerID: 1, hostID: 500000, size: 5}]'
    chmod 711 "$T" "$F"
    start_standin
    expect_equal "$(tr -s ' ' <"/proc/$PID/uid_map" | sort | tr '\n' ,)" ' 0 300000 10, 1000 100000 10,'
    expect_equal "$(tr -s ' ' <"/proc/$PID/gid_map" | sort | tr '\n' ,)" ' 0 400000 1, 1 500000 5, 2000 200000 10,'
    expect_equal "$(status_line "$PID" Uid | cut -f1)" 100005
    expect_equal "$(status_line "$PID" Gid | cut -f1)" 200007
}

# refuses_label FIELD MODULE: the field is refused by its name where the host lacks the security module.
refuses_label() {
    [[ ! -e $2 ]] || skip "this host has $2"
    edit "$T/bundle" ".$1 = \"a_label\""
    fails urunc run --bundle "$T/bundle" "$ID" </dev/null
    expect_one_error "config.json: $1: .*a_label.*this host"
    expect_nothing_left
}

@test "process.apparmorProfile is refused by name on a host without AppArmor" {
    refuses_label process.apparmorProfile /sys/module/apparmor
}

@test "process.selinuxLabel is refused by name on a host without SELinux" {
    refuses_label process.selinuxLabel /sys/fs/selinux/enforce
}

@test "linux.mountLabel is refused by name on a host without SELinux" {
    refuses_label linux.mountLabel /sys/fs/selinux/enforce
}

@test "fields that a monitor meets change nothing" {
    edit "$T/bundle" '.linux.maskedPaths = ["/proc/kcore"] | .linux.readonlyPaths = ["/proc/sys"] |
        .linux.rootfsPropagation = "rslave" | .linux.personality = {domain: "LINUX"} | .linux.mountLabel = "" |
        .linux.devices = [{type: "c", path: "/dev/fuse", major: 10, minor: 229, fileMode: 438, uid: 0, gid: 0}] |
        .process.execCPUAffinity = {initial: "0-1", final: "0"} | .process.noNewPrivileges = false |
        .solaris = {milestone: "svc:/milestone/container:default"} | .windows = {servicing: true}'
    run_standin
    expect_equal "$STATUS" 0
    expect_reported .no_new_privs 1
    expect_root 'select(.path | test("fuse")) | .path' ''
}

@test "process.capabilities: each unknown name is a warning, once, and no error" {
    edit "$T/bundle" '.process.capabilities = {bounding: ["CAP_UNHEARD_OF", "CAP_CHOWN"], permitted: ["CAP_UNHEARD_OF"]}'
    run_standin
    expect_equal "$STATUS" 0
    expect_equal "$(grep -c 'process.capabilities: unknown capability "CAP_UNHEARD_OF"' "$T/stderr")" 1
    expect_equal "$(grep -c 'unknown capability' "$T/stderr")" 1
}

@test "features: what is not offered is said to be off" {
    urunc features >"$T/features"
    expect_equal "$(jq -c '[.linux.netDevices.enabled, .linux.mountExtensions.idmap.enabled, .linux.intelRdt]' \
        "$T/features")" '[true,false,{"enabled":true,"schemata":true,"monitoring":true}]'
    expect_equal "$(jq -c '.linux.seccomp | .knownFlags - .supportedFlags' "$T/features")" \
        '["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]'
    expect_equal "$(jq -r .ociVersionMax "$T/features")" 1.3.0
}
