#!/usr/bin/env bats
# startContainer hooks are programs of the container's rootfs, and may do what the bundle grants and no more.
load standin

prepare_more() {
    need_program busybox
    mkdir -p "$T/bundle/rootfs/bin"
    cp "$(command -v busybox)" "$T/bundle/rootfs/bin/busybox"
    chmod 777 "$T/bundle/rootfs"
    orders wait
    printf 'the host\n' >"$T/secret"
}

# hook SCRIPT: run by the rootfs's shell.
hook() {
    edit "$T/bundle" '.hooks = {startContainer: [{path: "/bin/busybox", args: ["sh", "-c", $script], env: ["A=b"]}]}' \
        --arg script "export PATH=/bin; $1"
}

start_hooked() {
    create_standin
    [[ ! -e $T/bundle/rootfs/out ]] || fail 'the hook ran during create'
    urunc start "$ID" || fail "$(cat "$T/stderr")"
}

@test "a startContainer hook runs in the rootfs, during start, with the state on its standard input" {
    hook 'busybox cat >/out; busybox env >/environment; busybox pwd >/cwd'
    start_hooked
    jq -e --arg id "$ID" '.id == $id and .status == "created"' "$T/bundle/rootfs/out"
    expect_equal "$(jq .pid "$T/bundle/rootfs/out")" "$PID"
    grep -qx 'A=b' "$T/bundle/rootfs/environment"
    expect_equal "$(cat "$T/bundle/rootfs/cwd")" /
    status_is running
}

@test "its root has no way out to the host" {
    grant_everything
    hook "busybox ls /../../../.. >/out; busybox mkdir /proc; busybox mount -t proc proc /proc;
          busybox ls -l /proc/self/fd >>/out; busybox cat /../../..$T/secret /proc/1/root$T/secret >>/out 2>&1; true"
    start_hooked
    ! grep -e 'the host' -e home "$T/bundle/rootfs/out" || fail "$(cat "$T/bundle/rootfs/out")"
}

grant_everything() {
    edit "$T/bundle" '.process.capabilities = (["bounding", "effective", "permitted"]
        | map({key: ., value: ["CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_DAC_OVERRIDE", "CAP_SYS_PTRACE"]}) | from_entries)'
}

@test "it is the bundle's user, with the bundle's capabilities, limits and seccomp profile" {
    edit "$T/bundle" '.process.user = {uid: 1000, gid: 1001, additionalGids: [77]} |
        .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 50, hard: 60}] |
        .process.capabilities = {bounding: ["CAP_CHOWN"], effective: ["CAP_CHOWN"], permitted: ["CAP_CHOWN"],
                                 inheritable: ["CAP_CHOWN"], ambient: ["CAP_CHOWN"]} |
        .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]}'
    mkdir -m 777 "$T/bundle/rootfs/proc"
    hook 'busybox id >/out; ulimit -n >>/out; busybox mkdir /new 2>>/out; while read line; do echo "$line"; done <&3 >>/out' 
    # There is no /proc in the rootfs: it is mounted there by a createContainer hook, as an engine might.
    edit "$T/bundle" '.hooks.createContainer = [{path: "/bin/mount", args: ["mount", "-t", "proc", "proc", $proc]}]' \
        --arg proc "$T/bundle/rootfs/proc"
    edit "$T/bundle" '.hooks.startContainer[0].args[2] |= sub("<&3"; "</proc/self/status")'
    start_hooked
    local out=$T/bundle/rootfs/out
    expect_match '^uid=1000 gid=1001 groups=77,1001|^uid=1000 gid=1001 groups=1001,77|^uid=1000 gid=1001 groups=77' "$out"
    expect_line 50 "$out"
    expect_match 'Operation not permitted' "$out"
    expect_match '^CapEff:.*0000000000000001$' "$out"
    expect_match '^CapBnd:.*0000000000000001$' "$out"
    expect_match '^NoNewPrivs:.*1$' "$out"
    # It is the hook that has them: the monitor that follows has none.
    within 10 has_report
    take_report
    expect_reported '.capabilities | [.[]] | unique' '["0000000000000000"]'
}

@test "a hook that is not in the rootfs, fails or takes too long fails start, in one line" {
    edit "$T/bundle" '.hooks = {startContainer: [{path: "/bin/sleep", args: ["sleep", "1"]}]}'
    create_standin
    fails urunc start "$ID"
    expect_one_error '/bin/sleep: .*No such file'
    urunc delete "$ID"
    hook 'echo broken >&2; exit 3'
    create_standin
    fails urunc start "$ID"
    expect_one_error 'startContainer hook: /bin/busybox: exit status 3: broken'
    urunc delete "$ID"
    hook 'busybox sleep 60'
    edit "$T/bundle" '.hooks.startContainer[0].timeout = 1'
    create_standin
    fails urunc start "$ID"
    expect_one_error 'not done after 1 seconds'
    status_is stopped
}

@test "nothing of the rootfs is mounted for the monitor" {
    hook true
    start_hooked
    within 10 has_report
    ! grep -q "$T/bundle/rootfs " "/proc/$PID/mountinfo"
    [[ ! -e /proc/$PID/root/bin ]]
}

@test "in a read-only rootfs it can write nothing" {
    edit "$T/bundle" '.root.readonly = true'
    hook 'echo written >/out'
    create_standin
    fails urunc start "$ID"
    expect_one_error 'Read-only file system'
    [[ ! -e $T/bundle/rootfs/out ]]
}

@test "a rootfs that was replaced while the container was made is refused" {
    hook 'true'
    edit "$T/bundle" '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", $script], env: ["PATH=/usr/bin:/bin"]}]' \
        --arg script "mv $T/bundle/rootfs $T/bundle/before && mkdir $T/bundle/rootfs"
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'rootfs was replaced during create'
    expect_nothing_left
}

@test "a start that is killed in its hook does not look like one that went through" {
    hook 'busybox touch /begun; busybox sleep 1000'
    create_standin
    urunc start "$ID" >"$T/started" 2>&1 &
    local starter=$! status=0
    within 60 test -e "$T/bundle/rootfs/begun"
    kill -KILL "$PID"
    wait "$starter" || status=$?
    expect_equal "$status" 1
    grep -q 'it was ended while it was started' "$T/started" || fail "$(cat "$T/started")"
}
