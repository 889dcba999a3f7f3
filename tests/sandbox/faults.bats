#!/usr/bin/env bats
# System calls that fail, each once: on a host without memory, descriptors or room. faults.py runs a step for each of
# its calls; here those that change something or say what there is, in one hierarchy of cgroups. By hand, all of them,
# for any step and error: FAULT_ONLY= FAULT_STEPS='delete pause resume update checkpoint' FAULT_ERRORS='EMFILE EINTR'
load standin

# Not the other hierarchies' cgroups: one is enough.
: "${FAULT_ONLY=^(?!.*cgroup/(cpu|cpuacct|cpuset|memory|devices|freezer|blkio|systemd|unified)/)(.*(/root/|/proc/[0-9]+/stat|/urunc-)|mkdir|rmdir|unlink|rename|clone|connect|pidfd)}"
export FAULT_ONLY

faults() {
    need_program strace
    orders quiet manage=answer
    mkdir "$T/faults"
    /usr/bin/python3 "$URUNC_SOURCE/tests/sandbox/faults.py" "$T/faults" "$T/bundle" "$ID" "$URUNC" --root "$T/root" \
        --config "$T/urunc.json" >"$T/log" 2>&1 || fail "$(cat "$T/log")"
    printf '# %s\n' "$(tail -n 1 "$T/log")" >&3
    expect_nothing_left
}

@test "whatever fails, create makes a container or leaves nothing, and start says whether it runs" {
    FAULT_STEPS=${FAULT_STEPS-create start} FAULT_ERRORS=${FAULT_ERRORS-EIO} faults
}

@test "whatever fails, delete --force ends the monitor and removes all, or says that it did not" {
    [[ -z ${FAULT_STEPS-} ]] || skip "other steps are wanted"
    FAULT_STEPS=force FAULT_ERRORS=${FAULT_ERRORS-ENOMEM} faults
}

# broken STEP-OF-STRACE... -- COMMAND...: urunc with a call that fails; its status is that of `fails`.
broken() {
    local how=()
    need_program strace
    while [[ $1 != -- ]]; do
        how+=("$1")
        shift
    done
    shift
    strace -qq -o /dev/null "${how[@]}" "$URUNC" --root "$T/root" --config "$T/urunc.json" "$@"
}

@test "a state that cannot be read now is left alone, by delete --force as well: its monitor runs" {
    start_standin
    fails broken -e inject=openat2:error=EMFILE -- delete --force "$ID"
    expect_one_error 'state.json: Too many open files'
    status_is running
    fails broken -e inject=pidfd_open:error=EMFILE -- delete --force "$ID"
    expect_one_error "process $PID: Too many open files"
    status_is running
    fails broken -e inject=pidfd_open:error=EMFILE -- kill "$ID" KILL
    expect_one_error 'Too many open files'
    broken -e inject=pidfd_open:error=EMFILE -- state "$ID" >"$T/state"
    expect_equal "$(jq -r .status "$T/state")" running
}

@test "a command that was stopped and continued while it connects goes on" {
    create_standin
    broken -e inject=connect:error=EINTR:when=1 -- start "$ID"
    status_is running
}

@test "a state that start writes once more is removed all the same" {
    create_standin
    broken -P "$T/root/$ID" -e inject=rmdir:error=ENOTEMPTY:when=1 -- delete --force "$ID"
    [[ ! -e $T/root/$ID ]]
}

@test "a monitor's program that does not tell its version ends with the create that was killed" {
    printf '#!/bin/sh\necho $$ >%s/asked\nexec sleep 1000\n' "$T" >"$T/qemu/bin/standin"
    urunc create --bundle "$T/bundle" "$ID" </dev/null >/dev/null 2>&1 3>&- &
    local creator=$!
    within 60 test -s "$T/asked"
    pkill -KILL -P "$creator"
    within 60 test ! -e "/proc/$(cat "$T/asked")"
    wait "$creator" || true
    urunc delete "$ID"
}

@test "a container waits for its start on a host that has no descriptor for it now" {
    need_program strace
    create_standin
    strace -qq -o "$T/calls" -e trace=accept4 -e inject=accept4:error=ENFILE:when=1..3 -p "$PID" 2>"$T/strace" &
    local tracer=$!
    within 60 is_traced
    urunc start "$ID"
    status_is running
    kill "$tracer"
    wait "$tracer" || true
    [[ $(grep -c ENFILE "$T/calls") -eq 3 ]] || fail "$(cat "$T/calls")"
}

is_traced() {
    [[ $(status_line "$PID" TracerPid) -ne 0 ]]
}
