#!/usr/bin/env bats
# What callers do to a runtime besides calling it: closed streams, descriptors left open, several commands at once,
# failures half-way.
load helpers

prepare() {
    need_root
    need_program qemu-system-x86_64
    multiboot_bundle "$T/bundle"
    arguments "$T/bundle" hang
    new_id
}

disk_digest() {
    sha256sum <"$T/bundle/rootfs/boot/rootfs.ext2"
}

@test "closed standard streams: the monitor gets /dev/null, and nothing is written into the guest's disk" {
    local disk fd pid
    disk=$(disk_digest)
    urunc create --bundle "$T/bundle" --pid-file "$T/pid" "$ID" <&- >&- 2>&- 3>&-
    urunc start "$ID"
    within 10 status_is running
    pid=$(cat "$T/pid")
    for fd in 0 1 2; do
        expect_equal "$(readlink "/proc/$pid/fd/$fd")" /dev/null
    done
    urunc delete --force "$ID"
    arguments "$T/bundle" exit=0
    "$URUNC" --root "$T/root" --config "$T/urunc.json" run --bundle "$T/bundle" "$ID" <&- >&- 2>&- 3>&-
    expect_equal "$(disk_digest)" "$disk"
}

@test "a container that waits holds no descriptor of its caller" {
    exec 8>"$T/lock"
    flock 8
    urunc create --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>&1
    exec 8>&-
    flock --nonblock "$T/lock" true || fail "the lock is still held"
}

# The pattern of the socket by which the monitor is managed, among a process's descriptors.
management_socket() {
    awk '/monitor\.sock$/ {printf "%ssocket:\\[%s\\]", n++ ? "|" : "", $7} END {if (!n) printf "socket:none"}' /proc/net/unix
}

@test "the running monitor has stdio, the tap, the disk and its own socket, and nothing of the host" {
    make_network
    join_network "$T/bundle"
    exec 8</etc/passwd
    start "$T/bundle"
    exec 8<&-
    within 30 console_has '^net0:'
    local pid
    pid=$(urunc state "$ID" | jq .pid)
    find "/proc/$pid/fd" -type l -printf '%f %l\n' |
        grep -vE "^[012] |anon_inode:|/net/tun|rootfs\.ext2|$(management_socket)" >"$T/others" || true
    [[ ! -s $T/others ]] || fail "$(cat "$T/others")"
    # Everything is read-only but the disk, nosuid, and nodev but the device nodes.
    awk '{print $5, $6}' "/proc/$pid/mountinfo" | grep -v ' ro,' | grep -v '^/guest/disk0 ' >"$T/others" || true
    awk '{print $5, $6}' "/proc/$pid/mountinfo" | grep -v 'nosuid' >>"$T/others" || true
    awk '{print $5, $6}' "/proc/$pid/mountinfo" | grep -v '^/dev/' | grep -v 'nodev' >>"$T/others" || true
    [[ ! -s $T/others ]] || fail "$(cat "$T/others")"
}

@test "a start that fails after it joined the network: delete takes the redirects back" {
    make_network
    join_network "$T/bundle"
    edit "$T/bundle" '.process.args += ["x" * 140000]'
    urunc create --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>&1
    fails urunc start "$ID"
    expect_one_error 'command line'
    status_is stopped
    urunc delete "$ID"
    ! ip netns exec "$NETNS" tc qdisc show | grep ingress || fail 'an ingress qdisc is left'
}

@test "several deletes at once, while the name is taken again" {
    local round deleters number
    for round in 1 2 3; do
        urunc create --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>&1
        deleters=()
        for number in 1 2 3 4; do
            urunc delete --force "$ID" 3>&- &
            deleters+=("$!")
        done
        for number in "${deleters[@]}"; do
            wait "$number" || fail "round $round: a delete failed"
        done
    done
    expect_nothing_left
}

@test "create is killed at any moment: delete --force leaves nothing, in a cgroup of the bundle's own too" {
    local delay creator
    edit "$T/bundle" '.linux.cgroupsPath = $path' --arg path "/e2e-parent-$ID/$ID"
    for delay in 0.001 0.002 0.003 0.004 0.005 0.006 0.008; do
        "$URUNC" --root "$T/root" --config "$T/urunc.json" create --bundle "$T/bundle" "$ID" </dev/null >"$T/console" \
            2>&1 3>&- &
        creator=$!
        sleep "$delay"
        kill -KILL "$creator" 2>/dev/null || true
        wait "$creator" 2>/dev/null || true
        urunc delete --force "$ID"
        [[ -z $(find /sys/fs/cgroup -type d -name "$ID") ]] || fail "after $delay: a cgroup is left"
    done
    find /sys/fs/cgroup -depth -type d -name "e2e-parent-$ID" -exec rmdir {} +
}

@test "a monitor that is killed leaves the caller's standard input as it was" {
    need_program python3
    cat >"$T/run.py" <<'PYTHON'
import fcntl, os, pty, signal, subprocess, sys, termios, time
root, *command = sys.argv[1:]
master, slave = pty.openpty()
before = termios.tcgetattr(slave), fcntl.fcntl(slave, fcntl.F_GETFL)
runner = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave)
seen = b""
while b"hang\r" not in seen.split(b"cmdline:")[-1].partition(b"\n")[2]:
    seen += os.read(master, 4096)
subprocess.run([command[0], "--root", root, "kill", command[-1], "KILL"], check=True)
runner.wait()
after = termios.tcgetattr(slave), fcntl.fcntl(slave, fcntl.F_GETFL)
sys.exit(0 if before == after else "changed: %r %r" % (before, after))
PYTHON
    timeout 60 python3 "$T/run.py" "$T/root" "$URUNC" --root "$T/root" --config "$T/urunc.json" run --bundle "$T/bundle" \
        "$ID" 3>&-
}

@test "run in the background of a terminal is not stopped at its end" {
    need_program python3
    arguments "$T/bundle" exit=0
    cat >"$T/background.py" <<'PYTHON'
import os, pty, signal, sys
child, master = pty.fork()
if child == 0:
    # A shell's background job: a process group of its own on the shell's terminal.
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        os.execv(sys.argv[1], sys.argv[1:])
    _, status = os.waitpid(job, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        os.kill(job, signal.SIGKILL)
        os._exit(9)
    os._exit(os.waitstatus_to_exitcode(status))
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status))
PYTHON
    timeout 60 python3 "$T/background.py" "$URUNC" --root "$T/root" --config "$T/urunc.json" run --bundle "$T/bundle" "$ID" \
        3>&-
}

@test "an interface with a larger MTU than a tap can have" {
    make_network
    join_network "$T/bundle"
    ip -n "$CLIENT" link set veth0 mtu 65535
    ip -n "$NETNS" link set eth0 mtu 65535
    start "$T/bundle"
    within 30 console_has '^net0:'
    expect_equal "$(ip -n "$NETNS" -json link show | jq -r '.[] | select(.ifname | startswith("urunc")) | .mtu')" 65521
    urunc delete --force "$ID"
}

@test "a hierarchy of cgroups that another mount hides is left alone" {
    need_program unshare
    arguments "$T/bundle" exit=0
    # shellcheck disable=SC2016 # expands in the inner shell
    unshare --mount bash -ec 'mount -t cgroup2 none /sys/fs/cgroup 2>/dev/null || mount -t tmpfs none /sys/fs/cgroup; exec "$@"' \
        hide timeout 60 "$URUNC" --root "$T/root" --config "$T/urunc.json" run --bundle "$T/bundle" "$ID" \
        </dev/null >"$T/console" 2>&1 || fail "$(cat "$T/console")"
    expect_line 'exit: 0' "$T/console"
}
