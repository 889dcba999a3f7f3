#!/usr/bin/env bats
# The host's side of a Linux guest's channel: who gets a signal, and what a guest may answer. The stand-in is the
# guest's agent (tests/sandbox/standin/agent.c).
load standin
load agent

# run_behind [REDIRECTION...]: `urunc run` in the background; $RUNNER is its process.
run_behind() {
    "$URUNC" --root "$T/root" --config "$T/urunc.json" run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" \
        2>"$T/stderr" 3>&- &
    RUNNER=$!
    printf '%s\n' "$RUNNER" >>"$T/processes"
    within 10 grep -q agent "$T/console"
}

@test "kill reaches the program, and its status is the container's" {
    channel_orders quiet agent=answer
    "$TOOLS/subreaper.py" "$T/pid" 20 \
        "$URUNC" --root "$T/root" --config "$T/urunc.json" create --bundle "$T/bundle" --pid-file "$T/pid" "$ID" \
        -- sh -c '"$0" --root "$1" start "$2" && sleep 1 && "$0" --root "$1" kill "$2" USR1 && "$0" --root "$1" kill "$2"' \
        "$URUNC" "$T/root" "$ID" </dev/null >"$T/status" 2>"$T/console"
    expect_line 'signal 10' "$T/console"
    expect_line 'signal 15' "$T/console"
    expect_line 'exited 7' "$T/status"
}

@test "an answer to somebody else's request is not taken for ours" {
    start_agent late
    urunc kill "$ID" USR1
    expect_line 'signal 10' "$T/console"
}

@test "a guest that refuses a signal is an error that says so" {
    start_agent refuse
    fails urunc kill "$ID" USR2
    expect_one_error 'the guest refuses the signal 12: Invalid argument'
}

@test "a guest that ends before it has answered was asked with success" {
    start_agent end
    urunc kill "$ID" TERM
    within 5 ended
    expect_line 'signal 15' "$T/console"
}

@test "a program that has ended is not running" {
    start_agent ended
    fails urunc kill "$ID" TERM
    expect_one_error 'container not running'
}

@test "a guest that says nothing, too much, or leaves, gets no signal but those that ask to end, which end the monitor" {
    local manner start
    for manner in silent flood overlong leave; do
        start_agent "$manner"
        start=$SECONDS
        fails urunc kill "$ID" USR1
        expect_one_error 'the guest did not take the signal 10 within 5 seconds'
        urunc kill "$ID" TERM
        ((SECONDS - start <= 14)) || fail "$manner: $((SECONDS - start)) seconds"
        within 5 ended
        urunc delete "$ID"
        new_id
    done
}

@test "KILL, STOP and CONT are the monitor's" {
    start_agent answer
    urunc kill "$ID" STOP
    within 5 grep -q '^State:.*T' "/proc/$PID/status"
    urunc kill "$ID" CONT
    within 5 grep -q '^State:.*S' "/proc/$PID/status"
    urunc kill "$ID" KILL
    within 10 ended
    expect_equal "$(cat "$T/console")" agent
}

@test "with --all the processes of the cgroup are signalled, not the program" {
    start_agent answer
    urunc kill --all "$ID" KILL
    within 10 ended
    expect_equal "$(cat "$T/console")" agent
}

@test "a container that waits is signalled itself" {
    create_standin
    urunc kill "$ID" TERM
    within 10 ended
}

@test "run forwards its signals to the program" {
    channel_orders quiet agent=answer
    run_behind
    kill -USR1 "$RUNNER"
    within 5 grep -q 'signal 10' "$T/console"
    local status=0
    kill -TERM "$RUNNER"
    wait "$RUNNER" || status=$?
    expect_equal "$status" 7
    expect_nothing_left
}

@test "run ends the monitor where the guest does not take a signal that asks to end" {
    channel_orders quiet agent=silent
    run_behind
    kill -TERM "$RUNNER"
    local status=0
    wait "$RUNNER" || status=$?
    expect_equal "$status" 143
    expect_nothing_left
}
