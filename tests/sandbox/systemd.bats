#!/usr/bin/env bats
# --systemd-cgroup: the container's cgroup is that of a scope, which systemd makes. A program of ours stands in for
# systemd (tests/sandbox/systemd/main.c) and writes down what it was asked for.
load standin

prepare_more() {
    mkdir -p /run/systemd/system
    serve "$T/bus"
    SLICE=urunc${ID//-/}
    place "$SLICE-pod.slice:cri:$ID"
}

# serve BUS [VERSION]: a systemd of that version.
serve() {
    "$URUNC_BIN/tests/sandbox/systemd-standin" "$1" "$T/calls" "${@:2}" 3>&- &
    printf '%s\n' "$!" >>"$T/processes"
    export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$1
    within 60 test -S "$1"
}

place() {
    edit "$T/bundle" '.linux.cgroupsPath = $path' --arg path "$1"
}

urunc() {
    timeout --foreground "$BOOT_TIMEOUT" "$URUNC" --systemd-cgroup --root "$T/root" --config "$T/urunc.json" "$@"
}

# The slices are systemd's, who keeps them.
remove_slices() {
    rmdir /sys/fs/cgroup/*/"$SLICE.slice/$SLICE-pod.slice" /sys/fs/cgroup/*/"$SLICE.slice" \
        /sys/fs/cgroup/"$SLICE.slice/$SLICE-pod.slice" /sys/fs/cgroup/"$SLICE.slice" 2>/dev/null || true
}

@test "the container is in a scope of the slice, in every hierarchy, and alone" {
    start_standin
    expect_equal "$(cut -d: -f3 "/proc/$PID/cgroup" | sort -u)" "/$SLICE.slice/$SLICE-pod.slice/cri-$ID.scope"
    expect_equal "$(urunc ps --format json "$ID")" "[$PID]"
    expect_match "^start cri-$ID.scope .*Slice=$SLICE-pod.slice .*Delegate=1" "$T/calls"
    urunc delete --force "$ID"
    remove_slices
}

@test "hooks find the container's process in the scope and no other" {
    edit "$T/bundle" '.hooks = {createRuntime: [{path: "/bin/sh", args: ["sh", "-c", $script]}]}' --arg script \
        "PATH=/usr/bin:/bin find /sys/fs/cgroup -path '*/cri-$ID.scope/cgroup.procs' -exec cat {} + | PATH=/usr/bin:/bin sort -u >$T/seen"
    create_standin
    expect_equal "$(cat "$T/seen")" "$PID"
    urunc delete --force "$ID"
    remove_slices
}

@test "systemd knows the limits, and is told when they change" {
    edit "$T/bundle" '.linux.resources = {memory: {limit: 67108864}, pids: {limit: 9},
        cpu: {shares: 512, quota: 20000, period: 50000}}'
    start_standin
    expect_match "^start .* MemoryMax=$(((64 + 256) << 20)) CPUWeight=20 CPUQuotaPerSecUSec=400000 CPUQuotaPeriodUSec=50000 TasksMax=9\$" "$T/calls"
    urunc update --pids-limit 7 "$ID"
    expect_match "^set cri-$ID.scope runtime=1 MemoryMax=$(((64 + 256) << 20)) .*TasksMax=7\$" "$T/calls"
    expect_equal "$(cat "$(find /sys/fs/cgroup -path "*/cri-$ID.scope/pids.max" | head -n 1)")" 7
    urunc delete --force "$ID"
    remove_slices
}

# It writes every file of the memory's when one changes, so what it does not know would be undone.
@test "systemd knows what is kept of memory, what is swapped, and the limits of version 2 by name" {
    edit "$T/bundle" '.linux.resources = {memory: {limit: 67108864, reservation: 33554432}}'
    create_standin
    expect_match "^start .* MemoryMax=$(((64 + 256) << 20)) MemoryLow=$(((32 + 256) << 20))\$" "$T/calls"
    urunc delete --force "$ID"
    edit "$T/bundle" '.linux.resources = {memory: {limit: 67108864, swap: 83886080},
        unified: {"memory.high": "4096", "memory.min": "max", "pids.max": "3"}}'
    # Where a hierarchy has no swap or no version 2 that is an error afterwards.
    urunc create --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>&1 || true
    expect_match "^start .* MemorySwapMax=$((16 << 20)) MemoryHigh=4096 MemoryMin=18446744073709551615 TasksMax=3\$" "$T/calls"
    urunc delete --force "$ID"
    remove_slices
}

@test "a systemd that knows no period of the quota is not told one" {
    edit "$T/bundle" '.linux.resources = {cpu: {quota: 20000, period: 50000}}'
    serve "$T/older" v241
    create_standin
    expect_match "^start .* CPUQuotaPerSecUSec=400000\$" "$T/calls"
    urunc delete --force "$ID"
    remove_slices
}

@test "delete stops the scope, and leaves nothing of a failure" {
    create_standin
    urunc delete --force "$ID"
    expect_equal "$(tail -n 2 "$T/calls")" "stop cri-$ID.scope
reset cri-$ID.scope"
    remove_slices
}

@test "a scope that systemd has removed already is fine" {
    place "$SLICE-pod.slice:gone:$ID"
    create_standin
    urunc delete "$ID" 2>"$T/stderr"
    [[ ! -s $T/stderr ]] || fail "$(cat "$T/stderr")"
    remove_slices
}

@test "without a path it is a scope of system.slice" {
    edit "$T/bundle" 'del(.linux.cgroupsPath)'
    create_standin
    expect_match "^start urunc-$ID.scope .*Slice=system.slice" "$T/calls"
    urunc delete --force "$ID"
}

@test "a unit that systemd refuses, or whose job fails, is an error in its words" {
    place "$SLICE-pod.slice:refused:$ID"
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error "refused-$ID.scope: the stand-in takes no such unit"
    place "$SLICE-pod.slice:broken:$ID"
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error "the unit broken-$ID.scope: failed"
    remove_slices
    expect_nothing_left
}

@test "a limit that cannot be set leaves neither scope nor process" {
    edit "$T/bundle" '.linux.resources = {hugepageLimits: [{pageSize: "3KB", limit: 1}]}'
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'hugepageLimits'
    expect_match "^stop cri-$ID.scope" "$T/calls"
    remove_slices
    expect_nothing_left
}

@test "paths that are no scope's are refused" {
    place "/some/where"
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'linux.cgroupsPath: "/some/where" is not SLICE:PREFIX:NAME'
    [[ ! -e $T/calls || ! -s $T/calls ]]
}

@test "where systemd does not run, and where nobody answers" {
    DBUS_SYSTEM_BUS_ADDRESS=unix:path=$T/nowhere fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error "cannot reach systemd by the system's bus"
    rmdir /run/systemd/system
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error '--systemd-cgroup: systemd does not run here'
    expect_nothing_left
}
