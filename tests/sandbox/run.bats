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

@test "a Linux guest's exit status is what its program reported" {
    linux_bundle
    edit "$T/bundle" '.process.args += ["standin:quiet", "standin:status=42"]'
    STATUS=0
    urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || STATUS=$?
    expect_equal "$STATUS" 42
    edit "$T/bundle" '.process.args[3] = "standin:status=0"'
    urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr"
}

@test "a Linux guest that ends without a report has crashed" {
    linux_bundle
    edit "$T/bundle" '.process.args += ["standin:quiet"]'
    fails urunc run --bundle "$T/bundle" "$ID"
    expect_one_error 'without reporting an exit status'
    expect_nothing_left
}

@test "the status pipe is the only descriptor besides standard input, output and error" {
    linux_bundle
    run_standin
    expect_reported '[.descriptors[3:][] | [.type, .access]]' '[["pipe","write"]]'
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
