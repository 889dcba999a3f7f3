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

# foreign_record: a container $ID of runc's, as far as its record goes.
foreign_record() {
    mkdir -p "$T/root/$ID"
    printf '{"id": "%s", "init_process_pid": %s}' "$ID" "${1-1}" >"$T/root/$ID/state.json"
}

@test "later commands find out whose container it is, with the global options" {
    foreign_record
    handed_over state "$ID"
    rm "$T/root/$ID/state.json"
    printf 'x' >"$T/root/$ID/status"
    handed_over state "$ID"
    urunc --log "$T/log" --log-format json --debug --systemd-cgroup --rootless auto state "$ID" || true
    expect_equal "$(paste -sd' ' "$T/called")" \
        "--log $T/log --log-format json --rootless auto --debug --systemd-cgroup --root $T/root state $ID"
    rm -r "$T/root/$ID"
    fails urunc nonsense
    expect_one_error 'unknown command "nonsense"'
}

@test "every command about a container is handed over with its options, as engines write them" {
    foreign_record
    handed_over start "$ID"
    handed_over kill "$ID" 9
    handed_over kill --all "$ID" KILL
    handed_over delete "$ID"
    handed_over delete --force "$ID"
    handed_over exec --process /tmp/process.json --detach --pid-file /tmp/exec.pid "$ID"
    handed_over exec --tty --cwd / --env A=b --user 1:2 "$ID" sh -c 'exit 3'
    handed_over ps --format json "$ID"
    handed_over ps "$ID" -o pid
    handed_over pause "$ID"
    handed_over resume "$ID"
    handed_over events --stats "$ID"
    handed_over events --interval 5s "$ID"
    handed_over update --resources - "$ID"
    handed_over update --memory 1000000 "$ID"
    handed_over checkpoint --image-path /tmp/image --leave-running "$ID"
    rm -r "$T/root/$ID"
}

@test "options that only the other runtime knows are handed over with its container" {
    foreign_record
    local command
    for command in start state kill delete exec ps pause resume events update checkpoint; do
        handed_over "$command" --some-new-option "$ID"
        handed_over "$command" --some-new-option=5 "$ID"
    done
    rm -r "$T/root/$ID"
    fails urunc state --some-new-option "$ID"
    expect_one_error 'state: .*--some-new-option'
}

@test "list shows both, as each runtime describes its own" {
    start_standin
    mkdir -p "$T/root/$ID-pause" "$T/root/$ID-silent"
    printf '{"id": "pause", "init_process_pid": 1}' | tee "$T/root/$ID-pause/state.json" >"$T/root/$ID-silent/state.json"
    cat >"$T/other" <<SCRIPT
#!/bin/sh
[ "\$1 \$2 \$3 \$4" = "--root $T/root state $ID-pause" ] || exit 1
echo '{"ociVersion": "1.0.2", "id": "$ID-pause", "pid": 4711, "status": "running", "bundle": "/b", "created": "then", "owner": "root"}'
SCRIPT
    urunc list >"$T/list"
    expect_match "^$ID +$PID +running +$T/bundle " "$T/list"
    expect_match "^$ID-pause +4711 +running +/b +then +root$" "$T/list"
    expect_match "^$ID-silent +0 +unknown " "$T/list"
    expect_equal "$(urunc list --format json | jq -r '.[] | select(.pid == 4711) | .id')" "$ID-pause"
    expect_equal "$(urunc list --quiet | paste -sd' ')" "$ID $ID-pause $ID-silent"
    rm -r "$T/root/$ID-pause" "$T/root/$ID-silent"
}

@test "a container stays its runtime's when the configuration names the other one" {
    need_program runc
    foreign_record
    mv "$T/other" "$T/crun"
    jq --arg other "$T/crun" '.fallback_runtime = $other' "$T/urunc.json" >"$T/new"
    mv "$T/new" "$T/urunc.json"
    urunc state "$ID" >"$T/stdout" 2>"$T/stderr" || true
    [[ ! -e $T/called ]] || fail 'runc made it, and crun was called'
    rm "$T/root/$ID/state.json"
    printf '{}' >"$T/root/$ID/status"
    handed_over state "$ID"
    rm -r "$T/root/$ID"
}

# plain_container: a bundle of busybox for a real runc, which is copied to $T/bin.
plain_container() {
    need_program runc busybox
    mkdir -p "$T/bin" "$T/plain/rootfs/bin"
    cp "$(command -v runc)" "$T/bin/runc"
    cp "$(command -v busybox)" "$T/plain/rootfs/bin/busybox"
    jq --arg other "$T/bin/runc" '.fallback_runtime = $other' "$T/urunc.json" >"$T/new"
    mv "$T/new" "$T/urunc.json"
    edit "$T/plain" '.process.args = ["/bin/busybox", "sleep", "100000"] | .linux.cgroupsPath = $path
        | .mounts = [{destination: "/proc", type: "proc", source: "proc"}]' --arg path "/$ID/plain"
}

@test "a sidecar lives its whole life with runc" {
    plain_container
    urunc create --bundle "$T/plain" --pid-file "$T/pid" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || fail "$(cat "$T/stderr" "$T/console")"
    status_is created
    urunc start "$ID"
    status_is running
    expect_equal "$(urunc exec "$ID" /bin/busybox echo within)" within
    expect_equal "$(urunc ps --format json "$ID")" "[$(cat "$T/pid")]"
    urunc pause "$ID"
    status_is paused
    urunc resume "$ID"
    urunc events --stats "$ID" | jq -e '.data.pids.current == 1'
    urunc update --pids-limit 7 "$ID"
    expect_equal "$(cat /sys/fs/cgroup/{pids/,}"$ID/plain/pids.max" 2>/dev/null)" 7
    expect_match "^$ID +$(cat "$T/pid") +running" <(urunc list)
    fails urunc delete "$ID"
    expect_match 'not stopped' "$T/stderr"
    urunc kill "$ID" KILL
    within 60 status_is stopped
    urunc delete "$ID"
    rmdir /sys/fs/cgroup/{*/,}"$ID" 2>/dev/null || true
}

@test "a sidecar whose runtime was removed can still be removed" {
    plain_container
    urunc run --detach --bundle "$T/plain" --pid-file "$T/pid" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || fail "$(cat "$T/stderr")"
    rm "$T/bin/runc"
    fails urunc delete "$ID"
    expect_one_error "cannot run $T/bin/runc"
    kill -0 "$(cat "$T/pid")"
    urunc delete --force "$ID" 2>"$T/stderr"
    expect_one_error "warning: .*cannot run $T/bin/runc"
    ! kill -0 "$(cat "$T/pid")" 2>/dev/null || fail 'it runs'
    [[ ! -e $T/root/$ID ]]
    expect_equal "$(find /sys/fs/cgroup -path "*/$ID/plain")" ''
    rmdir /sys/fs/cgroup/{*/,}"$ID" 2>/dev/null || true
}

record_cgroup() {
    jq --arg path "$1" '.init_process_start = 1 | .cgroup_paths = {memory: $path, none: "relative", number: 7}' \
        "$T/root/$ID/state.json" >"$T/new"
    mv "$T/new" "$T/root/$ID/state.json"
}

expect_ended() {
    local status=0
    wait "$1" || status=$?
    expect_equal "$status" 137
}

@test "a record of a runtime that is gone signals and removes only what it made" {
    jq '.fallback_runtime = "/nowhere/runc"' "$T/urunc.json" >"$T/new"
    mv "$T/new" "$T/urunc.json"
    sleep 100000 3>&- &
    local other=$!
    printf '%s\n' "$other" >>"$T/processes"
    local process
    for process in "$other" 1 0 -1; do
        foreign_record "$process"
        record_cgroup /tmp
        fails urunc delete --force "$ID"
        expect_match '/tmp: not a cgroup' "$T/stderr"
        record_cgroup "$(awk '$3 ~ /^cgroup/ { print $2; exit }' /proc/mounts)"
        fails urunc delete --force "$ID"
        expect_match 'the root of a hierarchy' "$T/stderr"
        jq 'del(.cgroup_paths)' "$T/root/$ID/state.json" >"$T/new"
        mv "$T/new" "$T/root/$ID/state.json"
        mkfifo "$T/root/$ID/exec.fifo"
        urunc delete --force "$ID"
        [[ ! -e $T/root/$ID ]]
    done
    kill -0 "$other"
    foreign_record "$other"
    jq --argjson start "$(sed 's/.*) //' "/proc/$other/stat" | cut -d' ' -f20)" '.init_process_start = $start' \
        "$T/root/$ID/state.json" >"$T/new"
    mv "$T/new" "$T/root/$ID/state.json"
    urunc delete --force "$ID"
    expect_ended "$other"
    mkdir -p "$T/root/$ID"
    printf '{"id": "x"}' >"$T/root/$ID/state.json"
    fails urunc delete --force "$ID"
    expect_match "neither urunc's nor runc's nor crun's" "$T/stderr"
    rm -r "$T/root/$ID"
}

@test "a broken configuration does not keep a sidecar from being stopped" {
    plain_container
    urunc run --detach --bundle "$T/plain" --pid-file "$T/pid" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || fail "$(cat "$T/stderr")"
    printf '{' >"$T/urunc.json"
    urunc kill "$ID" KILL 2>"$T/stderr"
    expect_match 'warning: .*urunc.json' "$T/stderr"
    within 60 status_is stopped
    urunc delete "$ID" 2>"$T/stderr"
    [[ ! -e $T/root/$ID ]]
    rmdir /sys/fs/cgroup/{*/,}"$ID" 2>/dev/null || true
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
