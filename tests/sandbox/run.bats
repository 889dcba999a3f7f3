#!/usr/bin/env bats
# urunc run: the exit status, signals, and what it leaves.
load standin

# ends_with STATUS ORDER...: `run` ends with the status where the stand-in gets these orders.
ends_with() {
    local expected=$1
    shift
    orders quiet "$@"
    STATUS=0
    urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || STATUS=$?
    [[ $STATUS -eq $expected ]] || fail "status $STATUS, not $expected: $(cat "$T/stderr")"
    expect_nothing_left
}

# In the background; $RUNNER is its process.
run_behind() {
    "$URUNC" --root "$T/root" --config "$T/urunc.json" run --bundle "$T/bundle" "$@" "$ID" </dev/null >"$T/console" \
        2>"$T/stderr" 3>&- &
    RUNNER=$!
    printf '%s\n' "$RUNNER" >>"$T/processes"
    within 10 has_report
}

@test "the exit status is the monitor's, and 128 and the signal where one ended it" {
    ends_with 0 exit=0
    ends_with 1 exit=1
    ends_with 77 exit=77
    # The first process of its namespace is beyond its own signals.
    edit "$T/bundle" '.linux.namespaces |= map(select(.type != "pid"))'
    ends_with 137 signal=9
}

# linux_ends_with STATUS ORDER: likewise of a Linux guest, whose init reports.
linux_ends_with() {
    local expected=$1
    edit "$T/bundle" '.process.args = ["/urunc-init", "program", "standin:quiet", $order]' --arg order "standin:$2"
    STATUS=0
    urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || STATUS=$?
    expect_equal "$STATUS" "$expected"
}

# A guest that writes V to the exit port ends QEMU by exit(V << 1 | 1).
@test "a Linux guest's exit status is what its program reported" {
    linux_bundle
    local status
    for status in 0 1 42 127 128 255; do
        linux_ends_with "$status" "exit=$((((0x100 | status) << 1) | 1))"
    done
}

@test "a Linux guest that ends without a report has crashed" {
    linux_bundle
    linux_ends_with 1 exit=0
    linux_ends_with 1 exit=1
    expect_nothing_left
}

@test "the reaper of the monitor sees the guest's status without urunc" {
    linux_bundle
    edit "$T/bundle" '.process.args = ["/urunc-init", "program", "standin:quiet", "standin:exit=597"]'
    "$TOOLS/subreaper.py" "$T/pid" 20 \
        "$URUNC" --root "$T/root" --config "$T/urunc.json" create --bundle "$T/bundle" --pid-file "$T/pid" "$ID" \
        -- "$URUNC" --root "$T/root" --config "$T/urunc.json" start "$ID" </dev/null >"$T/status" 2>"$T/console"
    expect_line 'exited 42' "$T/status"
}

@test "a guest that marks its end has succeeded, and one that marks a crash has failed" {
    ends_with 0 "exit=$((41 << 1 | 1))"
    ends_with 1 "exit=$((42 << 1 | 1))"
}

@test "a monitor that loads no library is told to expect failures alone" {
    linux_bundle
    cp "$STANDIN-static" "$T/qemu/bin/standin"
    run_standin
    expect_reported '[.environment[] | select(startswith("LD_") or startswith("URUNC_"))]' '[]'
    expect_match 'urunc.exit=failures' "$T/report"
    linux_ends_with 0 exit=0
    linux_ends_with 15 exit=15
}

# The monitor handles SIGTERM: as process 1 of its namespace it would not see it before.
handles_term() {
    [[ -s $T/pid ]] && (($((0x$(status_line "$(cat "$T/pid")" SigCgt))) & 0x4000))
}

# What the reaper of a detached container's process sees after a signal to it.
reaped_after() {
    rm -f "$T/pid"
    "$TOOLS/subreaper.py" "$T/pid" 60 \
        "$URUNC" --root "$T/root" --config "$T/urunc.json" create --bundle "$T/bundle" --pid-file "$T/pid" "$ID" \
        -- "$URUNC" --root "$T/root" --config "$T/urunc.json" start "$ID" </dev/null >"$T/status" 2>"$T/console" &
    local reaper=$!
    within 60 grep -q ready "$T/console"
    within 60 handles_term
    urunc kill "$ID" "$1"
    wait $reaper
    cat "$T/status"
    urunc delete "$ID"
}

@test "who reaps a monitor that a signal asked to end sees 128 and its number" {
    orders say=ready wait
    expect_equal "$(reaped_after TERM)" 'exited 143'
    expect_equal "$(reaped_after INT)" 'exited 130'
    annotate unikernelType mewz # its end without a report is a failure
    expect_equal "$(reaped_after TERM)" 'exited 143'
}

@test "a monitor that sets its earlier handler of SIGTERM again has it" {
    orders say=ready restore
    expect_equal "$(reaped_after TERM)" 'exited 143'
}

@test "signals are forwarded, and 128 and the number is the status of a guest that was asked to end" {
    local name number
    for name in TERM:143 INT:130; do
        orders wait
        run_behind
        kill -"${name%:*}" "$RUNNER"
        number=0
        wait "$RUNNER" || number=$?
        expect_equal "$number" "${name#*:}"
        expect_nothing_left
    done
}

@test "signals that were sent while the caller ignores them do not end anything" {
    orders wait
    run_behind
    kill -WINCH "$RUNNER"
    kill -CONT "$RUNNER"
    sleep 0.2
    status_is running
    kill -TERM "$RUNNER"
    wait "$RUNNER" || true
}

@test "with --keep the container stays, stopped" {
    orders quiet
    urunc run --keep --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr"
    status_is stopped
    urunc delete "$ID"
}

@test "with --detach it returns at once and the monitor stays" {
    orders wait
    urunc run --detach --bundle "$T/bundle" --pid-file "$T/pid" "$ID" </dev/null >"$T/console" 2>"$T/stderr"
    status_is running
    within 10 has_report
    [[ -e /proc/$(cat "$T/pid") ]]
}

@test "a container that cannot start is removed, and the error is one line" {
    chmod 700 "$T/bundle/rootfs/boot/kernel"
    edit "$T/bundle" '.process.user = {uid: 1234, gid: 1234}'
    fails urunc run --bundle "$T/bundle" "$ID"
    expect_one_error 'may not read it'
    expect_nothing_left
}

@test "standard input reaches the monitor, and its output is the caller's" {
    orders quiet echo
    printf 'through and through' | urunc run --bundle "$T/bundle" "$ID" >"$T/console"
    expect_equal "$(cat "$T/console")" 'through and through'
}

@test "what the monitor changes of the caller's standard streams is set back" {
    orders quiet
    python3 - "$URUNC" --root "$T/root" --config "$T/urunc.json" run --bundle "$T/bundle" "$ID" <<'PYTHON'
import fcntl, os, subprocess, sys
reader, writer = os.pipe()
before = fcntl.fcntl(writer, fcntl.F_GETFL)
subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=writer, check=True)
assert fcntl.fcntl(writer, fcntl.F_GETFL) == before
PYTHON
}
