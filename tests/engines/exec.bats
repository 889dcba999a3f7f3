#!/usr/bin/env bats
# Engines' exec into a Linux guest: a process of urunc's stands for the program. The stand-in is QEMU and the guest's agent
# (tests/sandbox/standin/exec.c), which prints what it was asked for and ends with 7.
load engine

# start_executor HOW: its agent runs programs in that manner.
start_executor() {
    linux_bundle
    import_image "$1" 'FROM scratch' 'UNIKERNEL linux' 'MONITOR qemu' 'KERNEL kernel' \
        "CMD [\"/urunc-init\", \"program\", \"standin:quiet\", \"standin:exec=$1\"]"
    run_image "$1" --detach one >"$T/started"
    within "$PATIENCE" task_is one RUNNING
}

end_executor() {
    ctr task kill --signal SIGKILL one
    within "$PATIENCE" task_is one STOPPED
    remove_task one
}

task_has_processes() {
    [[ $(ctr task ps one | grep -c '^[0-9]') -eq $1 ]]
}

@test "ctr task exec gives the program's output, input and status" {
    start_executor echo
    local status=0
    # ctr 1.6 does not see an end of file that comes before the program.
    { within "$PATIENCE" grep -q aprogram "$T/output" && printf 'through ctr\n'; } |
        ctr task exec --exec-id one --cwd /there one program two >"$T/output" 2>"$T/errors" || status=$?
    expect_equal "$status" 7
    expect_line atwo "$T/output"
    expect_line d/there "$T/output"
    expect_line 'through ctr' "$T/output"
    expect_line started "$T/errors"
    end_executor
}

@test "a program is killed by signals of the engine, alone" {
    start_executor stay
    ctr task exec --detach --exec-id one one program
    within "$PATIENCE" task_has_processes 2
    ctr task kill --exec-id one --signal SIGKILL one
    within "$PATIENCE" task_has_processes 1
    task_is one RUNNING
    end_executor
}

@test "the guest's end ends its programs, and nothing is left" {
    start_executor stay
    ctr task exec --detach --exec-id one one program
    ctr task exec --detach --exec-id two one program
    within "$PATIENCE" task_has_processes 3
    end_executor
}

@test "a program that is not there is an error in runc's words" {
    start_executor missing
    fails ctr task exec --exec-id one one program
    expect_match 'exec: "program": executable file not found in [$]PATH' "$T/stderr"
    end_executor
}

@test "a program has a terminal, which follows its window" {
    start_executor stay
    python3 - "$PATIENCE" ctr --namespace "$ID" task exec --tty --exec-id one one program >"$T/output" 2>&1 <<'PYTHON' || fail "$(cat "$T/output")"
import fcntl, os, pty, select, struct, subprocess, sys, termios
pid, master = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])
seen = b""
def until(text):
    global seen
    while text not in seen:
        assert select.select([master], [], [], int(sys.argv[1]))[0], seen
        seen += os.read(master, 4096)
until(b"aprogram")
until(b"window 33x77")
os.write(master, b"typed\r")
until(b"typed\r")
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 44, 99, 0, 0))
until(b"window 44x99")
subprocess.run([*sys.argv[2:5], "task", "kill", "--exec-id", "one", "--signal", "SIGTERM", "one"], check=True)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
PYTHON
    end_executor
}
