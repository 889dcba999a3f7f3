#!/bin/sh
# Runs in a Linux guest whose only cgroups are those of version 2: each function check_NAME runs urunc with the stand-in
# monitor and looks at the kernel's own files. Prints "ok NAME" or "not ok NAME: WHY" for each; tests/e2e/cgroup2.bats
# makes the bundles /checks/BUNDLE and reads the lines.
export PATH=/bin:/sbin
busybox --install -s /bin
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /tmp
mkdir -p /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
G=/sys/fs/cgroup

urunc() {
    command urunc --config /checks/urunc.json "$@"
}

# wrong WORD...: the check has failed.
wrong() {
    printf '%s; ' "$*" >>/tmp/wrong
}

# holds FILE VALUE: a file of the cgroup $C is exactly that (lines joined by blanks).
holds() {
    got=$(tr '\n' ' ' <"$C/$1" 2>&1) || got="missing"
    [ "${got% }" = "$2" ] || wrong "$1 is '${got% }' and not '$2'"
}

# has FILE LINE: one line of the file begins so.
has() {
    grep -q "^$2" "$C/$1" || wrong "$1 has no '$2': $(cat "$C/$1" 2>&1)"
}

# soon COMMAND...: polls until it succeeds, as long as the guest lives.
soon() {
    for i in $(seq 600); do
        "$@" 2>/dev/null && return 0
        usleep 50000
    done
    wrong "did not come true: $*"
}

# up BUNDLE: a started container; $C is its cgroup, $P its process.
up() {
    C=$G/urunc-$1
    urunc create --bundle "/checks/$1" --pid-file /tmp/pid "$1" </dev/null >/tmp/console 2>/tmp/stderr ||
        wrong "create: $(cat /tmp/stderr /tmp/console)"
    P=$(cat /tmp/pid)
    urunc start "$1" >/tmp/start 2>&1 || wrong "start: $(cat /tmp/start /tmp/console)"
}

# down BUNDLE: deletes it; its cgroup goes with it.
down() {
    urunc delete --force "$1" >/tmp/delete 2>&1 || wrong "delete: $(cat /tmp/delete)"
    [ ! -d "$C" ] || wrong "$C is still there"
}

# refused BUNDLE TEXT: create fails with that text, and leaves nothing.
refused() {
    if urunc create --bundle "/checks/$1" "$1" </dev/null >/tmp/console 2>/tmp/stderr; then
        wrong "was not refused"
        urunc delete --force "$1"
    fi
    grep -q "$2" /tmp/stderr || wrong "no '$2' in: $(cat /tmp/stderr)"
    [ -z "$(find $G -name "*-$1")" ] || wrong "left a cgroup"
}

check_alone() {
    [ "$(grep -c ' - cgroup ' /proc/self/mountinfo)" = 0 ] || wrong "version 1 is mounted"
    for controller in memory cpu cpuset io pids hugetlb; do
        grep -qw $controller $G/cgroup.controllers || wrong "no $controller"
    done
}

check_limits() {
    up limits
    holds memory.max $(((64 + 32) << 20))
    holds memory.low $(((48 + 32) << 20))
    holds memory.swap.max $((16 << 20))
    holds cpu.weight 20
    holds cpu.max '20000 50000'
    holds cpu.max.burst 10000
    holds cpuset.cpus 0
    holds cpuset.cpus.effective 0
    holds pids.max 7
    has io.max "$(sed 's/$/ /' /sys/block/vda/dev)rbps=1048576 wbps=2097152 riops=100 wiops=200"
    holds hugetlb.2MB.max 0
    holds memory.high $((90 << 20))
    holds cgroup.procs "$P"
    [ "$(cat "/proc/$P/cgroup")" = "0::/urunc-limits" ] || wrong "is in $(cat "/proc/$P/cgroup")"
    down limits
}

# New limits, all or none, and the figures that the kernel's files say.
check_update() {
    up update
    urunc update --memory 80m --pids-limit 6 --cpu-quota 30000 update 2>/tmp/stderr || wrong "$(cat /tmp/stderr)"
    holds memory.max $(((80 + 32) << 20))
    holds pids.max 6
    holds cpu.max '30000 50000'
    printf '{"cpu": {"quota": 40000, "shares": 100}, "unified": {"memory.high": "x"}}' >/tmp/resources
    urunc update -r /tmp/resources update 2>/tmp/stderr && wrong 'an update that fails did not'
    holds cpu.max '30000 50000'
    holds cpu.weight 20
    printf '{"blockIO": {"throttleReadBpsDevice": [{"major": 254, "minor": 0, "rate": 4096}]}, "unified": {"x.y": "z"}}' |
        urunc update -r - update 2>/tmp/stderr && wrong 'an update that fails did not'
    has io.max "$(cat /sys/block/vda/dev) rbps=1048576 "
    printf '{"memory": {"limit": 1}}' | urunc update -r - update 2>/tmp/stderr && wrong 'took less than the guest has'
    # A burst is at most the quota, so that the order counts.
    printf '{"cpu": {"quota": 5000, "burst": 5000}}' | urunc update -r - update 2>/tmp/stderr || wrong "$(cat /tmp/stderr)"
    holds cpu.max '5000 50000'
    holds cpu.max.burst 5000
    down update
}

check_events() {
    up limits
    urunc events --stats limits >/tmp/events 2>/tmp/stderr || wrong "$(cat /tmp/stderr)"
    for figure in '"type":"stats"' "\"limit\":$(((64 + 32) << 20))" '"pids":{"current":1,"limit":7}' '"psi":{"some"' \
        '"cpus":\[0\]' '"raw":{"anon"' '"2MB":{'; do
        grep -q "$figure" /tmp/events || wrong "no $figure in $(cat /tmp/events)"
    done
    down limits
}

check_oom_event() {
    C=$G/urunc-oom
    urunc create --bundle /checks/oom oom </dev/null >/tmp/console 2>/tmp/stderr || wrong "$(cat /tmp/stderr)"
    command urunc --config /checks/urunc.json events --interval 1h oom >/tmp/events 2>&1 &
    soon eval "ls -l /proc/$!/fd | grep -q memory.events"
    urunc start oom
    soon grep -qx '{"type":"oom","id":"oom"}' /tmp/events
    wait $!
    down oom
}

check_none() {
    up none
    holds memory.max max
    holds pids.max max
    holds cpu.max 'max 100000'
    down none
}

check_oom() {
    C=$G/urunc-oom
    urunc create --bundle /checks/oom oom </dev/null >/tmp/console 2>/tmp/stderr || wrong "$(cat /tmp/stderr)"
    urunc start oom
    soon grep -q 'oom_kill 1' $C/memory.events
    down oom
}

check_processes() {
    up processes
    soon grep -q forked /tmp/console
    [ "$(wc -l <$C/cgroup.procs)" = 5 ] || wrong "$(wc -l <$C/cgroup.procs) processes"
    has pids.events 'max 4'
    [ "$(urunc ps --format json processes | tr ',' '\n' | wc -l)" = 5 ] || wrong "ps: $(urunc ps -f json processes)"
    urunc kill --all processes KILL || wrong 'kill --all failed'
    soon grep -q 'populated 0' $C/cgroup.events
    down processes
}

# A cgroup of somebody else's that hands on two controllers already.
check_below() {
    mkdir $G/engine
    echo +memory >$G/cgroup.subtree_control
    echo $((256 << 20)) >$G/engine/memory.max
    up below
    C=$G/engine/pod/below
    holds memory.max $((96 << 20))
    holds pids.max 9
    grep -qw memory $G/engine/pod/cgroup.subtree_control || wrong "memory is not handed on"
    down below
    [ ! -d $G/engine/pod ] || wrong "the pod's cgroup is left"
    [ -d $G/engine ] || wrong "the engine's cgroup is gone"
    rmdir $G/engine
}

# Processes may only be in leaves: a cgroup that has some hands no controller on.
check_inner() {
    mkdir $G/inner
    sleep 1000 &
    echo $! >$G/inner/cgroup.procs
    refused inner 'linux.resources.pids.limit'
    grep -q "$G/inner has processes" /tmp/stderr || wrong "not said why: $(cat /tmp/stderr)"
    [ "$(cat $G/inner/cgroup.type)" = domain ] || wrong "it became $(cat $G/inner/cgroup.type)"
    kill -KILL $!
    soon rmdir $G/inner
}

check_threaded() {
    mkdir -p $G/threads/below
    echo threaded >$G/threads/below/cgroup.type
    refused threaded 'ctr-threaded lies below a threaded cgroup'
    rmdir $G/threads/below $G/threads
}

check_without_limits_inner() {
    mkdir $G/inner2
    sleep 1000 &
    echo $! >$G/inner2/cgroup.procs
    up free
    C=$G/inner2/free
    holds cgroup.procs "$P"
    down free
    kill -KILL $!
    soon rmdir $G/inner2
}

# delegate WORD...: the cgroup $G/user is the user's (uid 1000), with the controllers that are named; $USER_SHELL is a
# command that runs words of a shell as that user, in a cgroup of its own below it.
delegate() {
    for controller; do
        echo "+$controller" >$G/cgroup.subtree_control
    done
    mkdir -p $G/user/shell /tmp/user
    chown -R guest $G/user /tmp/user
    for controller; do
        echo "+$controller" >$G/user/cgroup.subtree_control
    done
    cat >/tmp/as-user <<'AS_USER'
echo $$ >/sys/fs/cgroup/user/shell/cgroup.procs
exec su -s /bin/sh guest -c "export XDG_RUNTIME_DIR=/tmp/user PATH=/bin:/sbin; $1"
AS_USER
}

undelegate() {
    soon rmdir $G/user/shell
    rmdir $G/user
    rm -r /tmp/user
}

check_rootless() {
    delegate memory pids cpu
    sh /tmp/as-user 'urunc --config /checks/urunc.json create --bundle /checks/rootless --pid-file /tmp/user/pid rootless \
        </dev/null >/tmp/user/console 2>/tmp/user/stderr && urunc start rootless' || wrong "$(cat /tmp/user/stderr)"
    C=$G/user/ctr
    holds memory.max $(((64 + 32) << 20))
    holds pids.max 9
    holds cpu.max '20000 50000'
    holds cgroup.procs "$(cat /tmp/user/pid)"
    [ "$(stat -c %u "/proc/$(cat /tmp/user/pid)")" != 0 ] || wrong "the monitor is the host's root"
    sh /tmp/as-user 'urunc update --pids-limit 8 rootless' || wrong 'update'
    holds pids.max 8
    sh /tmp/as-user 'urunc events --stats rootless' | grep -q '"limit":8' || wrong 'events'
    sh /tmp/as-user 'urunc delete --force rootless' || wrong 'delete'
    [ ! -d "$C" ] || wrong "$C is still there"
    undelegate
}

# What is not delegated cannot be limited, and it is said where it ends.
check_rootless_undelegated() {
    echo -memory >$G/cgroup.subtree_control
    delegate pids
    sh /tmp/as-user 'urunc --config /checks/urunc.json create --bundle /checks/rootless rootless \
        </dev/null >/tmp/user/console 2>/tmp/user/stderr' && wrong 'was not refused'
    grep -q 'linux.resources.memory.limit: /sys/fs/cgroup does not hand the controller "memory" on' /tmp/user/stderr ||
        wrong "$(cat /tmp/user/stderr)"
    [ ! -d $G/user/ctr ] || wrong 'left a cgroup'
    undelegate
}

check_version_1() {
    refused swappiness 'memory.swappiness: cgroups of version 2 do not have it'
    refused realtime 'cpu.realtimePeriod: cgroups of version 2 do not have it'
}

check_occupied() {
    mkdir $G/occupied
    sleep 1000 &
    echo $! >$G/occupied/cgroup.procs
    refused occupied 'has processes in it'
    kill -KILL $!
    soon rmdir $G/occupied
}

for check in $(sed -n 's/^check_\([a-z0-9_]*\)() {/\1/p' "$0"); do
    : >/tmp/wrong
    "check_$check"
    if [ -s /tmp/wrong ]; then
        echo "not ok $check: $(tr '\n' ' ' </tmp/wrong)"
    else
        echo "ok $check"
    fi
done
[ -z "$(find $G -name 'urunc-*')" ] || echo "left: $(find $G -name 'urunc-*')"
echo done
