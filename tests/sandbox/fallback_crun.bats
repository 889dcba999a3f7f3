#!/usr/bin/env bats
# A sidecar's whole life with crun as the other runtime. crun refuses hosts that mount cgroups of both versions, so this
# file sees version 2 alone.
load standin

prepare_file() {
    [[ $(id -u) -eq 0 && $(stat -f -c %T /sys/fs/cgroup) != cgroup2fs ]] || return 0
    # Of this file's mount namespace alone (tests/e2e/isolate.sh).
    umount --recursive /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup || touch "$F/no-cgroup2"
}

prepare_more() {
    need_program crun busybox
    [[ ! -e $F/no-cgroup2 ]] || skip 'cgroups of version 2 cannot be mounted here'
    mkdir -p "$T/bin" "$T/plain/rootfs/"{bin,dev,proc}
    cp "$(command -v crun)" "$T/bin/crun"
    cp "$(command -v busybox)" "$T/plain/rootfs/bin/busybox"
    jq --arg other "$T/bin/crun" '.fallback_runtime = $other' "$T/urunc.json" >"$T/new"
    mv "$T/new" "$T/urunc.json"
    jq --arg path "/$ID/plain" 'del(.annotations) | .process.args = ["/bin/busybox", "sleep", "100000"]
        | .linux.cgroupsPath = $path | .mounts = [{destination: "/proc", type: "proc", source: "proc"}]' \
        "$T/bundle/config.json" >"$T/plain/config.json"
}

clear_up() {
    [[ ! -e /sys/fs/cgroup/$ID ]] || rmdir "/sys/fs/cgroup/$ID"
}

@test "a sidecar lives its whole life with crun" {
    urunc create --bundle "$T/plain" --pid-file "$T/pid" "$ID" </dev/null >"$T/console" 2>"$T/stderr" ||
        fail "$(cat "$T/stderr" "$T/console")"
    status_is created
    urunc start "$ID"
    status_is running
    expect_equal "$(urunc exec "$ID" /bin/busybox echo within)" within
    expect_equal "$(urunc ps --format json "$ID" | jq -c .)" "[$(cat "$T/pid")]"
    urunc pause "$ID"
    status_is paused
    urunc resume "$ID"
    status_is running
    expect_match "^$ID +$(cat "$T/pid") +running" <(urunc list)
    fails urunc delete "$ID"
    expect_match 'not in `created` or `stopped` state' "$T/stderr"
    urunc kill --all "$ID" KILL
    within 60 status_is stopped
    urunc delete "$ID"
    [[ ! -e $T/root/$ID ]]
}

@test "limits of a sidecar of crun's are updated" {
    urunc run --detach --bundle "$T/plain" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || fail "$(cat "$T/stderr")"
    if grep -qw pids /sys/fs/cgroup/cgroup.controllers; then
        urunc update --pids-limit 7 "$ID"
        expect_equal "$(cat "/sys/fs/cgroup/$ID/plain/pids.max")" 7
    else
        fails urunc update --pids-limit 7 "$ID"
        expect_match 'pids' "$T/stderr"
    fi
    urunc delete --force "$ID"
}

@test "the global options that engines give reach crun's containers, which stay in urunc's root" {
    urunc run --detach --bundle "$T/plain" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || fail "$(cat "$T/stderr")"
    urunc --log "$T/log" --log-format json --debug --rootless auto state "$ID" >"$T/state" || fail "$(cat "$T/log")"
    expect_equal "$(jq -r .status "$T/state")" running
    urunc --rootless false delete --force "$ID"
    [[ ! -e $T/root/$ID ]]
}

@test "a command that crun does not have is an error by name" {
    urunc run --detach --bundle "$T/plain" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || fail "$(cat "$T/stderr")"
    fails urunc events --stats "$ID"
    expect_one_error "^urunc: events: $T/bin/crun has no such command"
    urunc delete --force "$ID"
}

@test "a sidecar whose crun was removed is ended and removed" {
    urunc run --detach --bundle "$T/plain" --pid-file "$T/pid" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || fail "$(cat "$T/stderr")"
    rm "$T/bin/crun"
    fails urunc delete "$ID"
    expect_one_error "cannot run $T/bin/crun"
    urunc delete --force "$ID" 2>"$T/stderr"
    expect_one_error "warning: .*cannot run $T/bin/crun"
    [[ ! -e $T/root/$ID && ! -e /sys/fs/cgroup/$ID/plain ]]
    ! kill -0 "$(cat "$T/pid")" 2>/dev/null || fail 'it runs'
}
