#!/usr/bin/env bats
# `urunc events`: runc's figures, from the kernel's own files.
load standin

figure() {
    jq -c "$1" "$T/stdout"
}

@test "figures once, in the form of runc" {
    edit "$T/bundle" '.linux.resources = {memory: {limit: 67108864}, pids: {limit: 9}}'
    start_standin
    urunc events --stats "$ID" >"$T/stdout"
    expect_equal "$(wc -l <"$T/stdout")" 1
    expect_equal "$(figure '[.type, .id]')" "[\"stats\",\"$ID\"]"
    expect_equal "$(figure '.data | [.cpu.usage, .memory, .pids, .network_interfaces, .intel_rdt] | map(type)')" \
        '["object","object","object","array","object"]'
    jq -e '.data | .cpu.usage.total > 0 and .memory.usage.usage > 0 and .memory.raw.pgfault > 0' "$T/stdout" >/dev/null ||
        fail "$(cat "$T/stdout")"
    expect_equal "$(figure '.data.memory.usage.limit')" $(((64 + 256) << 20))
    expect_equal "$(figure '.data.pids')" '{"current":1,"limit":9}'
    expect_equal "$(figure '.data.cpuset.cpus | length > 0')" true
}

@test "lines at intervals, until the container ends" {
    start_standin
    "$URUNC" --root "$T/root" --config "$T/urunc.json" events --interval 50ms "$ID" >"$T/stdout" 3>&- &
    local events=$!
    printf '%s\n' "$events" >>"$T/processes"
    within 60 eval '[[ $(wc -l <"$T/stdout") -ge 3 ]]'
    kill -KILL "$PID"
    wait "$events"
    expect_equal "$(jq -r .type "$T/stdout" | sort -u)" stats
}

@test "a monitor that was ended for want of memory is told of" {
    edit "$T/bundle" '.linux.resources = {memory: {limit: 33554432}}'
    jq '.monitors.qemu.overhead_mib = 0' "$T/urunc.json" >"$T/new.json"
    mv "$T/new.json" "$T/urunc.json"
    orders quiet eat=64
    create_standin
    "$URUNC" --root "$T/root" --config "$T/urunc.json" events --interval 1h "$ID" >"$T/stdout" 3>&- &
    local events=$!
    printf '%s\n' "$events" >>"$T/processes"
    # It watches once it has the files of the container's memory open.
    within 60 eval 'ls -l "/proc/$events/fd" | grep -qE "memory.events|eventfd"'
    urunc start "$ID" || true
    wait "$events"
    expect_equal "$(head -n 1 "$T/stdout")" "{\"type\":\"oom\",\"id\":\"$ID\"}"
}

@test "what the guest received and sent is told by the interface's name" {
    make_network
    join_network "$T/bundle"
    start_standin
    urunc events --stats "$ID" >"$T/stdout"
    expect_equal "$(figure '.data.network_interfaces | map(.Name)')" '["eth0"]'
    expect_equal "$(figure '.data.network_interfaces[0] | keys | length')" 9
}

@test "a container that has ended has no figures" {
    create_standin
    kill -KILL "$PID"
    within 60 status_is stopped
    fails urunc events --stats "$ID"
    expect_one_error "container with id $ID is not running"
}

@test "intervals that are none" {
    create_standin
    local interval
    for interval in 0 0s -1s 5 s 1x '' 1.s.s 1e9h; do
        fails urunc events --interval "$interval" "$ID"
        expect_one_error 'events: --interval'
    done
}
