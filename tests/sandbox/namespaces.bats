#!/usr/bin/env bats
# The monitor's namespaces are those of the bundle, and its mount namespace always its own.
load standin

# wants TYPE...: linux.namespaces lists these, as new ones.
wants() {
    edit "$T/bundle" '.linux.namespaces = ($words | split(" ") | map({type: .}))' --arg words "$*"
}

# joins TYPE PATH: adds one to join.
joins() {
    edit "$T/bundle" '.linux.namespaces = (.linux.namespaces | map(select(.type != $type))) + [{type: $type, path: $path}]' \
        --arg type "$1" --arg path "$2"
}

# A process in ipc and uts namespaces of its own; $HOLDER is its ID.
hold() {
    unshare --ipc --uts sleep 1000 3>&- &
    HOLDER=$!
    printf '%s\n' "$HOLDER" >>"$T/processes"
    within 5 has_own_namespace "$HOLDER" ipc
    within 5 has_own_namespace "$HOLDER" uts
}

has_own_namespace() {
    [[ $(namespace "$1" "$2") != "$(namespace self "$2")" ]]
}

expect_new() {
    local kind
    for kind; do
        [[ $(namespace "$PID" "$kind") != "$(namespace self "$kind")" ]] || fail "not its own: $kind"
    done
}

expect_same() {
    local kind
    for kind; do
        [[ $(namespace "$PID" "$kind") == "$(namespace self "$kind")" ]] || fail "its own: $kind"
    done
}

@test "what the bundle lists is new, what it does not list is the caller's" {
    wants pid mount ipc uts network cgroup time
    start_standin
    expect_new pid mnt ipc uts net cgroup time
    expect_same user
    expect_reported .process.pid 1
}

@test "without any namespace in the bundle only the mounts are the monitor's own" {
    wants
    edit "$T/bundle" '.linux.namespaces = []'
    start_standin
    expect_new mnt
    expect_same pid ipc uts net cgroup time user
}

@test "a network namespace by its path" {
    make_network
    joins network "/run/netns/$NETNS"
    start_standin
    expect_equal "$(namespace "$PID" net)" "net:[$(stat -Lc %i "/run/netns/$NETNS")]"
    expect_new pid ipc
}

@test "ipc and uts namespaces by their paths" {
    hold
    joins ipc "/proc/$HOLDER/ns/ipc"
    joins uts "/proc/$HOLDER/ns/uts"
    start_standin
    expect_equal "$(namespace "$PID" ipc)" "$(namespace "$HOLDER" ipc)"
    expect_equal "$(namespace "$PID" uts)" "$(namespace "$HOLDER" uts)"
    expect_new pid net
}

@test "a process ID namespace by its path: the monitor is not its first process" {
    unshare --pid --fork --kill-child sleep 1000 3>&- &
    printf '%s\n' "$!" >>"$T/processes"
    within 5 pgrep -P "$!" sleep
    HOLDER=$(pgrep -P "$!" sleep)
    joins pid "/proc/$HOLDER/ns/pid"
    start_standin
    expect_equal "$(namespace "$PID" pid)" "$(namespace "$HOLDER" pid)"
    [[ $(reported .process.pid) != 1 ]]
    urunc delete --force "$ID"
}

@test "paths that are no namespaces of that kind are errors that name them" {
    joins network "$T/nowhere"
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error "network namespace.*$T/nowhere"
    joins network /proc/self/ns/uts
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'network namespace'
    joins network /etc/hostname
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'network namespace'
    expect_nothing_left
}

map_ids() {
    edit "$T/bundle" '.linux.namespaces += [{type: "user"}] |
        .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] |
        .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 65536}]'
    chmod 711 "$T" "$F"
}

@test "in a new user namespace the monitor's user is the mapped one" {
    map_ids
    edit "$T/bundle" '.process.user = {uid: 7, gid: 8, additionalGids: [9]}'
    start_standin
    expect_new user
    expect_reported '.ids | [.uid, .gid]' '[7,8]'
    expect_equal "$(status_line "$PID" Uid)" "$(printf '100007\t100007\t100007\t100007')"
    expect_equal "$(status_line "$PID" Gid)" "$(printf '200008\t200008\t200008\t200008')"
    expect_equal "$(status_line "$PID" Groups | tr -d ' ')" 200009
    expect_equal "$(tr -s ' ' <"/proc/$PID/uid_map")" ' 0 100000 65536'
    expect_equal "$(tr -s ' ' <"/proc/$PID/gid_map")" ' 0 200000 65536'
}

@test "a process that waits for start in a user namespace cannot be traced from it" {
    map_ids
    create_standin
    # Files in /proc of a process that is not dumpable belong to the host's root, and not to the namespace's.
    expect_equal "$(stat -c %u "/proc/$PID/environ")" 0
    expect_equal "$(status_line "$PID" Uid)" "$(printf '165534\t165534\t165534\t165534')"
}

@test "a user namespace without mappings is an error" {
    edit "$T/bundle" '.linux.namespaces += [{type: "user"}]'
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'uidMappings, gidMappings'
    expect_nothing_left
}

@test "sysctls are set in the namespaces of the container" {
    edit "$T/bundle" '.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.shm_rmid_forced": "1"}'
    start_standin
    expect_equal "$(nsenter --target "$PID" --net cat /proc/sys/net/ipv4/ip_forward)" 1
    expect_equal "$(nsenter --target "$PID" --ipc cat /proc/sys/kernel/shm_rmid_forced)" 1
    expect_equal "$(cat /proc/sys/kernel/shm_rmid_forced)" 0
}

@test "a file that is mounted over a sysctl is not written to (CVE-2025-52881)" {
    mkdir -p "$T/over/ipv4"
    printf 'untouched' >"$T/over/ipv4/ip_forward"
    mount --bind "$T/over" /proc/sys/net
    edit "$T/bundle" '.linux.sysctl = {"net.ipv4.ip_forward": "1"}'
    fails urunc create --bundle "$T/bundle" "$ID" </dev/null
    umount /proc/sys/net
    expect_one_error 'config.json: linux.sysctl: /proc/sys/net/ipv4/ip_forward: .* mounted over it'
    expect_equal "$(cat "$T/over/ipv4/ip_forward")" untouched
}

@test "sysctls of the host are refused" {
    edit "$T/bundle" '.linux.sysctl = {"kernel.panic": "1"}'
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'kernel.panic'
    # "." and "/" change places, so this is net/../kernel/panic.
    edit "$T/bundle" '.linux.sysctl = {"net.//.kernel.panic": "1"}'
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'not a setting of a namespace'
    edit "$T/bundle" '.linux.sysctl = {"net.ipv4.ip_forward": "1"} |
        .linux.namespaces = (.linux.namespaces | map(select(.type != "network")))'
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'net.ipv4.ip_forward.*network'
    edit "$T/bundle" '.linux.namespaces += [{type: "network", path: "/proc/self/ns/net"}]'
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'net.ipv4.ip_forward.*network'
    expect_nothing_left
}

@test "the loopback interface of a new network namespace is up" {
    start_standin
    nsenter --target "$PID" --net ip -br link show lo | grep -q 'UP'
}
