#!/usr/bin/env bats
# urunc called by an ordinary user: it makes a user namespace of its own first (runtime/sandbox/namespaces/rootless.h). The user
# "games" has subordinate IDs, the user "mail" has none.
load standin

prepare_file() {
    [[ $(id -u) -eq 0 ]] || return 0
    printf 'other:300000:65536\ngames:100000:1000\n5:200000:64536\n' >"$F/subuid"
    printf 'games:100000:65536\n' >"$F/subgid"
    # Of this file's mount namespace alone (tests/e2e/isolate.sh).
    mount --bind "$F/subuid" /etc/subuid
    mount --bind "$F/subgid" /etc/subgid
    cp "$URUNC" "$F/urunc"
}

teardown_file() {
    umount /etc/subuid /etc/subgid 2>/dev/null || true
    rm -rf --one-file-system "$F"
}

prepare_more() {
    need_program setpriv newuidmap newgidmap
    unshare --user true || skip "this host lets nobody make user namespaces"
    mkdir "$T/xdg" "$T/root"
    become games games
}

# become USER GROUP: `unprivileged` is this user from now on; its files are in $T.
become() {
    AS=(setpriv --reuid "$1" --regid "$2" --clear-groups --inh-caps=-all --)
    chown -R "$1:$2" "$T/bundle" "$T/xdg" "$T/root" "$T/tmp"
}

unprivileged() {
    timeout --foreground "$BOOT_TIMEOUT" "${AS[@]}" env -i PATH="$PATH" XDG_RUNTIME_DIR="$T/xdg" "$@"
}

rootless() {
    unprivileged "$F/urunc" --root "$T/root" --config "$T/urunc.json" "$@"
}

run_rootless() {
    STATUS=0
    rootless run --bundle "$T/bundle" "$@" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || STATUS=$?
    take_report
}

start_rootless() {
    orders wait
    chown games:games "$T/bundle/config.json"
    rootless create --bundle "$T/bundle" --pid-file "$T/root/pid" "$ID" </dev/null >"$T/console" 2>"$T/stderr" ||
        fail "create: $(cat "$T/stderr")"
    PID=$(cat "$T/root/pid")
    rm "$T/root/pid"
    rootless start "$ID" || fail "start: $(cat "$T/console")"
    within 60 has_report
    take_report
}

map_of() {
    tr -s ' ' <"/proc/$PID/$1" | sort | tr '\n' ,
}

@test "a bundle without a user namespace: the user's ID is 0, and the subordinate ones follow" {
    start_rootless
    expect_equal "$(map_of uid_map)" ' 0 5 1, 1 100000 1000, 1001 200000 64536,'
    expect_equal "$(map_of gid_map)" ' 0 60 1, 1 100000 65536,'
    expect_equal "$(status_line "$PID" Uid | cut -f1)" 264533
    expect_reported '.ids | [.uid, .gid]' '[65534,65534]'
    expect_reported '.capabilities | [.effective, .permitted, .bounding] | unique' '["0000000000000000"]'
}

@test "without subordinate IDs the monitor is the user, with no capability" {
    become mail mail
    run_rootless
    expect_equal "$STATUS" 0
    expect_reported '.ids | [.uid, .euid, .gid]' '[0,0,0]'
    expect_reported '.capabilities | [.effective, .permitted, .bounding] | unique' '["0000000000000000"]'
}

@test "the mappings of config.json name the host's IDs" {
    edit "$T/bundle" '.linux.namespaces += [{type: "user"}] | .process.user = {uid: 1005, gid: 3} |
        .linux.uidMappings = [{containerID: 0, hostID: 5, size: 1}, {containerID: 1000, hostID: 100990, size: 10},
                              {containerID: 1010, hostID: 200000, size: 1}] |
        .linux.gidMappings = [{containerID: 0, hostID: 60, size: 1}, {containerID: 1, hostID: 100000, size: 10}]'
    start_rootless
    expect_equal "$(map_of uid_map)" ' 0 5 1, 1000 100990 10, 1010 200000 1,'
    expect_equal "$(status_line "$PID" Uid | cut -f1)" 100995
    expect_equal "$(status_line "$PID" Gid | cut -f1)" 100002
}

# refuses_rootless MESSAGE
refuses_rootless() {
    chown games:games "$T/bundle/config.json"
    fails rootless run --bundle "$T/bundle" "$ID" </dev/null
    expect_one_error "$1"
    expect_nothing_left
}

@test "an ID that is not the user's is refused by name" {
    edit "$T/bundle" '.linux.namespaces += [{type: "user"}] |
        .linux.uidMappings = [{containerID: 0, hostID: 300000, size: 1}] |
        .linux.gidMappings = [{containerID: 0, hostID: 60, size: 1}]'
    refuses_rootless 'config.json: linux.uidMappings\[0\].hostID: 300000 is not an ID of this user.*/etc/subuid'
}

@test "a process.user that no ID stands for is refused by name" {
    become mail mail
    edit "$T/bundle" '.process.user.uid = 1000'
    fails rootless run --bundle "$T/bundle" "$ID" </dev/null
    expect_one_error 'config.json: process.user.uid: the user namespace has no ID 1000: .*/etc/subuid'
}

@test "a limit that cannot be set is refused by name" {
    [[ ! -w /sys/fs/cgroup/pids ]] || unprivileged test ! -w /sys/fs/cgroup/pids || skip "cgroups are open to everybody"
    edit "$T/bundle" '.linux.resources.pids.limit = 100'
    refuses_rootless 'config.json: linux.resources.pids.limit: '
}

@test "the whole life from fresh shells, with the state in XDG_RUNTIME_DIR" {
    orders wait
    chown games:games "$T/bundle/config.json"
    local urunc=(unprivileged "$F/urunc" --config "$T/urunc.json")
    "${urunc[@]}" create --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || fail "$(cat "$T/stderr")"
    [[ -e $T/xdg/urunc/$ID/state.json ]]
    expect_equal "$("${urunc[@]}" state "$ID" | jq -r '.status + " " + .owner')" 'created games'
    "${urunc[@]}" start "$ID"
    within 60 has_report
    expect_equal "$("${urunc[@]}" list --quiet)" "$ID"
    "${urunc[@]}" kill "$ID" KILL
    within 60 test "$("${urunc[@]}" state "$ID" | jq -r .status)" = stopped ||
        within 60 eval '[[ $("${urunc[@]}" state "$ID" | jq -r .status) == stopped ]]'
    "${urunc[@]}" delete "$ID"
    expect_equal "$(ls -A --ignore='version@*' "$T/xdg/urunc")" ''
}

@test "the images of root file systems are kept in the user's own cache" {
    linux_bundle
    annotate mountRootfs true
    become games games
    mkdir "$T/home"
    chown games:games "$T/home"
    unprivileged XDG_CACHE_HOME="$T/xdg/cache" HOME="$T/home" "$F/urunc" --config "$T/urunc.json" \
        run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || true
    take_report # such a guest ends without a status
    expect_equal "$(stat -c '%a %U' "$T/xdg/cache/urunc")" '700 games'
    expect_equal "$(find "$T/xdg/cache/urunc" -size +100k | wc -l)" 1
    new_id
    unprivileged XDG_CACHE_HOME=relative HOME="$T/home" "$F/urunc" --config "$T/urunc.json" \
        run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || true
    take_report
    expect_equal "$(find "$T/home/.cache/urunc" -size +100k | wc -l)" 1
}

@test "root of a user namespace keeps the state in XDG_RUNTIME_DIR, as an engine's user would" {
    unprivileged unshare --user --map-root-user --mount "$F/urunc" --config "$T/urunc.json" \
        run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || fail "$(cat "$T/stderr")"
    take_report
    [[ -d $T/xdg/urunc ]]
}

# A network namespace that belongs to a user namespace of the user's, with an eth0; $HOLDER is in it.
hold_network() {
    "${AS[@]}" unshare --user --map-root-user --net sleep 1000 3>&- &
    HOLDER=$!
    printf '%s\n' "$HOLDER" >>"$T/processes"
    within 60 network_is_own
    nsenter --target "$HOLDER" --net ip link add eth0 type veth peer name eth1
    nsenter --target "$HOLDER" --net ip address add 10.9.0.2/24 dev eth0
    nsenter --target "$HOLDER" --net ip link set eth1 up
    nsenter --target "$HOLDER" --net ip link set eth0 up
    nsenter --target "$HOLDER" --net ip route add default via 10.9.0.1
    edit "$T/bundle" '.linux.namespaces |= map(select(.type != "network")) + [{type: "network", path: $path}]' \
        --arg path "/proc/$HOLDER/ns/net"
    mknod -m "$1" "$T/tun" c 10 200
    mount --bind "$T/tun" /dev/net/tun
}

network_is_own() {
    [[ $(namespace "$HOLDER" net) != "$(namespace self net)" ]]
}

links() {
    nsenter --target "$HOLDER" --net ip -br link | cut -d' ' -f1 | sort | tr '\n' ' '
}

@test "a network namespace of the user's is joined, and left by delete" {
    [[ -e /dev/net/tun ]] || skip "no /dev/net/tun"
    hold_network 666
    start_rootless
    [[ $(namespace "$PID" net) == "$(namespace "$HOLDER" net)" ]]
    [[ $(links) == *urunc* ]] || fail "no tap: $(links)"
    rootless delete --force "$ID"
    umount /dev/net/tun
    expect_equal "$(links)" 'eth0@eth1 eth1@eth0 lo '
    expect_equal "$(nsenter --target "$HOLDER" --net tc qdisc show | grep -c ingress)" 0
}

@test "a /dev/net/tun that the user may not open is named, with what to do" {
    [[ -e /dev/net/tun ]] || skip "no /dev/net/tun"
    hold_network 600
    local status=0
    chown games:games "$T/bundle/config.json"
    rootless run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || status=$?
    umount /dev/net/tun
    expect_equal "$status" 1
    expect_one_error '/dev/net/tun: Permission denied: let the user open it'
}

@test "the group that opens the accelerator to the user stays with the monitor" {
    [[ -e /dev/kvm ]] || skip "no /dev/kvm"
    printf '{"monitors":{"qemu":{"path":"%s","acceleration":"kvm"}}}\n' "$T/qemu/bin/standin" >"$T/urunc.json"
    mknod -m 660 "$T/kvm" c 10 232
    chown root:tape "$T/kvm"
    mount --bind "$T/kvm" /dev/kvm
    local status=0
    rootless run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || status=$?
    AS=(setpriv --reuid games --regid games --groups tape --inh-caps=-all --)
    ((status != 0)) && expect_one_error 'the monitor needs /dev/kvm, and its user .* cannot open it'
    run_rootless
    umount /dev/kvm
    expect_equal "$STATUS" 0
}

@test "--rootless=false makes no namespace, and another word is refused" {
    fails unprivileged "$F/urunc" --rootless false --root "$T/root" --config "$T/urunc.json" \
        run --bundle "$T/bundle" "$ID" </dev/null
    expect_one_error 'CAP_SYS_ADMIN'
    fails unprivileged "$F/urunc" --rootless maybe list
    expect_one_error '^urunc: --rootless: "maybe" is not true, false or auto'
}

@test "hooks run as the user, without a capability" {
    printf '#!/bin/sh\ngrep -E "^(Uid|CapPrm)" /proc/self/status >%s/hook\n' "$T/root" >"$T/hook"
    chmod 755 "$T/hook"
    edit "$T/bundle" ".hooks.createRuntime = [{path: \"$T/hook\"}]"
    chown games:games "$T/bundle/config.json"
    run_rootless
    expect_equal "$(stat -c %U "$T/root/hook")" games
    rm "$T/root/hook"
}

# As where a package is upgraded between the two: the program at the path is not the one that runs.
@test "nothing but urunc's own program is executed in the user namespace" {
    cp "$URUNC" "$F/other"
    cat >"$T/over.py" <<'PROGRAM'
import os, pwd, subprocess, sys
program, arguments = sys.argv[1], sys.argv[2:]
user = pwd.getpwnam("games")
descriptor = os.open(program, os.O_RDONLY)
subprocess.run(["mount", "--bind", "/bin/true", program], check=True)
os.setgroups([])
os.setgid(user.pw_gid)
os.setuid(user.pw_uid)
os.execve(descriptor, ["urunc"] + arguments, {"PATH": os.environ["PATH"]})
PROGRAM
    fails python3 "$T/over.py" "$F/other" --root "$T/root" --config "$T/urunc.json" create --bundle "$T/bundle" "$ID"
    umount "$F/other"
    expect_one_error "$F/other: not urunc's program any more"
}
