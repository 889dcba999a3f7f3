#!/usr/bin/env bats
# The host's side of a Linux guest's channel: descriptors, the control socket, the terminal. The stand-in is the
# guest's agent (tests/sandbox/standin/agent.c).
load standin
load agent

@test "the monitor has standard input, nothing for standard output, and output and error by number" {
    run_standin
    expect_reported '.descriptors[0:3] | map(.node)' '["1:3","1:3",null]'
    expect_reported '[.argv[] | select(startswith("fd="))] | length' 2
    expect_reported '[.argv[] | select(startswith("fd=")) | capture("fd=(?<n>[0-9]+)").n | tonumber] as $named
        | [.descriptors[] | select(.fd | IN($named[])) | [.access, .close_on_exec]]' '[["write",false],["write",false]]'
    expect_reported '[.argv[] | select(startswith("socket,id=control")) | capture("fd=(?<n>[0-9]+)").n | tonumber] as $named
        | [.descriptors[] | select(.fd | IN($named[])) | [.type, .close_on_exec]]' '[["socket",false]]'
    expect_reported '.descriptors | length' 6
}

@test "output goes to the caller's files at their own position, and stays apart" {
    channel_orders quiet say=program
    {
        printf 'before\n'
        urunc run --bundle "$T/bundle" "$ID" </dev/null 2>"$T/stderr" || true
        printf 'after\n'
    } >"$T/console"
    expect_equal "$(paste -sd, "$T/console")" before,program,after
}

@test "output that a caller opened for reading too, or that is a socket, is taken" {
    urunc run --bundle "$T/bundle" "$ID" </dev/null 1<>"$T/console" 2>"$T/stderr" || true
    take_report
    # QEMU takes a descriptor for an output only where it is opened for writing alone.
    expect_reported '[.argv[] | select(endswith(",set=0")) | capture("fd=(?<n>[0-9]+)").n | tonumber] as $named
        | [.descriptors[] | select(.fd | IN($named[])) | .access]' '["write"]'
    channel_orders quiet say=program
    python3 - "$URUNC" --root "$T/root" --config "$T/urunc.json" run --bundle "$T/bundle" "$ID" <<'PYTHON'
import socket, subprocess, sys
ours, theirs = socket.socketpair()
subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs)
theirs.close()
assert b"program\n" in ours.recv(65536), "nothing"
PYTHON
}

@test "a monitor that makes its output non-blocking has it blocking all the same" {
    channel_orders quiet nonblock
    urunc run --bundle "$T/bundle" "$ID" </dev/null 2>"$T/stderr" | cat >"$T/console" || true
    expect_line blocking "$T/console"
    python3 - "$URUNC" --root "$T/root" --config "$T/urunc.json" run --bundle "$T/bundle" "$ID" <<'PYTHON'
import socket, subprocess, sys
ours, theirs = socket.socketpair()
subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=theirs)
assert ours.recv(65536) == b"blocking\n"
PYTHON
}

@test "a guest without the channel may have its output non-blocking" {
    annotate unikernelType generic
    printf '\x02\xb0\xad\x1b\x00\x00\x00\x00\xfe\x4f\x52\xe4' >"$T/bundle/rootfs/boot/kernel"
    orders quiet nonblock
    urunc run --bundle "$T/bundle" "$ID" </dev/null 2>"$T/stderr" | cat >"$T/console"
    expect_line non-blocking "$T/console"
}

@test "under an engine a pipe without a reader blocks the guest, and it can be killed" {
    channel_orders quiet say=agent many=1000000
    mkfifo "$T/fifo"
    (sleep 1 <"$T/fifo") &
    urunc create --bundle "$T/bundle" --pid-file "$T/pid" "$ID" </dev/null >"$T/fifo" 2>"$T/stderr"
    urunc start "$ID"
    wait $!
    sleep 0.5
    status_is running
    urunc kill "$ID" KILL
    within 10 ended
}

@test "a run whose output loses its reader ends with the status of SIGPIPE" {
    channel_orders quiet say=first agent=silent
    local status=0
    { urunc run --bundle "$T/bundle" "$ID" </dev/null 2>"$T/stderr" || printf '%s\n' $? >"$T/status"; } | head -n 1 >"$T/console"
    expect_line first "$T/console"
    expect_line 141 "$T/status"
    expect_nothing_left
}

@test "the control socket is its owner's alone, is there while the guest runs, and goes with it" {
    start_agent answer
    expect_equal "$(stat -c '%a %F' "$T/root/$ID/control.sock")" '600 socket'
    expect_equal "$(stat -c %a "$T/root/$ID")" 700
    urunc kill "$ID" KILL
    within 10 ended
    urunc delete "$ID"
    [[ ! -e $T/root/$ID ]]
}

@test "a guest whose init is not urunc's has no control socket and no ports" {
    edit "$T/bundle" '.process.args = ["/sbin/init", "standin:wait"]'
    urunc create --bundle "$T/bundle" --pid-file "$T/pid" "$ID" </dev/null >"$T/console" 2>"$T/stderr"
    urunc start "$ID"
    within 10 has_report
    [[ ! -e $T/root/$ID/control.sock ]]
    take_report
    expect_reported '[.argv[] | select(test("virtio-serial|id=control"))] | length' 0
    expect_reported '[.descriptors[].fd]' '[0,1,2]'
}

@test "a guest is told its terminal's size, and passes bytes on as they are" {
    edit "$T/bundle" '.process.terminal = true | .process.consoleSize = {height: 41, width: 101}'
    "$TOOLS/console.py" "$T/console.sock" 20 >"$T/console" 2>"$T/console.log" 3>&- &
    local helper=$!
    printf '%s\n' "$helper" >>"$T/processes"
    within 10 test -S "$T/console.sock"
    urunc create --bundle "$T/bundle" --console-socket "$T/console.sock" "$ID"
    urunc start "$ID"
    wait "$helper" || fail "$(cat "$T/console.log" "$T/console")"
    expect_match 'urunc.size=41x101' "$T/console"
    : >"$T/stderr"
    take_report
    expect_reported '[.terminal.echo, .terminal.output_flags]' '[false,0]'
}

@test "run tells the guest of its window's size, at the start and later" {
    edit "$T/bundle" '.process.terminal = true'
    channel_orders quiet agent=answer
    python3 - "$URUNC" --root "$T/root" --config "$T/urunc.json" run --bundle "$T/bundle" "$ID" >"$T/console" <<'PYTHON'
import fcntl, os, pty, select, signal, struct, sys, termios, time
def resize(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
pid, master = pty.fork()
if pid == 0:
    resize(0, 33, 77)
    os.execv(sys.argv[1], sys.argv[1:])
def until(text):
    seen, end = b"", time.time() + 20
    while text not in seen:
        assert select.select([master], [], [], max(0, end - time.time()))[0], seen
        seen += os.read(master, 4096)
until(b"agent")
resize(master, 44, 99)
until(b"window 44x99")
os.kill(pid, signal.SIGTERM)
until(b"signal 15")
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
PYTHON
}

# resized_by_an_engine EXPECT SEND...: the container's terminal is an engine's; the agent prints the sizes that reach it.
resized_by_an_engine() {
    channel_orders quiet agent=window
    "$TOOLS/console.py" "$T/console.sock" 60 "$@" >"$T/console" 2>"$T/console.log" 3>&- &
    local helper=$!
    printf '%s\n' "$helper" >>"$T/processes"
    within 60 test -S "$T/console.sock"
    urunc create --bundle "$T/bundle" --console-socket "$T/console.sock" --pid-file "$T/pid" "$ID"
    urunc start "$ID"
    within 60 grep -q 'window 55x111' "$T/console" || fail "$(cat "$T/console.log" "$T/console")"
}

@test "a size that an engine sets reaches the guest, and the first one is told again" {
    edit "$T/bundle" '.process.terminal = true | .process.consoleSize = {height: 41, width: 101}'
    resized_by_an_engine 'window 41x101' resize:44:99 'window 44x99' resize:55:111
    expect_equal "$(readlink "/proc/$(cat "$T/pid")/fd"/* | grep -c '^socket')" 4 # control, monitor, and the pair
    urunc kill "$ID" KILL
}

@test "a terminal of no size tells the guest none" {
    edit "$T/bundle" '.process.terminal = true'
    resized_by_an_engine agent resize:55:111
    expect_equal "$(grep -c window "$T/console")" 1
    urunc kill "$ID" KILL
}
