#!/usr/bin/env bats
# A container's process between `create` and `start`, seen by those who share its namespaces: it may do little, and
# leads nowhere.
load standin

TRACER=$URUNC_BIN/tests/sandbox/tracer

joins() {
    edit "$T/bundle" '.linux.namespaces = (.linux.namespaces | map(select(.type != $type))) + [{type: $type, path: $path}]' \
        --arg type "$1" --arg path "$2"
}

has_lines() {
    [[ $(wc -l <"$1") -ge $2 ]]
}

capabilities() {
    printf '%s %s %s %s %s' "$(status_line "$1" CapInh)" "$(status_line "$1" CapPrm)" "$(status_line "$1" CapEff)" \
        "$(status_line "$1" CapBnd)" "$(status_line "$1" CapAmb)"
}

# grant NAME...: the bundle's capabilities, in all five sets.
grant() {
    edit "$T/bundle" '.process.capabilities = (["bounding", "effective", "inheritable", "permitted", "ambient"]
        | map({key: ., value: $names}) | from_entries)' --argjson names "$(printf '%s\n' "$@" | jq -R . | jq -s .)"
}

@test "a process cannot be traced during create from the user and process ID namespaces that it joins" {
    "$TRACER" >"$T/tracer" 2>&1 3>&- &
    local tracer=$! attacker round
    within 10 has_lines "$T/tracer" 1
    attacker=$(sed -n 's/^ready //p' "$T/tracer")
    printf '%s\n%s\n' "$attacker" "$tracer" >>"$T/processes"
    joins user "/proc/$attacker/ns/user"
    joins pid "/proc/$attacker/ns/pid"
    chmod 711 "$T" "$F"
    for round in 1 2 3 4 5; do
        create_standin
        urunc delete --force "$ID"
    done
    kill -TERM "$attacker"
    wait "$tracer"
    # It did see the processes, and was refused each time.
    grep -qE '^refused [1-9]' "$T/tracer" || fail "$(cat "$T/tracer")"
}

@test "nor from the host's process IDs by user 0 without capabilities, who owns the new user namespace" {
    # Even so it could trace the processes of its user namespaces, were they dumpable.
    setpriv --bounding-set=-all --inh-caps=-all "$TRACER" here >"$T/tracer" 2>&1 3>&- &
    local tracer=$! round
    printf '%s\n' "$tracer" >>"$T/processes"
    within 10 has_lines "$T/tracer" 1
    edit "$T/bundle" '.linux.namespaces = [{type: "user"}, {type: "mount"}] |
        .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
        .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 65536}]'
    chmod 711 "$T" "$F"
    for round in {1..10}; do
        create_standin
        urunc delete --force "$ID"
    done
    kill -TERM "$tracer"
    wait "$tracer"
    grep -qE '^refused [1-9]' "$T/tracer" || fail "$(cat "$T/tracer")"
}

@test "the root of a waiting process holds the monitor's files and nothing of the host's" {
    printf 'secret\n' >"$T/secret"
    create_standin
    [[ ! -e /proc/$PID/root$T/secret ]] || fail "$(cat "/proc/$PID/root$T/secret")"
    [[ ! -e /proc/$PID/root/etc/passwd && ! -e /proc/$PID/cwd/etc/passwd ]]
    # Programs and libraries stand at their paths on the host, so of these there are the directories.
    ls -A "/proc/$PID/root" | grep -vxE 'dev|etc|guest|lib|lib64|usr|tmp' >"$T/others" || true
    [[ ! -s $T/others ]] || fail "$(cat "$T/others")"
    expect_equal "$(ls -A "/proc/$PID/root/etc")" ld.so.cache
    cmp "/proc/$PID/root/guest/kernel" "$T/bundle/rootfs/boot/kernel"
}

@test "no descriptor of a waiting process leads to a directory of the host" {
    # In a coverage build one does: tests/coverage/counters.c.
    [[ ! -d $URUNC_BIN/tests/coverage ]] || skip "a coverage build"
    edit "$T/bundle" '.hooks = {startContainer: [{path: "/bin/hook"}]}'
    create_standin
    local fd target
    for fd in /proc/"$PID"/fd/*; do
        [[ -d $fd/ ]] || continue
        # From the root of a detached mount, ".." leads to itself.
        target=$(stat -Lc %d:%i "$fd/../../../..")
        expect_equal "$target" "$(stat -Lc %d:%i "$fd/")"
        [[ ! -e $fd/../../../../etc/passwd ]] || fail "$fd ($(readlink "$fd")) leads to the host's root"
    done
    urunc delete --force "$ID"
}

@test "a waiting process keeps no capability but the one for its network, and no uid 0" {
    grant CAP_SYS_ADMIN CAP_NET_ADMIN CAP_CHOWN CAP_SETUID CAP_NET_RAW
    create_standin
    local none=0000000000000000 network=0000000000001000
    expect_equal "$(capabilities "$PID")" "$none $network $network $none $none"
    expect_equal "$(status_line "$PID" NoNewPrivs)" 1
    expect_equal "$(status_line "$PID" Uid)" "$(printf '65534\t65534\t65534\t65534')"
    expect_equal "$(status_line "$PID" Groups | tr -d ' ')" ''
    # Without a network namespace of its own there is nothing to do for a network.
    urunc delete --force "$ID"
    edit "$T/bundle" '.linux.namespaces |= map(select(.type != "network"))'
    create_standin
    expect_equal "$(capabilities "$PID")" "$none $none $none $none $none"
}

# stop_before_start WORD: says what `start` says until the process sends WORD, which is left unanswered; then prints the
# process's capabilities.
stop_before_start() {
    python3 - "$T/root/$ID/start.sock" "$1" "$PID" <<'END'
import socket, sys
connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
connection.settimeout(20)
connection.connect(sys.argv[1])
while True:
    message = connection.recv(5000).decode()
    if message[:1] in ("", "x"):
        sys.exit(f"ended: {message}")
    if message[0] == sys.argv[2]:
        break
    if message[0] == "n":
        connection.send(b"w")
with open(f"/proc/{sys.argv[3]}/status") as status:
    print(*sorted({line.split()[1] for line in status if line.startswith("Cap")}))
END
}

@test "an image's command line is worked on without any capability" {
    make_network
    joins network "/run/netns/$NETNS"
    create_standin
    expect_equal "$(stop_before_start n)" '0000000000000000 0000000000001000'
    urunc delete --force "$ID"
    create_standin
    expect_equal "$(stop_before_start s)" 0000000000000000
    # Nobody answered, so there is no monitor either.
    within 10 status_is stopped
    urunc delete "$ID"
}

@test "the monitor has no capability in any set, whatever the bundle grants, and no uid 0" {
    grant CAP_SYS_ADMIN CAP_NET_ADMIN CAP_CHOWN CAP_SETUID CAP_DAC_OVERRIDE CAP_NET_RAW
    edit "$T/bundle" '.process.user = {uid: 0, gid: 0, additionalGids: [0, 1, 2, 27]}'
    start_standin
    expect_reported '.capabilities | [.[]] | unique' '["0000000000000000"]'
    expect_reported '.ids | [.[]] | unique' '[65534]'
    expect_reported .groups '[]'
    expect_reported .no_new_privs 1
}

@test "as an ordinary user of the bundle the monitor has no capability either" {
    grant CAP_NET_ADMIN CAP_NET_BIND_SERVICE
    edit "$T/bundle" '.process.user = {uid: 1000, gid: 1000}'
    start_standin
    expect_reported '.capabilities | [.[]] | unique' '["0000000000000000"]'
    expect_reported '.ids | [.[]] | unique' '[1000]'
}

@test "user 0 stays where its user namespace has no other" {
    edit "$T/bundle" '.linux.namespaces += [{type: "user"}] |
        .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1}] |
        .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 1}]'
    chmod 711 "$T" "$F"
    start_standin
    expect_reported '.ids | [.[]] | unique' '[0]'
    expect_reported '.capabilities | [.[]] | unique' '["0000000000000000"]'
    expect_equal "$(status_line "$PID" Uid)" "$(printf '100000\t100000\t100000\t100000')"
}

@test "files that only root may read are copied where the container's user is root, and refused otherwise" {
    chmod 0 "$T/bundle/rootfs/boot/kernel"
    head -c 100000 /dev/urandom >"$T/bundle/rootfs/initrd"
    chmod 400 "$T/bundle/rootfs/initrd"
    annotate initrd /initrd
    start_standin
    cmp "/proc/$PID/root/guest/kernel" "$T/bundle/rootfs/boot/kernel"
    cmp "/proc/$PID/root/guest/initrd" "$T/bundle/rootfs/initrd"
    expect_equal "$(stat -c %a "/proc/$PID/root/guest/kernel")" 444
    urunc delete --force "$ID"
    edit "$T/bundle" '.process.user = {uid: 1000, gid: 1000}'
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error "binary: /boot/kernel: the container's user 1000:1000 may not read it \(mode 0000, owner 0:0\)"
    expect_nothing_left
}

@test "a container that waits is started by one start, and then is running" {
    create_standin
    status_is created
    [[ -e $T/root/$ID/start.sock ]]
    urunc start "$ID"
    [[ ! -e $T/root/$ID/start.sock ]]
    fails urunc start "$ID"
    expect_one_error 'cannot start'
}

@test "start does not wait for ever for a process that does not answer" {
    create_standin
    kill -STOP "$PID"
    fails urunc start "$ID"
    expect_one_error "process $PID of the container has not answered for 10 seconds.*delete --force"
    urunc delete --force "$ID"
}

# Plays `start` up to the question whether the monitor may be executed, and prints what the process may do then.
ask_before_exec() {
    python3 - "$T/root/$ID/start.sock" "$PID" <<'END'
import os, socket, sys
path, pid = sys.argv[1:]
os.chdir(os.path.dirname(path))
connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
connection.settimeout(20)
connection.connect(os.path.basename(path))
while True:
    message = connection.recv(8192).decode()
    if message[:1] in ("", "x"):
        sys.exit(f"ended: {message}")
    if message[0] == "n":
        connection.send(b"w")
    if message[0] == "s":
        break
with open(f"/proc/{pid}/status", encoding="ascii") as status:
    print(*sorted(line.split()[1] for line in status if line.startswith(("CapPrm", "CapEff"))))
END
}

@test "the last capability is gone before what an image says is worked on" {
    create_standin
    expect_equal "$(ask_before_exec)" '0000000000000000 0000000000000000'
}
