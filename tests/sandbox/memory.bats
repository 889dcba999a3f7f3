#!/usr/bin/env bats
# A limit is shared between guest and monitor by what the cgroups above leave (docs/memory.md). The monitor of these tests
# may have 64 MiB beside the guest.
load standin

prepare_more() {
    jq '.monitors.qemu.overhead_mib = 64' "$T/urunc.json" >"$T/new.json"
    mv "$T/new.json" "$T/urunc.json"
}

# pod MIB: makes a cgroup $POD with that limit, in which the container of the bundle will be, with a limit of 128 MiB.
pod() {
    local memory
    memory=$(awk '($3 == "cgroup" && $4 ~ /(,|^)memory(,|$)/) || $3 == "cgroup2" { print ($3 == "cgroup" ? 0 : 1), $2 }' \
        /proc/mounts | sort | head -n 1)
    [[ -n $memory ]] || skip "no memory controller"
    POD=${memory#* }/pod-$ID
    mkdir "$POD"
    if [[ $memory == 0* ]]; then
        LIMIT=memory.limit_in_bytes
    else
        echo +memory >"${POD%/*}/cgroup.subtree_control"
        LIMIT=memory.max
    fi
    echo $(($1 << 20)) >"$POD/$LIMIT"
    edit "$T/bundle" '.linux.cgroupsPath = $path | .linux.resources = {memory: {limit: 134217728}}' \
        --arg path "/pod-$ID/ctr"
}

# expect_shares GUEST CGROUP: in MiB, as the monitor, the kernel and `state` say.
expect_shares() {
    expect_reported '.argv | .[index("-m") + 1]' "size=$1M"
    expect_equal "$(cat "$POD/ctr/$LIMIT")" $(($2 << 20))
    expect_equal "$(urunc state "$ID" | jq -c '[.memory.guest, .memory.overhead] | map(. / 1048576)')" "[$1,$(($2 - 128))]"
    urunc delete --force "$ID"
    rmdir "$POD"
}

@test "in a pod with an overhead the guest has its whole limit" {
    pod 256
    start_standin
    expect_shares 128 192
}

@test "an overhead of less than the monitor may have is all that it gets" {
    pod 192
    start_standin
    expect_shares 128 192
}

@test "in a pod without an overhead the guest has what the monitor leaves" {
    pod 128
    start_standin
    expect_shares 64 128
}

@test "what the limits of other containers of the pod take is no room" {
    pod 256
    mkdir "$POD/sidecar"
    if [[ $LIMIT == memory.max ]]; then
        echo +memory >"$POD/cgroup.subtree_control"
    fi
    echo $((128 << 20)) >"$POD/sidecar/$LIMIT"
    start_standin
    rmdir "$POD/sidecar"
    expect_shares 64 128
}

@test "a guest that does not fit beside its monitor is refused with the numbers" {
    pod 64
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'linux.resources.memory.limit: 64 MiB for guest and monitor together.*its monitor 64 MiB'
    rmdir "$POD"
    expect_nothing_left
}
