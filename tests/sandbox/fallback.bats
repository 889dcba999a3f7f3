#!/usr/bin/env bats
# A container that is not a unikernel is another runtime's, whatever its config.json says; a unikernel never is. The
# other runtime is a script that says what it was called with.
load standin

prepare_more() {
    cat >"$T/other" <<SCRIPT
#!/bin/sh
printf '%s\n' "\$@" >$T/called
exit 6
SCRIPT
    chmod +x "$T/other"
    jq --arg other "$T/other" '.fallback_runtime = $other' "$T/urunc.json" >"$T/new"
    mv "$T/new" "$T/urunc.json"
    mkdir -p "$T/plain/rootfs"
    jq 'del(.annotations)' "$T/bundle/config.json" >"$T/plain/config.json"
}

# handed_over COMMAND...: it ends as the other runtime did, which was called with the same words.
handed_over() {
    local status=0
    rm -f "$T/called"
    urunc "$@" >"$T/stdout" 2>"$T/stderr" || status=$?
    expect_equal "$status" 6
    expect_equal "$(paste -sd' ' "$T/called")" "--root $T/root $*"
}

@test "what only a unikernel cannot have does not keep a container from the other runtime" {
    local filter
    cp "$T/plain/config.json" "$T/good"
    for filter in '.linux.namespaces = [{type: "mount", path: "/proc/1/ns/mnt"}]' \
        '.linux.timeOffsets = {monotonic: {secs: 1}}' '.process.rlimits = [{type: "RLIMIT_NEW", soft: 2, hard: 1}]' \
        '.ociVersion = "2.0.0"' 'del(.process)' '.process.cwd = "x"' '.process.terminal = true' '.hostname = "h"' \
        '.linux.resources = {hugepageLimits: [{pageSize: "2MB", limit: 1}]}' '.linux.namespaces = [{type: "new"}]' \
        '.hooks = {prestart: [{path: "relative"}]}' '.linux.seccomp = {defaultAction: "SCMP_ACT_NEW"}' \
        '.annotations = {a: 1}' '.process.user = "root"'; do
        jq "$filter" "$T/good" >"$T/plain/config.json"
        handed_over create --bundle "$T/plain" "$ID" || fail "$filter"
    done
    sed 's/"process": {/"process": {"rlimits": [{"type": "RLIMIT_MEMLOCK", "soft": 18446744073709551615, "hard": 18446744073709551615}],/' \
        "$T/good" >"$T/plain/config.json"
    grep -q 18446744073709551615 "$T/plain/config.json"
    handed_over create --bundle "$T/plain" "$ID"
    handed_over run --bundle "$T/plain" --detach "$ID"
    expect_nothing_left
}

@test "what the decision itself needs must be there" {
    local filter
    cp "$T/plain/config.json" "$T/good"
    for filter in '.annotations = 7' 'del(.root)' '.root.path = "gone"' '[.]'; do
        jq "$filter" "$T/good" >"$T/plain/config.json"
        fails urunc create --bundle "$T/plain" "$ID"
        expect_one_error 'config.json'
    done
    printf '{"annotations": {}, "annotations": {"com.urunc.unikernel.binary": "/x"}, "root": {"path": "rootfs"}}' \
        >"$T/plain/config.json"
    fails urunc create --bundle "$T/plain" "$ID"
    expect_one_error 'config.json:1: duplicate object key'
    [[ ! -e $T/called ]]
}

@test "a unikernel that cannot be had is an error and not the other runtime's" {
    annotate hypervisor nonsense
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'hypervisor'
    printf '{"com.urunc.unikernel.binary": "%%"}' >"$T/plain/rootfs/urunc.json"
    fails urunc create --bundle "$T/plain" "$ID"
    expect_one_error 'urunc.json'
    [[ ! -e $T/called ]]
}

@test "later commands find out whose container it is, with the global options" {
    local command
    mkdir -p "$T/root/$ID"
    printf '{"id": "%s", "init_process_pid": 1}' "$ID" >"$T/root/$ID/state.json"
    for command in state start delete kill; do
        handed_over "$command" "$ID"
    done
    for command in exec ps pause resume update; do
        handed_over "$command" "$ID"
    done
    urunc list | grep -q "$ID" && fail "listed as urunc's"
    rm "$T/root/$ID/state.json"
    printf 'x' >"$T/root/$ID/status"
    handed_over state "$ID"
    urunc --log "$T/log" --log-format json --debug --systemd-cgroup --rootless auto state "$ID" || true
    expect_equal "$(paste -sd' ' "$T/called")" \
        "--root $T/root --log $T/log --log-format json --rootless auto --debug --systemd-cgroup state $ID"
    rm -r "$T/root/$ID"
    fails urunc exec "$ID" sh
    expect_one_error 'exec: not supported for a unikernel'
    fails urunc nonsense
    expect_one_error 'unknown command "nonsense"'
}

@test "a fallback runtime that is not there, and none" {
    jq '.fallback_runtime = "/nowhere/runc"' "$T/urunc.json" >"$T/new"
    mv "$T/new" "$T/urunc.json"
    fails urunc create --bundle "$T/plain" "$ID"
    expect_one_error 'cannot run /nowhere/runc'
    jq --arg urunc "$URUNC" '.fallback_runtime = $urunc' "$T/urunc.json" >"$T/new"
    mv "$T/new" "$T/urunc.json"
    fails urunc create --bundle "$T/plain" "$ID"
    expect_one_error 'is urunc itself'
}
