#!/usr/bin/env bats
# The attacks by which runc was broken, in the shape that they would have here (docs/security.md, "The history of runc's
# holes"). Those with a file of their own: waiting.bats (CVE-2016-9962), own_program.bats (CVE-2019-5736).
load standin

prepare_more() {
    printf 'secret of the host\n' >"$T/secret"
    chmod 600 "$T/secret"
    SECRET=$(stat -c %i "$T/secret")
}

# Exchanges "rootfs/boot" for a symlink to the host and back, as fast as it can, until it is killed.
exchange_for_ever() {
    python3 - "$T" <<'END' &
import ctypes, os, sys
top = sys.argv[1]
os.mkdir(f"{top}/outside")
os.link(f"{top}/secret", f"{top}/outside/kernel")
rootfs = os.open(f"{top}/bundle/rootfs", os.O_PATH)
os.symlink(f"{top}/outside", "link", dir_fd=rootfs)
exchange = ctypes.CDLL(None, use_errno=True).renameat2
while True:
    exchange(rootfs, b"boot", rootfs, b"link", 2)
END
    EXCHANGER=$!
    printf '%s\n' "$EXCHANGER" >>"$T/processes"
    within 10 test -L "$T/bundle/rootfs/link" -o -L "$T/bundle/rootfs/boot"
}

@test "CVE-2021-30465: a directory that is exchanged for a symlink during create never leads to the host" {
    local booted=0 refused=0 round
    exchange_for_ever
    for round in {1..30}; do
        ID=e2e-$BASHPID-exchange-$round
        printf '%s\n' "$ID" >>"$T/containers"
        run_standin_or_refuse && booted=$((booted + 1)) || refused=$((refused + 1))
        expect_root "select(.inode == $SECRET) | .path" ''
    done
    kill "$EXCHANGER"
    # Both came: the exchange did hit what it aimed at.
    ((booted > 0 && refused > 0)) || fail "booted $booted times, refused $refused times"
}

# run_standin, for a container that may be refused: then there is an empty report.
run_standin_or_refuse() {
    if urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr"; then
        take_report
    else
        printf '{"root": []}\n' >"$T/report"
        expect_one_error 'com.urunc.unikernel.binary: /boot/kernel'
        return 1
    fi
}

@test "CVE-2024-21626: a working directory behind a leaked descriptor is a text for the guest, and nothing leaks" {
    local number
    exec 7</sys/fs/cgroup 8<"$T"
    for number in 3 7 8 9; do
        edit "$T/bundle" ".process.cwd = \"/proc/self/fd/$number/../../\""
        run_standin
        expect_reported .cwd /
        # Besides these there is the pipe for the guest's exit status.
        expect_reported '[.descriptors[] | select(.access != "write" or .type != "pipe" or .fd < 3) | .fd]' '[0,1,2]'
        expect_root "select(.inode == $SECRET) | .path" ''
    done
    exec 7<&- 8<&-
}

@test "CVE-2025-31133: a rootfs whose /dev/null leads to the host masks nothing and reaches nothing" {
    mkdir -p "$T/bundle/rootfs/dev"
    ln -s "$T/secret" "$T/bundle/rootfs/dev/null"
    ln -s "$T/secret" "$T/bundle/rootfs/masked"
    edit "$T/bundle" '.linux.maskedPaths = ["/masked", "/proc/kcore"] | .linux.readonlyPaths = ["/dev/null"]'
    run_standin
    expect_root 'select(.path == "/dev/null") | .node' '1:3'
    expect_root "select(.inode == $SECRET) | .path" ''
    expect_equal "$(cat "$T/secret")" 'secret of the host'
}

@test "CVE-2025-52565: a rootfs whose /dev/console and /dev/pts lead to the host redirects no terminal" {
    mkdir -p "$T/bundle/rootfs/dev"
    ln -s "$T/secret" "$T/bundle/rootfs/dev/console"
    ln -s "$T" "$T/bundle/rootfs/dev/pts"
    edit "$T/bundle" '.process.terminal = true |
        .mounts = [{destination: "/dev/pts", type: "devpts", source: "devpts", options: ["newinstance"]}]'
    script -qec "'$URUNC' --root '$T/root' --config '$T/urunc.json' run --bundle '$T/bundle' '$ID'" /dev/null \
        </dev/null | sed 's/^[^{]*//' >"$T/console"
    : >"$T/stderr"
    take_report
    # 136 is the major number of pseudoterminals.
    expect_reported '[.descriptors[] | select(.fd < 3) | .node | split(":")[0]]' '["136","136","136"]'
    expect_root "select(.inode == $SECRET) | .path" ''
    expect_equal "$(cat "$T/secret")" 'secret of the host'
}

@test "CVE-2025-52881: what a rootfs has at /proc is not where labels and limits are written" {
    mkdir -p "$T/bundle/rootfs/proc/self/attr" "$T/bundle/rootfs/proc/sys/net/ipv4"
    printf 'untouched' | tee "$T/bundle/rootfs/proc/self/attr/exec" >"$T/bundle/rootfs/proc/sys/net/ipv4/ip_forward"
    edit "$T/bundle" '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .process.oomScoreAdj = 100'
    run_standin
    expect_equal "$(cat "$T/bundle/rootfs/proc/self/attr/exec")" untouched
    expect_equal "$(cat "$T/bundle/rootfs/proc/sys/net/ipv4/ip_forward")" untouched
}

# Also crun's CVE-2026-47766.
@test "CVE-2026-41579: a rootfs whose /dev is a symlink to the host gets no device, link or directory made there" {
    mkdir "$T/outside"
    rmdir "$T/bundle/rootfs/dev" 2>/dev/null || true
    ln -s "$T/outside" "$T/bundle/rootfs/dev"
    edit "$T/bundle" '.linux.devices = [{type: "c", path: "/dev/fuse", major: 10, minor: 229}] |
        .mounts = [{destination: "/dev", type: "tmpfs", source: "tmpfs"}, {destination: "/dev/pts", type: "devpts", source: "devpts"},
            {destination: "/dev/shm", type: "tmpfs", source: "shm"}, {destination: "/dev/mqueue", type: "mqueue", source: "mqueue"}]'
    run_standin
    expect_equal "$STATUS" 0
    expect_equal "$(ls -A "$T/outside")" ''
    expect_root 'select(.path == "/dev/null") | .node' '1:3'
}

@test "CVE-2024-40635, CVE-2026-30892: a user beyond 31 bits is that user, beyond 32 an error, and never root" {
    edit "$T/bundle" '.process.user = {uid: 4294967294, gid: 2147483648}'
    run_standin
    expect_reported '.ids | [.uid, .euid, .suid, .fsuid] | unique' '[4294967294]'
    expect_reported '.ids.gid' 2147483648
    local user
    for user in 4294967296 -1 18446744073709551616 '"1000"' '"0x0"' 1000.5; do
        edit "$T/bundle" ".process.user = {uid: $user, gid: 0}"
        fails urunc create --bundle "$T/bundle" "$ID" </dev/null
        expect_one_error 'config.json: process.user.uid'
    done
}

@test "CVE-2025-47291: a container with a user namespace of its own is where the bundle says, and limited" {
    edit "$T/bundle" '.linux.namespaces += [{type: "user"}, {type: "cgroup"}] | .linux.cgroupsPath = $path
        | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings
        | .linux.resources = {pids: {limit: 7}}' --arg path "/$ID/pod/container"
    chmod 711 "$T" "$F"
    start_standin
    expect_equal "$(cut -d: -f3 "/proc/$PID/cgroup" | sort -u)" "/$ID/pod/container"
    expect_equal "$(cat "$(find /sys/fs/cgroup -path "*/$ID/pod/container/pids.max" | head -n 1)")" 7
}

@test "CVE-2016-3697: a passwd of the image with a user named 1000 does not make user 1000 root" {
    mkdir -p "$T/bundle/rootfs/etc"
    printf '1000:x:0:0:root:/:/bin/sh\n' >"$T/bundle/rootfs/etc/passwd"
    edit "$T/bundle" '.process.user = {uid: 1000, gid: 1000}'
    run_standin
    expect_reported '.ids | [.uid, .euid, .suid, .fsuid] | unique' '[1000]'
}

@test "CVE-2019-19921, CVE-2023-27561, CVE-2023-28642: a rootfs whose /proc and /sys are symlinks hides and redirects nothing" {
    mkdir -p "$T/outside/self/attr" "$T/outside/sys/net/ipv4"
    printf 'untouched' | tee "$T/outside/self/attr/exec" >"$T/outside/sys/net/ipv4/ip_forward"
    ln -s "$T/outside" "$T/bundle/rootfs/proc"
    ln -s "$T/outside" "$T/bundle/rootfs/sys"
    edit "$T/bundle" '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .process.oomScoreAdj = 100 |
        .linux.maskedPaths = ["/proc/self"] | .linux.readonlyPaths = ["/proc/sys"]'
    start_standin
    expect_equal "$(cat "$T/outside/self/attr/exec" "$T/outside/sys/net/ipv4/ip_forward")" untoucheduntouched
    expect_equal "$(cat "/proc/$PID/oom_score_adj")" 100
    expect_equal "$(nsenter --target "$PID" --net cat /proc/sys/net/ipv4/ip_forward)" 1
    expect_equal "$(grep -c "$T/outside" "/proc/$PID/mountinfo")" 0
    expect_root 'select(.path | test("^/(proc|sys)")) | .path' ''
}

@test "CVE-2022-29162: inheritable capabilities of the bundle are in no set of the monitor" {
    edit "$T/bundle" '.process.capabilities = ({bounding: 0, effective: 0, inheritable: 0, permitted: 0, ambient: 0} |
        map_values(["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_SYS_ADMIN"]))'
    run_standin
    expect_reported '.capabilities | [.[]] | unique' '["0000000000000000"]'
}

@test "CVE-2023-25809: no cgroup can be reached, with and without a cgroup namespace" {
    local filter
    for filter in . '.linux.namespaces += [{type: "cgroup"}]'; do
        edit "$T/bundle" "$filter"
        run_standin
        expect_root 'select(.path | test("cgroup|^/sys|^/proc")) | .path' ''
        expect_reported '[.descriptors[] | select(.type == "directory")] | length' 0
    done
}

# Every file below the directories with its kind, owner, mode, link and times of content and status.
inventory() {
    find "$@" -printf '%p %y %U:%G %m %l %T@ %C@\n' | sort
}

@test "CVE-2024-45310, CVE-2025-24965: nothing is made or written in the rootfs, nor where its symlinks lead" {
    mkdir "$T/outside"
    ln -s "$T/outside" "$T/bundle/rootfs/data"
    ln -s "$T/outside/new" "$T/bundle/rootfs/file"
    ln -s "$T/outside/config" "$T/bundle/rootfs/.krun_config.json"
    edit "$T/bundle" '.process.cwd = "/data/a/b" | .mounts = [{destination: "/data/a/b", type: "tmpfs", source: "tmpfs"},
        {destination: "/proc", type: "proc", source: "proc"}]'
    local before
    before=$(inventory "$T/bundle/rootfs" "$T/outside")
    urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || expect_one_error 'mounts'
    urunc delete --force "$ID"
    expect_equal "$(inventory "$T/bundle/rootfs" "$T/outside")" "$before"
}
