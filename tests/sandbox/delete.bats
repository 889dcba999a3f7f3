#!/usr/bin/env bats
# `delete` against a state that lies, and against what a `create` that was killed has left. Victims are processes that
# the test made, in cgroups that the test made; the cgroup file system is the host's also in namespaces of our own.
load standin

prepare_more() {
    HIERARCHIES=$(awk '$3 == "cgroup" || $3 == "cgroup2" {print $2}' /proc/mounts | sort -u)
    VICTIMS=()
    : >"$T/cgroups"
}

# A cgroup of the test with a process of the test in it: $VICTIM, $GROUP.
make_victim() {
    local hierarchy
    hierarchy=$(grep -m 1 -E '/(unified|pids|freezer)$|^/sys/fs/cgroup$' <<<"$HIERARCHIES") || skip 'no cgroups here'
    GROUP=$hierarchy/victim-$ID
    mkdir "$GROUP" 2>/dev/null || skip "cannot make a cgroup in $hierarchy"
    printf '%s\n' "$GROUP" >>"$T/cgroups"
    sleep 1000 3>&- &
    VICTIM=$!
    printf '%s\n' "$VICTIM" >>"$T/processes"
    printf '%s\n' "$VICTIM" >"$GROUP/cgroup.procs" || skip "cannot move a process into $GROUP"
}

end_victim() {
    kill -KILL "$VICTIM"
    wait "$VICTIM" 2>/dev/null || true
    within 5 rmdir "$GROUP"
}

# state JSON-of-cgroups: a stopped container whose state says so.
lie() {
    mkdir -p "$T/root/$ID"
    jq -n --arg id "$ID" --argjson cgroups "$1" \
        '{runtime: "urunc", id: $id, bundle: "/x", complete: true, pid: 0, cgroups: $cgroups}' >"$T/root/$ID/state.json"
}

alive() {
    [[ -d /proc/$1 && $(sed 's/.*) //; s/ .*//' "/proc/$1/stat") != Z ]]
}

@test "a state that names the root of a hierarchy kills nobody" {
    local root
    sleep 1000 3>&- &
    printf '%s\n' "$!" >>"$T/processes"
    VICTIM=$!
    for root in $HIERARCHIES; do
        # Right in every number, so that only its being a root speaks against it.
        lie "$(jq -n --arg root "$root" --argjson device "$(stat -c %d "$root")" --argjson inode "$(stat -c %i "$root")" \
            '[{directory: $root, device: $device, v2: true, made: [$inode]}]')"
        fails urunc delete "$ID"
        expect_one_error 'root of a hierarchy, so it is left alone'
        alive "$VICTIM" || fail 'the victim was killed'
        fails urunc kill --all "$ID" KILL
        alive "$VICTIM" || fail 'the victim was killed'
        urunc delete --force "$ID"
        [[ ! -e $T/root/$ID ]]
        alive "$VICTIM" || fail 'the victim was killed'
    done
}

@test "a state that names another container's cgroup kills nobody" {
    make_victim
    # With another inode, with none, and as one that was there before.
    local made
    for made in '[1]' '[0]' '[]'; do
        lie "$(jq -n --arg group "$GROUP" --argjson device "$(stat -c %d "$GROUP")" --argjson made "$made" \
            '[{directory: $group, device: $device, v2: true, made: $made}]')"
        urunc kill --all "$ID" KILL || true
        urunc delete --force "$ID"
        alive "$VICTIM" || fail "killed with made $made"
        [[ -d $GROUP ]] || fail "removed with made $made"
    done
    end_victim
}

@test "a state with a path that leads elsewhere is not acted upon" {
    make_victim
    local path
    for path in "$GROUP/../victim-$ID" "relative/$ID" "$GROUP/." "$GROUP//x" "$GROUP/"; do
        lie "$(jq -n --arg path "$path" --argjson device "$(stat -c %d "$GROUP")" \
            --argjson inode "$(stat -c %i "$GROUP")" '[{directory: $path, device: $device, made: [$inode]}]')"
        fails urunc delete "$ID"
        expect_one_error 'state.json'
        urunc delete --force "$ID"
        alive "$VICTIM" || fail "killed by $path"
        [[ -d $GROUP ]] || fail "removed by $path"
    done
    mkdir "$T/plain"
    lie "$(jq -n --arg path "$T/plain" --argjson device "$(stat -c %d "$T/plain")" \
        --argjson inode "$(stat -c %i "$T/plain")" '[{directory: $path, device: $device, made: [$inode]}]')"
    fails urunc delete "$ID"
    expect_one_error 'not a cgroup'
    urunc delete --force "$ID"
    [[ -d $T/plain ]]
    end_victim
}

@test "a process ID that another process has by now is not signalled" {
    sleep 1000 3>&- &
    VICTIM=$!
    printf '%s\n' "$VICTIM" >>"$T/processes"
    local pid
    for pid in "$VICTIM" 1 0 -1; do
        mkdir -p "$T/root/$ID"
        jq -n --arg id "$ID" --argjson pid "$pid" \
            '{runtime: "urunc", id: $id, bundle: "/x", complete: true, pid: $pid, startTime: 1}' >"$T/root/$ID/state.json"
        urunc kill "$ID" KILL 2>/dev/null || true
        urunc delete --force "$ID"
        alive "$VICTIM" || fail "killed by pid $pid"
    done
}

@test "a cgroupsPath of somebody else is refused" {
    make_victim
    edit "$T/bundle" '.linux.cgroupsPath = $path' --arg path "/victim-$ID"
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'cgroupsPath.* has processes in it'
    alive "$VICTIM"
    [[ -d $GROUP ]]
    end_victim
    expect_nothing_left
}

@test "a network namespace that was exchanged keeps its tap and its interface's redirect" {
    make_network
    ip -n "$NETNS" tuntap add tap0 mode tap
    tc -n "$NETNS" qdisc add dev eth0 ingress
    mkdir -p "$T/root/$ID"
    jq -n --arg id "$ID" --arg path "/run/netns/$NETNS" --argjson device "$(stat -Lc %d "/run/netns/$NETNS")" \
        '{runtime: "urunc", id: $id, bundle: "/x", complete: true, networkNamespace: $path, networkDevice: $device,
          networkInode: 5, networkInterfaces: ["eth0"], networkTaps: ["tap0"]}' >"$T/root/$ID/state.json"
    urunc delete "$ID"
    ip -n "$NETNS" link show tap0
    expect_equal "$(tc -n "$NETNS" qdisc show dev eth0 | grep -c ingress)" 1
}

@test "FIFOs, sockets and devices in the place of files are refused at once" {
    mkdir -p "$T/root/$ID"
    mkfifo "$T/root/$ID/state.json"
    fails timeout 5 "$URUNC" --root "$T/root" state "$ID"
    expect_one_error 'state.json.*not a regular file'
    fails timeout 5 "$URUNC" --root "$T/root" delete "$ID"
    timeout 5 "$URUNC" --root "$T/root" list
    timeout 5 "$URUNC" --root "$T/root" delete --force "$ID"
    [[ ! -e $T/root/$ID ]]
    mkfifo "$T/fifo"
    mknod "$T/null" c 1 3
    local kind path
    for path in "$T/fifo" "$T/null" /etc/passwd; do
        for kind in network ipc uts user pid; do
            cp "$T/bundle/config.json" "$T/saved"
            edit "$T/bundle" '.linux.namespaces |= (map(select(.type != $kind)) + [{type: $kind, path: $path}])' \
                --arg kind "$kind" --arg path "$path"
            fails timeout 5 "$URUNC" --root "$T/root" --config "$T/urunc.json" create --bundle "$T/bundle" "$ID"
            expect_one_error "$kind namespace: $path: not a namespace"
            mv "$T/saved" "$T/bundle/config.json"
        done
    done
    mv "$T/bundle/config.json" "$T/saved"
    mkfifo "$T/bundle/config.json"
    fails timeout 5 "$URUNC" --root "$T/root" create --bundle "$T/bundle" "$ID"
    expect_one_error 'config.json: not a regular file'
    rm "$T/bundle/config.json"
    mv "$T/saved" "$T/bundle/config.json"
    fails timeout 5 "$URUNC" --root "$T/root" --config "$T/fifo" create --bundle "$T/bundle" "$ID"
    expect_one_error 'fifo: not a regular file'
    fails timeout 5 "$URUNC" --root "$T/root" --log "$T/fifo" list
    expect_one_error '--log .*fifo'
    expect_nothing_left
}

# ---- creations that were killed ----

@test "what a create that was killed at any moment has left is shown as stopped and deleted without --force" {
    need_program strace
    # Elsewhere than by default, so that only what was written down leads there.
    edit "$T/bundle" '.linux.cgroupsPath = $path' --arg path "/$ID/container"
    local number call calls=0
    for call in mkdir flock openat rename clone3 socket bind write; do
        for number in 1 3 6; do
            strace -qq -o /dev/null -e trace="$call" -e inject="$call:signal=KILL:when=$number+" \
                "$URUNC" --root "$T/root" --config "$T/urunc.json" create --bundle "$T/bundle" "$ID" \
                </dev/null >/dev/null 2>&1 || true
            [[ -e $T/root/$ID ]] || continue
            if status_is created; then # it made fewer of these calls
                urunc delete --force "$ID"
                continue
            fi
            calls=$((calls + 1))
            within 5 status_is stopped || fail "after $call $number: $(urunc state "$ID")"
            urunc list | grep -q "^$ID .*stopped" || fail "not listed after $call $number"
            urunc delete "$ID" || fail "after $call $number: $(find "$T/root")"
            expect_nothing_left
        done
    done
    ((calls >= 6)) || fail "only $calls of the creations had left something"
}

@test "a directory without a state is a stopped container" {
    mkdir -p "$T/root/$ID"
    status_is stopped
    fails urunc start "$ID"
    expect_one_error 'has stopped'
    fails urunc kill "$ID"
    expect_one_error 'not running'
    urunc delete "$ID"
    [[ ! -e $T/root/$ID ]]
}

@test "a create that is under way is not deleted, but with --force it is interrupted" {
    edit "$T/bundle" '.hooks.createContainer = [{path: "/bin/sleep", args: ["sleep", "1000"]}]'
    urunc create --bundle "$T/bundle" "$ID" </dev/null >/dev/null 2>"$T/create.log" 3>&- &
    local creator=$! status=0
    printf '%s\n' "$creator" >>"$T/processes"
    within 10 status_is creating
    fails urunc delete "$ID"
    expect_one_error 'not stopped: creating'
    status_is creating
    urunc delete --force "$ID"
    wait "$creator" || status=$?
    ((status != 0)) || fail 'create said that it succeeded'
    expect_nothing_left
}

@test "a create that hangs in a hook of the host is deleted with --force" {
    printf '#!/bin/sh\necho $$ >%s/hook.pid\nexec sleep 60\n' "$T" >"$T/hook"
    chmod +x "$T/hook"
    edit "$T/bundle" '.hooks.createRuntime = [{path: $hook}]' --arg hook "$T/hook"
    urunc create --bundle "$T/bundle" "$ID" </dev/null >/dev/null 2>"$T/create.log" 3>&- &
    printf '%s\n' "$!" >>"$T/processes"
    local creator=$!
    within 10 test -s "$T/hook.pid"
    urunc delete --force "$ID"
    [[ ! -e $T/root/$ID ]]
    kill "$(cat "$T/hook.pid")"
    wait "$creator" || true
    expect_nothing_left
}
