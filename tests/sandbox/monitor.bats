#!/usr/bin/env bats
# What the monitor is given: its words, descriptors, identity and limits.
load standin

@test "the monitor's argv is the driver's, and the guest's command line one word of it" {
    arguments "$T/bundle" 'two words' "it's" '-monitor' '$(id)'
    run_standin
    expect_reported '.argv[0]' "$T/qemu/bin/standin"
    expect_reported '.argv | .[index("-append") + 1]' "two words it's -monitor \$(id)"
    expect_reported '[.argv[] | select(. == "-monitor")] | length' 0
    expect_equal "$STATUS" 0
}

@test "the monitor's environment is ours, not the caller's nor the container's" {
    export LEAKED='of the caller'
    run_standin
    expect_reported '.environment | sort' \
        '["HOME=/","LC_ALL=C","LD_PRELOAD=/lib/urunc-exit-status.so","PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","URUNC_EXIT_STATUS=2"]'
}

@test "of a caller's descriptors the monitor gets standard input, output and error" {
    exec 7</etc/passwd 9>"$T/leak" 200</
    run_standin
    exec 7<&- 9>&- 200<&-
    expect_reported '[.descriptors[] | select(.access != "write" or .type != "pipe" or .fd < 3) | .fd]' '[0,1,2]'
}

@test "of a detached container the monitor has standard input, output and error only" {
    exec 7</etc/passwd 200</
    start_standin
    exec 7<&- 200<&-
    expect_reported '[.descriptors[].fd]' '[0,1,2]'
    expect_reported '[.descriptors[] | .close_on_exec] | any' false
}

@test "the monitor is managed by a socket in the state directory, which it has listening" {
    start_standin
    expect_reported '.management | map([.type, .close_on_exec])' '[["socket",false]]'
    expect_equal "$(stat -c '%F %a' "$T/root/$ID/monitor.sock")" 'socket 600'
}

@test "a disk reaches the monitor as a descriptor of the very file, opened as the bundle allows" {
    head -c 1024 /dev/zero >"$T/bundle/rootfs/disk"
    annotate block /disk
    start_standin
    local inode
    inode=$(stat -c %i "$T/bundle/rootfs/disk")
    expect_reported ".descriptors[3:] | map([.type, .access, .inode])" "[[\"file\",\"read-write\",$inode]]"
    expect_reported '[.argv[] | select(startswith("fd="))] == ["fd=\(.descriptors[3].fd),set=2"]' true
}

@test "the disk of a read-only rootfs is opened read-only" {
    head -c 1024 /dev/zero >"$T/bundle/rootfs/disk"
    annotate block /disk
    chmod 666 "$T/bundle/rootfs/disk"
    edit "$T/bundle" '.root.readonly = true'
    start_standin
    expect_reported '.descriptors[3].access' read
    expect_reported '.root[] | select(.path == "/guest/disk0") | .write' EROFS
}

@test "no_new_privs is set" {
    run_standin
    expect_reported .no_new_privs 1
}

@test "the monitor is the bundle's user and groups, in every ID" {
    edit "$T/bundle" '.process.user = {uid: 1234, gid: 1235, additionalGids: [77, 78]}'
    run_standin
    expect_reported '.ids | [.uid, .euid, .suid, .fsuid]' '[1234,1234,1234,1234]'
    expect_reported '.ids | [.gid, .egid, .sgid, .fsgid]' '[1235,1235,1235,1235]'
    expect_reported .groups '[77,78]'
}

@test "groups of the caller are not the monitor's" {
    STATUS=0
    setpriv --groups 4242 "$URUNC" --root "$T/root" --config "$T/urunc.json" run --bundle "$T/bundle" "$ID" \
        </dev/null >"$T/console" 2>"$T/stderr" || STATUS=$?
    take_report
    expect_reported .groups '[]'
}

@test "the umask is the bundle's, and 0022 where it has none" {
    run_standin
    expect_reported .umask 0022
    edit "$T/bundle" '.process.user.umask = 63'
    run_standin
    expect_reported .umask 0077
}

@test "resource limits are the bundle's" {
    edit "$T/bundle" '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 500, hard: 600},
        {type: "RLIMIT_CORE", soft: 0, hard: 0}, {type: "RLIMIT_FSIZE", soft: 4096000, hard: 8192000}]'
    run_standin
    expect_reported .rlimits.RLIMIT_NOFILE 500:600
    expect_reported .rlimits.RLIMIT_CORE 0:0
    expect_reported .rlimits.RLIMIT_FSIZE 4096000:8192000
}

@test "the oom score is the bundle's" {
    edit "$T/bundle" '.process.oomScoreAdj = 321'
    start_standin
    expect_equal "$(cat "/proc/$PID/oom_score_adj")" 321
}

@test "signals that the caller blocks or ignores are the monitor's to receive" {
    STATUS=0
    python3 -c '
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))
for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGPIPE, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
os.execv(sys.argv[1], sys.argv[1:])' "$URUNC" --root "$T/root" --config "$T/urunc.json" create --bundle "$T/bundle" \
        "$ID" </dev/null >"$T/console" 2>"$T/stderr"
    urunc start "$ID"
    within 10 has_report
    take_report
    expect_reported .blocked_signals '[]'
    expect_reported .ignored_signals '[]'
}

@test "the monitor's working directory is the root" {
    run_standin
    expect_reported .cwd /
}

@test "the host and domain names are the bundle's" {
    edit "$T/bundle" '.hostname = "guest-name" | .domainname = "example.org"'
    run_standin
    expect_reported .hostname guest-name
    expect_reported .domainname example.org
}

@test "calls that need privileges are refused to the monitor, even as user 0" {
    run_standin
    expect_reported '.calls | with_entries(select(.key | IN("acct", "chroot", "init_module", "mount", "open_by_handle_at",
        "reboot", "sethostname", "setns", "setpriority", "setresuid", "setrlimit", "socket raw", "swapon", "umount",
        "unshare mount"))) | map_values(select(IN("EPERM", "EACCES", "ENOSYS") | not))' '{}'
}

@test "without a profile in the bundle there is no seccomp filter of ours" {
    start_standin
    expect_reported .seccomp 0
    expect_equal "$(status_line "$PID" Seccomp_filters)" 0
}

@test "the bundle's seccomp profile holds for the monitor, as one filter" {
    edit "$T/bundle" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
        {names: ["keyctl"], action: "SCMP_ACT_ERRNO", errnoRet: 95},
        {names: ["personality"], action: "SCMP_ACT_ERRNO"},
        {names: ["unshare"], action: "SCMP_ACT_KILL_PROCESS"},
        {names: ["socket"], action: "SCMP_ACT_ERRNO", errnoRet: 97,
         args: [{index: 1, value: 3, op: "SCMP_CMP_EQ"}]}]}'
    start_standin
    expect_reported .seccomp 2
    expect_equal "$(status_line "$PID" Seccomp_filters)" 1
    expect_reported .calls.keyctl EOPNOTSUPP
    expect_reported .calls.personality EPERM
    expect_reported '.calls["unshare user"]' 'signal 31'
    expect_reported '.calls["socket raw"]' EAFNOSUPPORT
    expect_reported '.calls.socket' ok
}

@test "it holds as well where its filter was kept from an earlier container" {
    edit "$T/bundle" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
        {names: ["keyctl"], action: "SCMP_ACT_ERRNO", errnoRet: 95}]}'
    mkdir -m 0711 "$T/root"
    start_standin
    local kept
    kept=$(stat -c '%a %i %Z' "$T"/root/seccomp@*)
    [[ $kept == '644 '* ]]
    new_id
    start_standin
    expect_equal "$(stat -c '%a %i %Z' "$T"/root/seccomp@*)" "$kept"
    expect_reported .seccomp 2
    expect_equal "$(status_line "$PID" Seccomp_filters)" 1
    expect_reported .calls.keyctl EOPNOTSUPP
    expect_reported .calls.personality ok
}
