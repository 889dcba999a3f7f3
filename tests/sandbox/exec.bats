#!/usr/bin/env bats
# `urunc exec`: the host's side. The stand-in is QEMU and the guest's agent at once (tests/sandbox/standin/exec.c).
load standin
load agent

# start_executor HOW: a container whose agent runs programs in that manner.
start_executor() {
    channel_orders quiet "exec=$1"
    urunc create --bundle "$T/bundle" --pid-file "$T/pid" "$ID" </dev/null >"$T/console" 2>"$T/stderr"
    urunc start "$ID"
    within 60 grep -q agent "$T/console"
    PID=$(cat "$T/pid")
}

# execute ARGUMENT...: $STATUS, $T/output, $T/error
execute() {
    STATUS=0
    urunc exec "$@" </dev/null >"$T/output" 2>"$T/error" || STATUS=$?
}

# refused TEXT: one line of error like that.
refused() {
    expect_equal "$(wc -l <"$T/error")" 1
    expect_match "$1" "$T/error"
}

# The program that runs in the background, by the words of its command line.
client_of() {
    within 60 pgrep -f "^$URUNC .*exec.*$1\$" >"$T/pids"
    tail -n 1 "$T/pids"
}

@test "a program gets the container's environment, user and directory, its streams stay apart, and the status is its own" {
    edit "$T/bundle" '.process.env = ["A=1"] | .process.cwd = "/home" | .process.user = {uid: 5, gid: 6, additionalGids: [7]}'
    start_executor echo
    STATUS=0
    printf 'input\n' | urunc exec "$ID" program 'two  words' '' >"$T/output" 2>"$T/error" || STATUS=$?
    expect_equal "$STATUS" 7
    printf '%s\n' aprogram 'atwo  words' a eA=1 d/home u5:6 g7 input | diff - "$T/output"
    expect_equal "$(cat "$T/error")" started
}

@test "options lay themselves over the container's process" {
    edit "$T/bundle" '.process.env = ["A=1", "B=2"] | .process.user = {uid: 5, gid: 6} | .process.terminal = false'
    start_executor echo
    execute --cwd /here -e B=3 --env C=4 --user 8:9 -g 10 --additional-gids 11 --no-new-privs --cap CAP_X --apparmor x \
        --process-label y --preserve-fds 1 "$ID" program --an-option
    printf '%s\n' aprogram a--an-option eA=1 eB=3 eC=4 d/here u8:9 g10 g11 n | diff - "$T/output"
    execute --user 12 "$ID" program
    expect_line u12:6 "$T/output"
}

@test "a process file says all of it" {
    printf '{"args":["one","two"],"env":["K=V"],"cwd":"/there","user":{"uid":1,"gid":2},"noNewPrivileges":true,
        "rlimits":[{"type":"RLIMIT_NOFILE","soft":64,"hard":18446744073709551615}]}' >"$T/process"
    start_executor echo
    execute --process "$T/process" "$ID"
    expect_equal "$STATUS" 7
    printf '%s\n' aone atwo eK=V d/there u1:2 l7:64:18446744073709551615 n | diff - "$T/output"
}

@test "what is no process is refused by file and place" {
    start_executor echo
    printf '{"args":["one"],"cwd":"here"}' >"$T/process"
    execute --process "$T/process" "$ID"
    expect_equal "$STATUS" 255
    expect_match "^urunc: .*process: process.cwd: \"here\" is not an absolute path" "$T/error"
    printf 'nothing' >"$T/process"
    execute --process "$T/process" "$ID"
    expect_match "process" "$T/error"
    execute --process "$T/nothing" "$ID"
    expect_match "$T/nothing: No such file" "$T/error"
    execute "$ID"
    expect_match 'the usage is: urunc exec' "$T/error"
    execute --user name "$ID" program
    expect_match '--user name: not UID or UID:GID' "$T/error"
    execute --user 1:4294967295 "$ID" program
    expect_match '--user 1:4294967295: not UID' "$T/error"
    execute --env =x "$ID" program
    expect_match '"=x" is not NAME=VALUE' "$T/error"
    execute --cwd here "$ID" program
    expect_match '--cwd here: not an absolute path' "$T/error"
    execute -g all "$ID" program
    expect_match '--additional-gids all: not a group ID' "$T/error"
}

@test "a program that is not there is told in runc's words, with runc's status" {
    start_executor missing
    execute "$ID" program
    expect_equal "$STATUS" 255
    expect_equal "$(cat "$T/error")" \
        'urunc: exec failed: unable to start container process: exec: "program": executable file not found in $PATH'
    execute "$ID" /bin/program
    expect_equal "$(cat "$T/error")" \
        'urunc: exec failed: unable to start container process: exec: "/bin/program": no such file or directory'
}

@test "nothing is executed where nothing can be" {
    execute nobody program
    expect_equal "$STATUS" 255
    expect_match 'container "nobody" does not exist' "$T/error"
    create_standin
    execute "$ID" program
    expect_match 'is created: its guest runs after' "$T/error"
    urunc start "$ID"
    within 60 status_is stopped
    execute "$ID" program
    expect_match 'cannot exec in a stopped container' "$T/error"
}

@test "a guest that has no agent is named as one" {
    edit "$T/bundle" '.process.args = ["/sbin/init", "standin:wait"]'
    create_standin
    urunc start "$ID"
    within 60 has_report
    execute "$ID" program
    expect_equal "$STATUS" 255
    refused 'exec needs a Linux guest on QEMU whose init is urunc-init'
}

@test "signals are the program's" {
    start_executor echo
    mkfifo "$T/fifo"
    urunc exec "$ID" program of-signals <"$T/fifo" >"$T/output" 2>"$T/error" &
    local job=$! client
    exec 7>"$T/fifo"
    within 60 grep -q started "$T/error"
    client=$(client_of 'program of-signals')
    kill -USR1 "$client"
    within 60 grep -q 'signal 10' "$T/output"
    kill -INT "$client"
    within 60 grep -q 'signal 2' "$T/output"
    kill -TERM "$client"
    STATUS=0
    wait "$job" || STATUS=$?
    exec 7>&-
    expect_equal "$STATUS" 7
}

@test "a client that is killed leaves its program, and the next one clears up" {
    start_executor echo
    mkfifo "$T/fifo"
    urunc exec "$ID" program to-be-killed <"$T/fifo" >"$T/output" 2>"$T/error" &
    local job=$!
    exec 7>"$T/fifo"
    within 60 grep -q started "$T/error"
    kill -KILL "$(client_of 'program to-be-killed')"
    wait "$job" || true
    exec 7>&-
    within 60 grep -q 'program left' "$T/console"
    execute "$ID" program
    expect_equal "$STATUS" 7
    expect_match '^command chardev-remove 1$' "$T/console"
    # Once for the one that was killed, and once at the second one's end.
    expect_equal "$(grep -c '^command device_del 1$' "$T/console")" 2
}

@test "a detached program has a process of its own, with its status, in the container's cgroups and without privileges" {
    start_executor echo
    mkfifo "$T/fifo"
    sleep 1000 7>&- 3>&- >"$T/fifo" &
    printf '%s\n' $! >>"$T/processes"
    python3 - "$T" "$URUNC" --root "$T/root" --config "$T/urunc.json" exec --detach --pid-file "$T/exec.pid" "$ID" program \
        >"$T/output" 2>"$T/error" <<'PYTHON' || fail "$(cat "$T/output" "$T/error")"
import ctypes, os, signal, subprocess, sys, time
folder, command = sys.argv[1], sys.argv[2:]
ctypes.CDLL(None).prctl(36, 1)  # a subreaper, as an engine's shim is
stdin = os.open(folder + "/fifo", os.O_RDONLY)
spare = os.open("/dev/null", os.O_RDONLY)
os.set_inheritable(spare, True)
assert subprocess.run(command, stdin=stdin, close_fds=False).returncode == 0
pid = int(open(folder + "/exec.pid").read())
status = dict(line.rstrip("\n").split(":\t", 1) for line in open(f"/proc/{pid}/status") if ":\t" in line)
assert status["CapPrm"] == status["CapEff"] == status["CapInh"] == "0" * 16, status
assert status["NoNewPrivs"] == "1", status
assert status["PPid"] == str(os.getpid()), status
monitor = open(folder + "/pid").read().strip()
assert open(f"/proc/{pid}/cgroup").read() == open(f"/proc/{monitor}/cgroup").read()
held = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
assert "/dev/null" not in held, held
os.kill(pid, signal.SIGTERM)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
PYTHON
    expect_line 'signal 15' "$T/output"
}

@test "a detached program that cannot be started leaves nothing and no pid file" {
    start_executor missing
    execute --detach --pid-file "$T/exec.pid" "$ID" program
    expect_equal "$STATUS" 255
    expect_match 'executable file not found' "$T/error"
    [[ ! -e $T/exec.pid ]]
    ! pgrep -f "^$URUNC .*exec.*$ID" || fail 'a process is left'
}

@test "a terminal goes to the console socket, passes bytes on as they are, and tells its size" {
    start_executor echo
    python3 - "$T/console.sock" "$URUNC" --root "$T/root" --config "$T/urunc.json" exec --detach --tty \
        --console-socket "$T/console.sock" --pid-file "$T/exec.pid" "$ID" program >"$T/output" 2>&1 <<'PYTHON' || fail "$(cat "$T/output")"
import array, ctypes, fcntl, os, select, socket, struct, subprocess, sys, termios
path, command = sys.argv[1], sys.argv[2:]
ctypes.CDLL(None).prctl(36, 1)
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen()
client = subprocess.Popen(command, stdin=subprocess.DEVNULL)
connection, _ = listener.accept()
_, messages, _, _ = connection.recvmsg(100, socket.CMSG_LEN(4))
master = array.array("i", messages[0][2])[0]
seen = b""
def until(text):
    global seen
    while text not in seen:
        assert select.select([master], [], [], 60)[0], seen
        seen += os.read(master, 4096)
until(b"t0x0\n")
until(b"started\n")
assert client.wait() == 0
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 77, 0, 0))
until(b"window 33x77\n")
os.write(master, b"\x03\x04raw\r")
until(b"\x03\x04raw\r")
pid = int(open(path.replace("console.sock", "exec.pid")).read())
os.kill(pid, 15)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
PYTHON
}

@test "a detached terminal without a socket, and a socket without a terminal, are refused" {
    start_executor echo
    execute --detach --tty "$ID" program
    expect_match 'a detached program with a terminal needs --console-socket' "$T/error"
    execute --console-socket "$T/console.sock" "$ID" program
    expect_match '--console-socket is for a terminal' "$T/error"
}

@test "the caller's own terminal is raw meanwhile, and set back" {
    start_executor echo
    python3 - "$URUNC" --root "$T/root" --config "$T/urunc.json" exec --tty "$ID" program >"$T/output" 2>&1 <<'PYTHON' || fail "$(cat "$T/output")"
import fcntl, os, pty, select, struct, sys, termios
pid, master = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    os.execv(sys.argv[1], sys.argv[1:])
seen = b""
def until(text):
    global seen
    while text not in seen:
        assert select.select([master], [], [], 60)[0], seen
        seen += os.read(master, 4096)
before = termios.tcgetattr(master)
until(b"t30x100")
until(b"window 30x100")
assert not termios.tcgetattr(master)[3] & (termios.ECHO | termios.ICANON | termios.ISIG)
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 44, 99, 0, 0))
until(b"window 44x99")
os.write(master, b"\x03")
until(b"\x03")
os.kill(pid, 15)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
assert termios.tcgetattr(master)[3] == before[3]
PYTHON
}

@test "a guest that ends takes the program with it" {
    start_executor leave
    execute "$ID" program
    expect_equal "$STATUS" 137
}

@test "a guest that breaks the protocol is given up" {
    local how
    for how in overlong taken status; do
        start_executor "$how"
        execute "$ID" program
        expect_equal "$STATUS" 255
        refused 'breaks the protocol'
        urunc delete --force "$ID"
    done
}

@test "a guest that never hears of the port is given up" {
    start_executor nowhere
    execute "$ID" program
    expect_equal "$STATUS" 255
    refused 'the guest does not take the port of the program'
    expect_match '^command device_del 1$' "$T/console"
}

@test "a guest that writes for ever is read no faster than its reader reads, and a reader that leaves ends it" {
    start_executor flood
    STATUS=0
    { urunc exec "$ID" program 2>"$T/error" || printf '%s\n' $? >"$T/status"; } | head -c 1000000 | wc -c >"$T/count"
    expect_equal "$(cat "$T/count")" 1000000
    expect_equal "$(cat "$T/status")" 7
}

@test "ten programs at once have ports of their own" {
    start_executor echo
    local i jobs=()
    for i in {1..10}; do
        printf 'line %s\n' "$i" | urunc exec "$ID" program >"$T/output.$i" 2>/dev/null &
        jobs+=($!)
    done
    for i in {1..10}; do
        STATUS=0
        wait "${jobs[i - 1]}" || STATUS=$?
        expect_equal "$STATUS" 7
        expect_line "line $i" "$T/output.$i"
    done
}

@test "a bundle that says no process any more is named with the place" {
    start_executor echo
    printf '{"ociVersion": "1.1.0"}' >"$T/bundle/config.json"
    execute "$ID" program
    refused 'bundle/config.json: process: missing'
    printf '{"process": []}' >"$T/bundle/config.json"
    execute "$ID" program
    refused 'bundle/config.json: process: not an object'
}
