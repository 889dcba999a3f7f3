#!/usr/bin/env bats
# The monitor's control groups, in every hierarchy of the host, version 1, 2 or both.
load standin

# The monitor's cgroups, one path on a line, without the hierarchies' names.
groups_of() {
    cut -d: -f3 "/proc/$1/cgroup" | sort -u
}

# value V1FILE V2FILE: what stands in the one of these that the container's cgroups have.
value() {
    local file
    file=$(find /sys/fs/cgroup -path "*/urunc-$ID/$1" -o -path "*/urunc-$ID/$2" | head -n 1)
    [[ -n $file ]] || skip "this host has no controller with $1 or $2"
    cat "$file"
}

@test "it is in a cgroup of its own in every hierarchy" {
    start_standin
    expect_equal "$(groups_of "$PID")" "/urunc-$ID"
}

@test "the cgroup is where the bundle says, and what was made for it goes with it" {
    edit "$T/bundle" '.linux.cgroupsPath = $path' --arg path "/$ID/some/where"
    start_standin
    expect_equal "$(groups_of "$PID")" "/$ID/some/where"
    urunc delete --force "$ID"
    expect_equal "$(find /sys/fs/cgroup -type d -name "$ID")" ''
}

@test "a directory that was there before stays" {
    local first
    first=$(awk '$3 ~ /^cgroup/ { print $2; exit }' /proc/mounts)
    mkdir "$first/$ID"
    edit "$T/bundle" '.linux.cgroupsPath = $path' --arg path "/$ID/container"
    start_standin
    urunc delete --force "$ID"
    [[ -d $first/$ID && ! -d $first/$ID/container ]]
    rmdir "$first/$ID"
}

@test "a systemd path stands for the directories that systemd would make" {
    edit "$T/bundle" '.linux.cgroupsPath = $path' --arg path "urunc-${ID//-/_}.slice:cri:$ID"
    start_standin
    expect_equal "$(groups_of "$PID")" "/urunc.slice/urunc-${ID//-/_}.slice/cri-$ID.scope"
    urunc delete --force "$ID"
    rmdir /sys/fs/cgroup/{*/,}urunc.slice 2>/dev/null || true
}

@test "paths that leave the hierarchy or name its root are refused" {
    local path
    for path in / /. /../x a/../../b x:y:z 'a.slice:b:c:d'; do
        edit "$T/bundle" '.linux.cgroupsPath = $path' --arg path "$path"
        fails urunc create --bundle "$T/bundle" "$ID"
        expect_one_error 'linux.cgroupsPath'
    done
    expect_nothing_left
}

# As on a node with a hundred pods, whose overlays have long lines.
@test "a table of mounts of more than a megabyte hinders nobody" {
    local name
    name=$T/$(printf 'x%.0s' {1..250})
    mkdir -p "$name/$(basename "$name")"
    cat >"$T/many.py" <<'PROGRAM'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
directory = os.fsencode(sys.argv[1])
for _ in range(2000):
    if libc.mount(directory, directory, None, 4096, None) < 0:
        sys.exit(os.strerror(ctypes.get_errno()))
with open("/proc/self/mountinfo") as table:
    assert len(table.read()) > 1 << 20
os.execv(sys.argv[2], sys.argv[2:])
PROGRAM
    unshare --mount --propagation private python3 "$T/many.py" "$name/$(basename "$name")" \
        "$URUNC" --root "$T/root" --config "$T/urunc.json" create --bundle "$T/bundle" "$ID" 2>"$T/errors" >/dev/null ||
        fail "$(cat "$T/errors")"
    urunc delete --force "$ID"
    expect_nothing_left
}

@test "a cgroup with processes in it is refused" {
    local first
    first=$(awk '$3 ~ /^cgroup/ { print $2; exit }' /proc/mounts)
    mkdir "$first/urunc-$ID"
    sleep 1000 3>&- &
    printf '%s\n' "$!" >>"$T/processes"
    echo "$!" >"$first/urunc-$ID/cgroup.procs"
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'has processes in it'
    kill "$!"
    within 5 rmdir "$first/urunc-$ID"
}

@test "the memory limit is the bundle's and the monitor's own share" {
    edit "$T/bundle" '.linux.resources = {memory: {limit: 134217728, reservation: 67108864}}'
    start_standin
    expect_equal "$(value memory.limit_in_bytes memory.max)" $(((128 + 256) << 20))
    expect_equal "$(value memory.soft_limit_in_bytes memory.low)" $(((64 + 256) << 20))
}

@test "a monitor that takes more than the memory limit is ended" {
    edit "$T/bundle" '.linux.resources = {memory: {limit: 33554432}}'
    jq '.monitors.qemu.overhead_mib = 0' "$T/urunc.json" >"$T/new.json"
    mv "$T/new.json" "$T/urunc.json"
    orders quiet eat=64
    STATUS=0
    urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || STATUS=$?
    value memory.limit_in_bytes memory.max >/dev/null || true
    expect_equal "$STATUS" 137
}

@test "processor shares and quota" {
    edit "$T/bundle" '.linux.resources = {cpu: {shares: 512, quota: 20000, period: 50000}}'
    start_standin
    [[ $(value cpu.shares cpu.weight) =~ ^(512|20)$ ]] || fail "$(value cpu.shares cpu.weight)"
    [[ $(value cpu.cfs_quota_us cpu.max) =~ ^(20000|'20000 50000')$ ]] || fail "$(value cpu.cfs_quota_us cpu.max)"
}

@test "the number of processes" {
    edit "$T/bundle" '.linux.resources = {pids: {limit: 5}}'
    orders quiet fork=50 say=forked wait
    create_standin
    urunc start "$ID"
    within 10 grep -q forked "$T/console"
    expect_equal "$(value pids.max pids.max)" 5
    expect_equal "$(value cgroup.procs cgroup.procs | wc -l)" 5
}

@test "processors by number" {
    edit "$T/bundle" '.linux.resources = {cpu: {cpus: "0", mems: "0"}}'
    start_standin
    expect_equal "$(value cpuset.cpus cpuset.cpus)" 0
    expect_equal "$(status_line "$PID" Cpus_allowed_list)" 0
}

@test "limits that are none are errors that name them" {
    local filter
    for filter in '{memory: {limit: "lots"}}' '{memory: {limit: 1000, swap: 10}}' '{cpu: {cpus: "999"}}' \
        '{unified: {"../x": "1"}}' '{unified: {"cgroup.procs": "1"}}'; do
        edit "$T/bundle" ".linux.resources = $filter"
        fails urunc create --bundle "$T/bundle" "$ID"
        expect_one_error 'linux.resources'
    done
    expect_nothing_left
}
