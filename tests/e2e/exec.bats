#!/usr/bin/env bats
# `urunc exec` into a real Linux guest.
load helpers

prepare() {
    need_root
    need_kernel
    need_program busybox qemu-system-x86_64
    new_id
    busybox_bundle "$T/bundle" initrd
    arguments "$T/bundle" sh -c 'echo ready; read -r line'
    mkfifo "$T/fifo"
    sleep 1000 7>&- 3>&- >"$T/fifo" &
    printf '%s\n' $! >>"$T/processes"
    urunc create --bundle "$T/bundle" --pid-file "$T/pid" "$ID" <"$T/fifo" >"$T/console" 2>"$T/create.log"
    urunc start "$ID"
    within "$BOOT_TIMEOUT" console_has ready
}

# execute ARGUMENT...: $STATUS, $T/output, $T/error; standard input is the caller's.
execute() {
    STATUS=0
    urunc exec "$@" >"$T/output" 2>"$T/error" || STATUS=$?
}

# The ports in the guest, but for that of the program that lists them: the container's own are four.
ports() {
    urunc exec "$ID" sh -c 'busybox cat /sys/class/virtio-ports/*/name' | grep -c .
}

ports_are() {
    [[ $(ports) -eq $1 ]]
}

runs_in_guest() {
    urunc exec "$ID" busybox ps | grep -q "$1"
}

runs_no_more() {
    ! runs_in_guest "$1"
}

@test "programs have their streams, status, environment, user and directory, and leave nothing" {
    execute "$ID" cat <<<$'one\ntwo'
    expect_equal "$STATUS,$(paste -sd, "$T/output")" 0,one,two
    execute --env A=b --cwd /tmp --user 1000:1000 -g 27 "$ID" sh -c 'echo "$A" "$PWD" "$(id -u):$(id -G)" "$HOME"; echo error >&2; exit 9' </dev/null
    expect_equal "$STATUS,$(cat "$T/output"),$(cat "$T/error")" '9,b /tmp 1000:1000 27 /tmp,error'
    execute "$ID" nothing </dev/null
    expect_equal "$STATUS" 255
    expect_match 'exec: "nothing": executable file not found' "$T/error"

    python3 -c 'import random, sys; sys.stdout.buffer.write(random.Random(3).randbytes(3000000))' >"$T/data"
    execute "$ID" cat <"$T/data"
    cmp "$T/data" "$T/output"

    local i jobs=()
    for i in {1..10}; do
        printf 'line\n' | urunc exec "$ID" sh -c "read -r line; echo \$line $i; exit $i" >"$T/output.$i" &
        jobs+=($!)
    done
    for i in {1..10}; do
        STATUS=0
        wait "${jobs[i - 1]}" || STATUS=$?
        expect_equal "$STATUS,$(cat "$T/output.$i")" "$i,line $i"
    done
    within 60 ports_are 5
}

@test "a terminal, a client that is killed, a detached program, and the guest's end" {
    python3 - "$BOOT_TIMEOUT" "$URUNC" --root "$T/root" --config "$T/urunc.json" exec --tty "$ID" \
        sh -c 'stty size; trap "stty size; exit 6" WINCH; trap "echo interrupted" INT; echo ready; while :; do sleep 0.1; done' <<'PYTHON'
import fcntl, os, pty, select, struct, sys, termios
def resize(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
pid, master = pty.fork()
if pid == 0:
    resize(0, 33, 77)
    os.execv(sys.argv[2], sys.argv[2:])
seen = b""
def until(text):
    global seen
    while text not in seen:
        assert select.select([master], [], [], int(sys.argv[1]))[0], seen
        seen += os.read(master, 4096)
    seen = seen[seen.index(text) + len(text):]
until(b"33 77\r\n")
until(b"ready\r\n")
os.write(master, b"\x03")
until(b"interrupted\r\n")
resize(master, 44, 99)
until(b"44 99\r\n")
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 6
PYTHON

    "$URUNC" --root "$T/root" --config "$T/urunc.json" exec "$ID" sh -c 'echo runs; sleep 1001' </dev/null >"$T/output" 2>"$T/error" &
    local client=$!
    within "$BOOT_TIMEOUT" grep -q runs "$T/output"
    runs_in_guest 'sleep 1001'
    kill -KILL "$client"
    wait "$client" || true
    within "$BOOT_TIMEOUT" runs_no_more 'sleep 1001'
    within "$BOOT_TIMEOUT" ports_are 5

    urunc exec --detach --pid-file "$T/exec.pid" "$ID" sleep 1002 </dev/null >"$T/output" 2>"$T/error"
    runs_in_guest 'sleep 1002'
    kill -TERM "$(cat "$T/exec.pid")"
    within "$BOOT_TIMEOUT" runs_no_more 'sleep 1002'

    urunc exec "$ID" sh -c 'echo on; sleep 1003' </dev/null >"$T/output" 2>"$T/error" &
    client=$!
    within "$BOOT_TIMEOUT" grep -q on "$T/output"
    urunc kill "$ID" KILL
    STATUS=0
    wait "$client" || STATUS=$?
    expect_equal "$STATUS" 137
    execute "$ID" true </dev/null
    expect_match 'cannot exec in a stopped container|container not running' "$T/error"
}
