#!/usr/bin/env bats
# What `kill` does to a guest that has no agent: its monitor asks it to end where it listens, and else ends by itself.
load standin

# An OSv guest listens to the power button of QEMU's machine.
osv_bundle() {
    linux_bundle
    annotate unikernelType osv
    orders quiet "manage=$1"
}

start_managed() {
    urunc create --bundle "$T/bundle" --pid-file "$T/pid" "$ID" </dev/null >"$T/console" 2>"$T/stderr" ||
        fail "create: $(cat "$T/stderr")"
    urunc start "$ID" || fail "start: $(cat "$T/stderr")"
    PID=$(cat "$T/pid")
    within 60 grep -q managed "$T/console"
}

ended() {
    status_is stopped
}

@test "SIGTERM presses the power button of a guest that listens to it" {
    osv_bundle obey
    start_managed
    urunc kill "$ID" TERM
    within 60 ended
    expect_line 'command system_powerdown' "$T/console"
}

@test "a guest that was asked to end and does not goes on, until SIGKILL" {
    osv_bundle answer
    start_managed
    urunc kill "$ID"
    within 60 grep -q system_powerdown "$T/console"
    status_is running
    urunc kill "$ID" KILL
    within 60 ended
}

@test "the image's stop signal presses it, and signals that ask for something else do not" {
    osv_bundle obey
    edit "$T/bundle" '.annotations["org.opencontainers.image.stopSignal"] = "SIGRTMIN+3"'
    start_managed
    urunc kill "$ID" CONT
    urunc kill "$ID" WINCH
    status_is running
    fails grep command "$T/console"
    urunc kill "$ID" 37
    within 60 ended
    expect_line 'command system_powerdown' "$T/console"
}

@test "a monitor that does not press it is ended" {
    osv_bundle refuse
    start_managed
    urunc kill "$ID" TERM
    within 60 ended
    expect_line 'command system_powerdown' "$T/console"
}

@test "the image's stop signal ends the monitor of a guest that listens to nothing, as SIGTERM" {
    orders quiet manage=answer
    edit "$T/bundle" '.annotations["org.opencontainers.image.stopSignal"] = "SIGUSR1"'
    start_managed
    urunc kill "$ID" USR2
    status_is running
    urunc kill "$ID" USR1
    within 60 ended
    fails grep command "$T/console"
}

@test "process 1 of a namespace that does not handle SIGTERM is killed by it" {
    orders say=ready spin
    create_standin
    urunc start "$ID"
    within 60 grep -q ready "$T/console"
    urunc kill "$ID" CONT
    urunc kill "$ID" USR1
    status_is running
    urunc kill "$ID" TERM
    within 60 ended
}

@test "one that blocks it gets it, to take it later" {
    orders block=15 say=ready spin
    create_standin
    urunc start "$ID"
    within 60 grep -q ready "$T/console"
    urunc kill "$ID" TERM
    status_is running
    (($((0x$(status_line "$PID" ShdPnd))) & 0x4000)) # it waits for the process
    urunc kill "$ID" KILL
    within 60 ended
}

@test "one that is not process 1 gets the signal as it is" {
    edit "$T/bundle" '.linux.namespaces |= map(select(.type != "pid"))'
    orders say=ready deaf
    create_standin
    urunc start "$ID"
    within 60 ignores_term
    urunc kill "$ID" TERM
    status_is running
    urunc kill "$ID" KILL
    within 60 ended
}

@test "signals to run press the power button, and the status is the guest's own" {
    local runner status=0
    osv_bundle obey
    "$URUNC" --root "$T/root" --config "$T/urunc.json" run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" \
        2>"$T/stderr" 3>&- &
    runner=$!
    printf '%s\n' "$runner" >>"$T/processes"
    within 60 grep -q managed "$T/console"
    kill -TERM "$runner"
    wait "$runner" || status=$?
    expect_equal "$status" 0
    expect_line 'command system_powerdown' "$T/console"
}
