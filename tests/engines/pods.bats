#!/usr/bin/env bats
# Kubernetes' pods with containerd's CRI plugin: a guest (the stand-in monitor) with a pause container and sidecars.
load pod

@test "a pod runs a guest, which is seen, logged, stopped and removed" {
    import_standin
    run_pod
    run_container guest standin '.args = ["guest", "standin:quiet", "standin:say=hello", "standin:wait"]'
    within "$PATIENCE" log_has guest '^hello$'
    container_is guest 1
    of_container StopContainer guest '.timeout = 60' >"$T/answer"
    expect_equal "$(ended guest)" '143 Error' # as a program that SIGTERM ends
    of_container RemoveContainer guest >"$T/answer"
    remove_pods
    expect_equal "$(ctr task ls -q)" ''
    expect_equal "$(ip netns list)" ''
}

@test "the exit code and the reason are the guest's" {
    import_standin
    run_pod
    run_container succeeds standin '.args = ["guest", "standin:quiet"]'
    expect_equal "$(ended succeeds)" '0 Completed'
    run_container fails standin '.args = ["guest", "standin:quiet", "standin:exit=3"]'
    expect_equal "$(ended fails)" '3 Error'
    run_container killed standin
    of_container StopContainer killed '.timeout = 0' >"$T/answer"
    expect_equal "$(ended killed)" '137 Error'
    remove_pods
}

@test "a guest whose monitor takes too much memory was killed for that" {
    import_standin
    jq '.monitors.qemu.overhead_mib = 0' "$T/urunc.json" >"$T/new.json"
    mv "$T/new.json" "$T/urunc.json"
    run_pod
    run_container eater standin '.args = ["guest", "standin:quiet", "standin:eat=128"]
        | .linux.resources.memory_limit_in_bytes = 33554432'
    expect_equal "$(ended eater)" '137 OOMKilled'
    remove_pods
}

@test "a sidecar is the other runtime's: it runs commands, is updated and stopped" {
    import_standin
    import_plain
    run_pod
    run_container guest standin
    run_container sidecar plain '.args = ["sleep", "100000"]'
    expect_equal "$(in_container sidecar /bin/busybox echo from the sidecar)" 'from the sidecar'
    of_container UpdateContainerResources sidecar '.linux.memory_limit_in_bytes = 67108864' >"$T/answer"
    grep -qx 67108864 /sys/fs/cgroup/{memory/,}"$ID/$(cat "$T/sidecar.id")"/memory.{limit_in_bytes,max} 2>/dev/null
    container_is guest 1
    of_container StopContainer sidecar '.timeout = 0' >"$T/answer"
    expect_equal "$(ended sidecar)" '137 Error'
    of_container RemoveContainer sidecar >"$T/answer"
    container_is guest 1
    remove_pods
}

@test "a guest's limits are updated" {
    import_standin
    run_pod
    run_container guest standin '.args = ["guest", "standin:quiet", "standin:wait"]
        | .linux.resources = {cpu_period: 100000, cpu_quota: 50000}'
    expect_match '^50000( 100000)?$' <(cpu_quota)
    of_container UpdateContainerResources guest '.linux = {cpu_period: 100000, cpu_quota: 20000}' >"$T/answer"
    expect_match '^20000( 100000)?$' <(cpu_quota)
    remove_pods
}

cpu_quota() {
    cat /sys/fs/cgroup/{cpu/,}"$ID/$(cat "$T/guest.id")"/{cpu.cfs_quota_us,cpu.max} 2>/dev/null
}

@test "a guest's use of processor and memory is counted" {
    import_standin
    run_pod
    run_container guest standin '.args = ["guest", "standin:quiet", "standin:eat=8", "standin:say=full", "standin:wait"]'
    within "$PATIENCE" log_has guest full
    of_container ContainerStats guest >"$T/stats"
    jq -e '.stats | (.memory.working_set_bytes.value | tonumber) > 8388608 and (.cpu.usage_core_nano_seconds.value | tonumber) > 0' \
        "$T/stats" || fail "$(cat "$T/stats")"
    remove_pods
}
