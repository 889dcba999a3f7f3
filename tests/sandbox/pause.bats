#!/usr/bin/env bats
# Pausing and resuming: the freezer of cgroups, the monitor's own stop, and what other commands do meanwhile.
load standin

prepare_more() {
    find /sys/fs/cgroup -maxdepth 1 -name freezer | grep -q . || grep -q cgroup2 /proc/mounts ||
        skip 'no cgroups that can be frozen'
}

# Starts the container with these orders and waits for the line $1.
start_until() {
    local line=$1
    shift
    orders quiet "$@"
    create_standin
    urunc start "$ID"
    within 60 grep -q "$line" "$T/console"
}

# A container whose monitor has a child that uses the processor: $SPINNER.
start_spinner() {
    start_until managed spinner manage=answer
    SPINNER=$(cut -d' ' -f1 "/proc/$PID/task/$PID/children")
}

# The processor time that it has taken.
used() {
    sed 's/.*) //' "/proc/$SPINNER/stat" | cut -d' ' -f12
}

uses_more_than() {
    (($(used) > $1))
}

ended() {
    status_is stopped
}

has_mount() {
    grep -q " $1 " /proc/self/mountinfo
}

stands_still_and_goes_on() {
    local before
    start_spinner
    urunc pause "$ID"
    status_is paused
    before=$(used)
    expect_equal "$(urunc list --format json | jq -r '.[0].status')" paused
    expect_equal "$(urunc state "$ID" | jq -r .pid)" "$PID"
    expect_equal "$(used)" "$before"
    urunc resume "$ID"
    status_is running
    within 60 uses_more_than "$before"
    urunc delete --force "$ID"
}

@test "a paused container stands still, and goes on when it is resumed" {
    stands_still_and_goes_on
}

@test "by the freezer hierarchy of version 1 alone, too" {
    has_mount /sys/fs/cgroup/freezer || skip 'no freezer hierarchy of version 1'
    if has_mount /sys/fs/cgroup/unified; then
        umount /sys/fs/cgroup/unified
    fi
    stands_still_and_goes_on
    start_spinner
    urunc pause "$ID"
    urunc kill "$ID" KILL
    within 60 ended
    urunc delete "$ID"
    start_spinner
    urunc pause "$ID"
    urunc kill --all "$ID" KILL
    within 60 ended
    urunc delete "$ID"
    start_spinner
    urunc pause "$ID"
    urunc delete --force "$ID"
}

@test "the monitor stops its machine before it is frozen, and continues it afterwards" {
    start_until managed manage=answer
    urunc pause "$ID"
    expect_line 'command stop' "$T/console"
    fails grep cont "$T/console"
    urunc resume "$ID"
    expect_line 'command cont' "$T/console"
}

@test "a monitor that does not stop its machine is frozen all the same, and resumed though it does not continue" {
    start_until managed manage=refuse
    urunc pause "$ID" 2>"$T/stderr"
    expect_match 'stop: the stand-in does not' "$T/stderr"
    status_is paused
    urunc resume "$ID" 2>"$T/stderr"
    expect_match 'runs again, but its monitor may not have continued the guest .*: cont: the stand-in does not' "$T/stderr"
    status_is running
    urunc pause "$ID"
    urunc resume "$ID"
}

@test "a monitor that does not answer at all is paused and resumed" {
    start_until managed manage=silent
    urunc pause "$ID" 2>"$T/stderr"
    status_is paused
    urunc resume "$ID" 2>"$T/stderr"
    expect_match 'cont: the monitor does not answer' "$T/stderr"
    status_is running
}

@test "a created container can be paused, and is not started until it is resumed" {
    orders wait
    create_standin
    urunc pause "$ID"
    status_is paused
    fails urunc start "$ID"
    expect_one_error 'paused: resume it first'
    urunc resume "$ID"
    status_is created
    urunc start "$ID"
    status_is running
}

@test "only what runs is paused, and only what is paused is resumed" {
    start_until managed manage=answer
    fails urunc resume "$ID"
    expect_one_error 'container not paused'
    urunc pause "$ID"
    fails urunc pause "$ID"
    expect_one_error 'container not running: it is paused already'
    urunc kill "$ID" KILL
    within 60 ended
    fails urunc pause "$ID"
    expect_one_error 'container not running'
    fails urunc resume "$ID"
    expect_one_error 'container not paused'
    fails urunc pause "nosuch$ID"
    expect_one_error 'does not exist'
}

@test "SIGKILL ends a paused container, also with --all" {
    start_until managed manage=answer
    urunc pause "$ID"
    urunc kill "$ID" KILL
    within 60 ended
    urunc delete "$ID"
    start_until managed manage=answer
    urunc pause "$ID"
    urunc kill --all "$ID" KILL
    within 60 ended
}

@test "other signals have their effect when it is resumed" {
    start_until managed manage=answer
    urunc pause "$ID"
    urunc kill "$ID" TERM
    status_is paused
    urunc resume "$ID" 2>"$T/stderr"
    expect_equal "$(cat "$T/stderr")" ''
    within 60 ended
}

@test "a paused container is deleted by force alone" {
    start_until managed manage=answer
    urunc pause "$ID"
    fails urunc delete "$ID"
    expect_one_error 'not stopped: paused'
    urunc delete --force "$ID"
    expect_equal "$(urunc list --quiet)" ''
}
