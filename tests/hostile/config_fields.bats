#!/usr/bin/env bats
# Every field of config.json with a value that it must not have: one line that names file, place and value, and nothing
# is left. No guest is booted. Each line of a table is a case: a filter of jq that spoils the bundle, and what the
# message must be like.
load ../sandbox/standin

# The bundle that stands in $T/bundle is refused, with a message like $1.
refused() {
    fails urunc create --bundle "$T/bundle" "$ID" </dev/null
    expect_one_error "^urunc: .*$1"
    [[ $(wc -c <"$T/stderr") -lt 2000 ]] || fail "a message of $(wc -c <"$T/stderr") bytes"
}

# Reads "FILTER ::: MESSAGE" lines.
refuses_each() {
    STATE=$T/root "$URUNC_SOURCE/tests/hostile/refuses.py" "$T/bundle" "$URUNC" --root "$T/root" --config "$T/urunc.json" \
        create --bundle "$T/bundle" "$ID"
    expect_nothing_left
}

@test "the top of the document" {
    refuses_each <<'CASES'
.ociVersion = 1 ::: config.json: ociVersion: not a string
.ociVersion = "2.0.0" ::: config.json: ociVersion: "2.0.0" is not 1.x
.ociVersion = "" ::: config.json: ociVersion: missing
.ociVersion = null ::: config.json: ociVersion: missing
del(.process) ::: config.json: process: missing
.process = [] ::: config.json: process: not an object
.process = "sh" ::: config.json: process: not an object
del(.root) ::: config.json: root: missing
.root = "rootfs" ::: config.json: root: not an object
.root.path = ["rootfs"] ::: config.json: root.path: not a string
.root.path = "" ::: config.json: root.path: missing
.root.path = "nowhere" ::: config.json: root.path: .*/nowhere: No such file
.root.path = "config.json" ::: config.json: root.path: .*/config.json: Not a directory
.root.readonly = "yes" ::: config.json: root.readonly: not true or false
.hostname = 7 ::: config.json: hostname: not a string
.hostname = "x" * 65 ::: config.json: hostname: longer than 64 bytes
.domainname = {} ::: config.json: domainname: not a string
.annotations = [] ::: config.json: annotations: not an object
.annotations.other = 1 ::: config.json: annotations.other: not a string
.linux = [] ::: config.json: linux: not an object
.linux = "linux" ::: config.json: linux: not an object
.vm = {kernel: {path: "/etc/passwd"}} ::: config.json: vm: is refused
.vm = "qemu" ::: config.json: vm: not an object
CASES
}

@test "process: what is run and where" {
    refuses_each <<'CASES'
.process.args = "sh -c id" ::: config.json: process.args: not an array
.process.args = ["a", 2] ::: config.json: process.args\[1\]: not a string
.process.args = {"0": "a"} ::: config.json: process.args: not an array
.process.env = {"A": "b"} ::: config.json: process.env: not an array
.process.env = ["A=b", null] ::: config.json: process.env\[1\]: not a string
.process.cwd = "tmp" ::: config.json: process.cwd: "tmp" is not an absolute path
.process.cwd = 1 ::: config.json: process.cwd: not a string
del(.process.cwd) ::: config.json: process.cwd: missing
.process.terminal = 1 ::: config.json: process.terminal: not true or false
.process.consoleSize = [24, 80] ::: config.json: process.consoleSize: not an object
.process.consoleSize = {height: -1, width: 80} ::: config.json: process.consoleSize.height: -1 is out of range
.process.consoleSize = {height: 24, width: 65536} ::: config.json: process.consoleSize.width: 65536 is out of range
.process.noNewPrivileges = "true" ::: config.json: process.noNewPrivileges: not true or false
CASES
}

@test "process: the user" {
    refuses_each <<'CASES'
.process.user = "root" ::: config.json: process.user: not an object
.process.user.uid = "0" ::: config.json: process.user.uid: not a whole number
.process.user.uid = -1 ::: config.json: process.user.uid: -1 is out of range
.process.user.uid = 4294967295 ::: config.json: process.user.uid: 4294967295 is out of range
.process.user.uid = 0.5 ::: config.json: process.user.uid: not a whole number
.process.user.gid = 4294967296 ::: config.json: process.user.gid: 4294967296 is out of range
.process.user.umask = 512 ::: config.json: process.user.umask: 512 is out of range
.process.user.additionalGids = 5 ::: config.json: process.user.additionalGids: not an array
.process.user.additionalGids = [1, -1] ::: config.json: process.user.additionalGids\[1\]: not a group ID
.process.user.additionalGids = [4294967295] ::: config.json: process.user.additionalGids\[0\]: not a group ID
.process.user.additionalGids = [range(65537)] ::: config.json: process.user.additionalGids: 65537 groups are too many
CASES
}

@test "process: capabilities, limits, labels, scores" {
    refuses_each <<'CASES'
.process.capabilities = ["CAP_CHOWN"] ::: config.json: process.capabilities: not an object
.process.capabilities.bounding = "CAP_CHOWN" ::: config.json: process.capabilities.bounding: not an array
.process.capabilities.ambient = [1] ::: config.json: process.capabilities.ambient\[0\]: not a string
.process.rlimits = {} ::: config.json: process.rlimits: not an array
.process.rlimits = [1] ::: config.json: process.rlimits\[0\].type: missing
.process.rlimits = [{type: "RLIMIT_X", soft: 1, hard: 1}] ::: config.json: process.rlimits\[0\].type: unknown resource limit "RLIMIT_X"
.process.rlimits = [{type: "RLIMIT_CORE", soft: 2, hard: 1}] ::: config.json: process.rlimits\[0\].soft: above the hard limit
.process.rlimits = [{type: "RLIMIT_CORE", soft: 1}] ::: config.json: process.rlimits\[0\].hard: missing
.process.rlimits = [range(2) | {type: "RLIMIT_CORE", soft: 1, hard: 1}] ::: config.json: process.rlimits\[1\].type: RLIMIT_CORE is given twice
.process.rlimits = [{type: "RLIMIT_CORE", soft: -2, hard: 1}] ::: config.json: process.rlimits\[0\].soft: -2 is out of range
.process.apparmorProfile = 1 ::: config.json: process.apparmorProfile: not a string
.process.selinuxLabel = [] ::: config.json: process.selinuxLabel: not a string
.process.oomScoreAdj = 1001 ::: config.json: process.oomScoreAdj: 1001 is out of range
.process.oomScoreAdj = "0" ::: config.json: process.oomScoreAdj: not a whole number
CASES
}

@test "process: scheduler, I/O priority, processors" {
    refuses_each <<'CASES'
.process.scheduler = "SCHED_FIFO" ::: config.json: process.scheduler: not an object
.process.scheduler = {} ::: config.json: process.scheduler.policy: missing
.process.scheduler = {policy: "SCHED_ISO"} ::: config.json: process.scheduler.policy: "SCHED_ISO" is not known
.process.scheduler = {policy: "SCHED_OTHER", nice: 99} ::: config.json: process.scheduler.nice: 99 is out of range
.process.scheduler = {policy: "SCHED_FIFO", priority: 0} ::: config.json: process.scheduler.priority: .*from 1 to 99
.process.scheduler = {policy: "SCHED_OTHER", priority: 5} ::: config.json: process.scheduler.priority: only SCHED_FIFO
.process.scheduler = {policy: "SCHED_OTHER", runtime: 5} ::: config.json: process.scheduler.runtime, deadline, period: only
.process.scheduler = {policy: "SCHED_OTHER", flags: ["X"]} ::: config.json: process.scheduler.flags\[0\]: "X" is not known
.process.scheduler = {policy: "SCHED_OTHER", flags: "X"} ::: config.json: process.scheduler.flags: not an array
.process.scheduler = {policy: "SCHED_DEADLINE", runtime: -1} ::: config.json: process.scheduler.runtime: -1 is out of range
.process.ioPriority = 3 ::: config.json: process.ioPriority: not an object
.process.ioPriority = {priority: 3} ::: config.json: process.ioPriority.class: missing
.process.ioPriority = {class: "IOPRIO_CLASS_X"} ::: config.json: process.ioPriority.class: "IOPRIO_CLASS_X" is not known
.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: -1} ::: config.json: process.ioPriority.priority: -1 is out of range
.process.execCPUAffinity = "0" ::: config.json: process.execCPUAffinity: not an object
.process.execCPUAffinity.initial = 0 ::: config.json: process.execCPUAffinity.initial: not a string
.process.execCPUAffinity.final = "all" ::: config.json: process.execCPUAffinity.final: "all" is not a list of processors
CASES
}

@test "namespaces" {
    refuses_each <<'CASES'
.linux.namespaces = {} ::: config.json: linux.namespaces: not an array
.linux.namespaces = ["pid"] ::: config.json: linux.namespaces\[0\].type: missing
.linux.namespaces = [{type: "net"}] ::: config.json: linux.namespaces\[0\].type: "net" is not a kind of namespace
.linux.namespaces = [{type: 1}] ::: config.json: linux.namespaces\[0\].type: not a string
.linux.namespaces += [{type: "pid"}] ::: config.json: linux.namespaces\[5\].type: "pid" is listed twice
.linux.namespaces = [{type: "ipc", path: "ns"}] ::: config.json: linux.namespaces\[0\].path: "ns" is not an absolute path
.linux.namespaces = [{type: "ipc", path: 3}] ::: config.json: linux.namespaces\[0\].path: not a string
.linux.namespaces = [{type: "mount", path: "/proc/self/ns/mnt"}] ::: config.json: linux.namespaces: a mount namespace cannot be joined
.linux.namespaces = [{type: "ipc", path: "/proc/self/ns/uts"}] ::: cannot join the ipc namespace /proc/self/ns/uts
.linux.namespaces = [{type: "ipc", path: "/proc/self/ns"}] ::: the container's ipc namespace: /proc/self/ns: not a namespace
.linux.namespaces = [{type: "ipc", path: "/dev/zero"}] ::: the container's ipc namespace: /dev/zero: not a namespace
.linux.namespaces = [{type: "ipc", path: "/proc/version"}] ::: the container's ipc namespace: /proc/version: not a namespace
.linux.namespaces = [{type: "user", path: "/proc/self/ns/user"}] ::: cannot join the user namespace /proc/self/ns/user
CASES
}

@test "ID mappings" {
    refuses_each <<'CASES'
.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}] ::: config.json: linux.uidMappings, gidMappings: need a user namespace
.linux.namespaces += [{type: "user"}] ::: config.json: linux.uidMappings, gidMappings: a new user namespace needs both
.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}] ::: gidMappings: a new user namespace needs both
.linux.uidMappings = {} ::: config.json: linux.uidMappings: not an array
.linux.uidMappings = [7] ::: config.json: linux.uidMappings\[0\]: not an object
.linux.uidMappings = [{containerID: 0, hostID: 0}] ::: config.json: linux.uidMappings\[0\].size: missing or 0
.linux.uidMappings = [{containerID: 0, hostID: 0, size: 0}] ::: config.json: linux.uidMappings\[0\].size: missing or 0
.linux.uidMappings = [{containerID: -1, hostID: 0, size: 1}] ::: config.json: linux.uidMappings\[0\].containerID: -1 is out of range
.linux.uidMappings = [{containerID: 0, hostID: 4294967295, size: 1}] ::: config.json: linux.uidMappings\[0\].size: 1 reaches beyond the last ID
.linux.gidMappings = [{containerID: 1, hostID: 0, size: 4294967295}] ::: config.json: linux.gidMappings\[0\].size: 4294967295 reaches beyond
.linux.gidMappings = [{containerID: 0, hostID: 0, size: 10}, {containerID: 5, hostID: 50, size: 1}] ::: config.json: linux.gidMappings\[1\].containerID: 5: the range overlaps that of entry 0
.linux.gidMappings = [{containerID: 0, hostID: 0, size: 10}, {containerID: 10, hostID: 9, size: 1}] ::: config.json: linux.gidMappings\[1\].hostID: 9: the range overlaps that of entry 0
.linux.uidMappings = [range(341) | {containerID: ., hostID: ., size: 1}] ::: config.json: linux.uidMappings: 341 entries are more than the kernel's 340
CASES
}

@test "clocks, memory nodes, personality" {
    refuses_each <<'CASES'
.linux.timeOffsets = {monotonic: {secs: 1}} ::: config.json: linux.timeOffsets: need a new time namespace
.linux.timeOffsets = [] ::: config.json: linux.timeOffsets: not an object
.linux.timeOffsets.realtime = {secs: 1} ::: config.json: linux.timeOffsets.realtime: not a clock that a time namespace has
.linux.timeOffsets.boottime = 7 ::: config.json: linux.timeOffsets.boottime: not an object
.linux.timeOffsets.boottime.secs = "1" ::: config.json: linux.timeOffsets.boottime.secs: not a whole number
.linux.timeOffsets.boottime.nanosecs = 1000000000 ::: config.json: linux.timeOffsets.boottime.nanosecs: 1000000000 is out of range
.linux.memoryPolicy = "MPOL_BIND" ::: config.json: linux.memoryPolicy: not an object
.linux.memoryPolicy.nodes = "0" ::: config.json: linux.memoryPolicy.mode: missing
.linux.memoryPolicy = {mode: "MPOL_X"} ::: config.json: linux.memoryPolicy.mode: "MPOL_X" is not known
.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0-99999"} ::: config.json: linux.memoryPolicy.nodes: "0-99999" is not a list
.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: [0]} ::: config.json: linux.memoryPolicy.nodes: not a string
.linux.memoryPolicy = {mode: "MPOL_LOCAL", nodes: "0"} ::: config.json: linux.memoryPolicy.nodes: .* take none
.linux.memoryPolicy = {mode: "MPOL_BIND", flags: ["X"]} ::: config.json: linux.memoryPolicy.flags\[0\]: "X" is not known
.linux.personality = {} ::: config.json: linux.personality.domain: missing
.linux.personality.domain = "LINUX32" ::: config.json: linux.personality.domain: LINUX32 is refused
.linux.personality.domain = "BSD" ::: config.json: linux.personality.domain: "BSD" is not known
.linux.personality = {domain: "LINUX", flags: ["ADDR_NO_RANDOMIZE"]} ::: config.json: linux.personality.flags: none is known
CASES
}

@test "paths, devices, interfaces, labels" {
    refuses_each <<'CASES'
.linux.maskedPaths = "/proc" ::: config.json: linux.maskedPaths: not an array
.linux.maskedPaths = ["/proc/kcore", "kcore"] ::: config.json: linux.maskedPaths\[1\]: "kcore" is not an absolute path
.linux.readonlyPaths = [1] ::: config.json: linux.readonlyPaths\[0\]: not a string
.linux.readonlyPaths = ["../proc"] ::: config.json: linux.readonlyPaths\[0\]: "../proc" is not an absolute path
.linux.rootfsPropagation = "public" ::: config.json: linux.rootfsPropagation: "public" is not known
.linux.rootfsPropagation = true ::: config.json: linux.rootfsPropagation: not a string
.linux.mountLabel = {} ::: config.json: linux.mountLabel: not a string
.linux.cgroupsPath = [] ::: config.json: linux.cgroupsPath: not a string
.linux.devices = {} ::: config.json: linux.devices: not an array
.linux.devices = [{path: "/dev/x"}] ::: config.json: linux.devices\[0\].type: missing
.linux.devices = [{type: "x", path: "/dev/x"}] ::: config.json: linux.devices\[0\].type: "x" is not one of b, c, u, p
.linux.devices = [{type: "c", path: "x"}] ::: config.json: linux.devices\[0\].path: "x" is not an absolute path
.linux.devices = [{type: "c", path: "/x", major: 4294967296}] ::: config.json: linux.devices\[0\].major: 4294967296 is out of range
.linux.devices = [{type: "c", path: "/x", fileMode: 2541}] ::: config.json: linux.devices\[0\].fileMode: 2541 is out of range
.linux.devices = [{type: "c", path: "/x", uid: "0"}] ::: config.json: linux.devices\[0\].uid: not a whole number
CASES
}

@test "interfaces of the host" {
    refuses_each <<'CASES'
.linux.netDevices = ["eth1"] ::: config.json: linux.netDevices: not an object
.linux.netDevices = {eth1: "eth0"} ::: config.json: linux.netDevices.eth1: not an object
.linux.netDevices = {eth1: null} ::: config.json: linux.netDevices.eth1: not an object
.linux.netDevices = {"": {}} ::: config.json: linux.netDevices.: not the name of an interface
.linux.netDevices = {"a/b": {}} ::: config.json: linux.netDevices.a/b: not the name of an interface
.linux.netDevices = {"..": {}} ::: config.json: linux.netDevices...: not the name of an interface
.linux.netDevices = {"eth%d": {}} ::: config.json: linux.netDevices.eth%d: not the name of an interface
.linux.netDevices = {("e" * 16): {}} ::: config.json: linux.netDevices.eeeeeeeeeeeeeeee: not the name of an interface
.linux.netDevices = {eth1: {name: 1}} ::: config.json: linux.netDevices.eth1.name: not a string
.linux.netDevices = {eth1: {name: "a b"}} ::: config.json: linux.netDevices.eth1.name: "a b" is not the name of an interface
.linux.netDevices = {eth1: {name: "a:1"}} ::: config.json: linux.netDevices.eth1.name: "a:1" is not the name of an interface
.linux.netDevices = {eth1: {name: "eth%d%d"}} ::: config.json: linux.netDevices.eth1.name: "eth%d%d" is not the name of an interface
.linux.netDevices = {eth1: {name: "eth%s"}} ::: config.json: linux.netDevices.eth1.name: "eth%s" is not the name of an interface
.linux.netDevices = {eth1: {name: "e"}, e: {}} ::: config.json: linux.netDevices.e.name: eth1 already has the name e
.linux.netDevices = {nowhere0: {}} ::: config.json: linux.netDevices: there is no interface nowhere0 to move
.linux.netDevices = {lo: {}} | .linux.namespaces |= map(select(.type != "network")) ::: config.json: linux.netDevices: needs a network namespace of the container's own
.linux.netDevices = {lo: {}} | .linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/net" else . end) ::: config.json: linux.netDevices: needs a network namespace of the container's own
.linux.netDevices = {lo: {name: "lo9"}} ::: config.json: linux.netDevices: network: cannot move lo
CASES
}

# Values are looked at before the host is, which here has no resctrl.
@test "shares of the processor's cache" {
    refuses_each <<'CASES'
.linux.intelRdt = [] ::: config.json: linux.intelRdt: not an object
.linux.intelRdt = {closID: 1} ::: config.json: linux.intelRdt.closID: not a string
.linux.intelRdt = {closID: ".."} ::: config.json: linux.intelRdt.closID: ".." cannot be the name of a group
.linux.intelRdt = {closID: "../cgroup"} ::: config.json: linux.intelRdt.closID: "../cgroup" cannot be the name of a group
.linux.intelRdt = {closID: "a/mon_groups"} ::: config.json: linux.intelRdt.closID: "a/mon_groups" cannot be the name of a group
.linux.intelRdt = {closID: "info"} ::: config.json: linux.intelRdt.closID: "info" cannot be the name of a group
.linux.intelRdt = {closID: ("x" * 256)} ::: config.json: linux.intelRdt.closID: "x+" cannot be the name of a group
.linux.intelRdt = {l3CacheSchema: "ff"} ::: config.json: linux.intelRdt.l3CacheSchema: "ff" is not one line like L3:0=ff
.linux.intelRdt = {memBwSchema: "L3:0=ff"} ::: config.json: linux.intelRdt.memBwSchema: "L3:0=ff" is not one line like MB:0=50
.linux.intelRdt = {memBwSchema: "MB:0=9\nL3:0=1"} ::: config.json: linux.intelRdt.memBwSchema: .* is not one line like MB:0=50
.linux.intelRdt = {schemata: "L3:0=f"} ::: config.json: linux.intelRdt.schemata: not an array
.linux.intelRdt = {schemata: ["L3:0=f", "L2:0=f\nMB:0=1"]} ::: config.json: linux.intelRdt.schemata\[1\]: .* is not one line like L3:0=ff
.linux.intelRdt = {schemata: [":0=f"]} ::: config.json: linux.intelRdt.schemata\[0\]: ":0=f" is not one line
.linux.intelRdt = {enableMonitoring: "yes"} ::: config.json: linux.intelRdt.enableMonitoring: not true or false
.linux.intelRdt = {} ::: config.json: linux.intelRdt: this host has no resctrl mounted
.linux.intelRdt = {closID: "gold"} ::: config.json: linux.intelRdt: this host has no resctrl mounted
CASES
}

@test "seccomp" {
    refuses_each <<'CASES'
.linux.seccomp = "unconfined" ::: config.json: linux.seccomp: not an object
.linux.seccomp = {} ::: config.json: linux.seccomp.defaultAction: missing
.linux.seccomp = {defaultAction: "ALLOW"} ::: config.json: linux.seccomp.defaultAction: the action "ALLOW" is not supported
.linux.seccomp = {defaultAction: "SCMP_ACT_NOTIFY"} ::: config.json: linux.seccomp.defaultAction: the action "SCMP_ACT_NOTIFY" is not supported
.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["read"], action: "SCMP_ACT_NOTIFY"}]} ::: config.json: linux.seccomp.syscalls\[0\].action: the action "SCMP_ACT_NOTIFY" is not supported
.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/run/x.sock"} ::: config.json: linux.seccomp.listenerPath: is refused
.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerMetadata: "x"} ::: config.json: linux.seccomp.listenerMetadata: is refused
.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", flags: ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]} ::: config.json: linux.seccomp.flags: "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" is not supported
.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 65536} ::: config.json: linux.seccomp.defaultErrnoRet: 65536 is out of range
.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", architectures: ["X86"]} ::: config.json: linux.seccomp.architectures: "X86" is not known
.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", syscalls: [{names: ["read"], action: "SCMP_ACT_ALLOW", args: [{index: 6, op: "SCMP_CMP_EQ"}]}]} ::: config.json: linux.seccomp.syscalls\[0\].args\[0\].index: 6 is out of range
.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", syscalls: [{names: ["read"], action: "SCMP_ACT_ALLOW", args: [range(25) | {index: 0, op: "SCMP_CMP_EQ"}]}]} ::: config.json: linux.seccomp.syscalls\[0\].args: too many
CASES
}

@test "sysctls" {
    refuses_each <<'CASES'
.linux.sysctl = ["a=b"] ::: config.json: linux.sysctl: not an object
.linux.sysctl = {"net.ipv4.ip_forward": 1} ::: config.json: linux.sysctl.net.ipv4.ip_forward: not a string
.linux.sysctl = {"vm.panic_on_oom": "1"} ::: config.json: linux.sysctl.vm.panic_on_oom: not a setting of a namespace
.linux.sysctl = {"": "1"} ::: config.json: linux.sysctl.: not a setting of a namespace
.linux.sysctl = {"net/../kernel/panic": "1"} ::: config.json: linux.sysctl.net/../kernel/panic: not a setting of a namespace
.linux.sysctl = {"kernel.core_pattern": "|/tmp/x"} ::: config.json: linux.sysctl.kernel.core_pattern: not a setting of a namespace
.linux.sysctl = {"kernel.shmmax": "1"} | .linux.namespaces = [.linux.namespaces[] | select(.type != "ipc")] + [{type: "ipc", path: "/proc/self/ns/ipc"}] ::: config.json: linux.sysctl.kernel.shmmax: needs a namespace of the container's own of type "ipc"
.linux.sysctl = {"kernel.domainname": "x"} | .linux.namespaces = [.linux.namespaces[] | select(.type != "uts")] + [{type: "uts", path: "/proc/self/ns/uts"}] ::: config.json: linux.sysctl.kernel.domainname: needs a namespace of the container's own of type "uts"
CASES
}

@test "hooks" {
    refuses_each <<'CASES'
.hooks = [] ::: config.json: hooks: not an object
.hooks.prestart = {} ::: config.json: hooks.prestart: not an array
.hooks.prestart = [{}] ::: config.json: hooks.prestart\[0\].path: missing
.hooks.prestart = ["/bin/true"] ::: config.json: hooks.prestart\[0\].path: missing
.hooks.createRuntime = [{path: "bin/true"}] ::: config.json: hooks.createRuntime\[0\].path: "bin/true" is not an absolute path
.hooks.createContainer = [{path: "/bin/true", args: "x"}] ::: config.json: hooks.createContainer\[0\].args: not an array
.hooks.startContainer = [{path: "/bin/true", env: [1]}] ::: config.json: hooks.startContainer\[0\].env\[0\]: not a string
.hooks.poststart = [{path: "/bin/true", timeout: 0}] ::: config.json: hooks.poststart\[0\].timeout: 0 is out of range
.hooks.poststop = [{path: "/bin/true"}, {path: "/bin/true", timeout: -5}] ::: config.json: hooks.poststop\[1\].timeout: -5 is out of range
.hooks.poststop = [{path: "/bin/true", timeout: 1e99}] ::: config.json: hooks.poststop\[0\].timeout: not a whole number
.hooks.prestart = [{path: "/dev/null"}] ::: prestart hook: /dev/null: exit status 127: cannot be executed
.hooks.createRuntime = [{path: "/nowhere/hook"}] ::: createRuntime hook: /nowhere/hook: exit status 127: cannot be executed
CASES
}

# Documents that jq would not write. $1 is the document, $2 the message.
refuses_text() {
    printf '%b' "$1" >"$T/bundle/config.json"
    refused "$2"
}

@test "documents that are not what they seem" {
    refuses_text '' 'config.json'
    refuses_text 'null' 'config.json:1: '
    refuses_text '[]' 'config.json: not a JSON object'
    refuses_text '"ociVersion"' 'config.json:1: '
    refuses_text '99999999999999999999999999' 'config.json:1: a number and not an object'
    refuses_text '{"ociVersion":"1.0.0"' 'config.json:1: '
    refuses_text '{"ociVersion":"1.0.0"} trailing' 'config.json:1: '
    refuses_text '{"ociVersion":"1.0.0","ociVersion":"1.1.0"}' 'config.json:1: duplicate object key'
    refuses_text '{"process":{"user":{"uid":1000,"uid":0}}}' 'config.json:1: duplicate object key'
    refuses_text '{"ociVersion":"1.0.0\0000"}' 'config.json:1: '
    refuses_text '{"ociVersion":"1.0.\\u0000"}' 'config.json:1: '
    refuses_text '{"oci\\u0000Version":"1.0.0"}' 'config.json:1: '
    refuses_text '{"ociVersion":"\0377\0376"}' 'config.json:1: '
    refuses_text '\0357\0273\0277{"ociVersion":"1.0.0"}' 'config.json:1: '
    refuses_text "{'ociVersion':'1.0.0'}" 'config.json:1: '
    refuses_text '{"ociVersion":"1.0.0","process":{"user":{"uid":1e400}}}' 'config.json:1: '
    expect_nothing_left
}

@test "a number of 100,000 digits" {
    { printf '{"ociVersion":"1.0.0","process":{"user":{"uid":'; head -c 100000 /dev/zero | tr '\0' 9; printf '}}}'; } \
        >"$T/bundle/config.json"
    refused 'config.json'
}

@test "objects within objects, 10,000 deep" {
    { printf '{"ociVersion":"1.0.0","annotations":'; printf '{"a":%.0s' {1..10000}; printf '1'; printf '}%.0s' {1..10001}; } \
        >"$T/bundle/config.json"
    refused 'config.json'
}

@test "arrays of 20,000 elements" {
    cp "$T/bundle/config.json" "$T/good"
    jq -c '.linux.devices = [range(20000)]' "$T/good" >"$T/bundle/config.json"
    refused 'config.json: linux.devices\[0\].type: missing'
    jq -c '.process.rlimits = [range(20000) | {}]' "$T/good" >"$T/bundle/config.json"
    refused 'config.json: process.rlimits\[0\].type: missing'
    jq -c '.linux.namespaces = [range(20000) | {type: "pid"}]' "$T/good" >"$T/bundle/config.json"
    refused 'config.json: linux.namespaces\[1\].type: "pid" is listed twice'
    jq -c '.hooks.prestart = [range(20000) | {path: "/bin/true"}] + [{}]' "$T/good" >"$T/bundle/config.json"
    refused 'config.json: hooks.prestart\[20000\].path: missing'
}

@test "a config.json that is a directory, a device, a socket, a dangling link or a loop" {
    local config=$T/bundle/config.json
    rm "$config"
    refused 'config.json: No such file'
    mkdir "$config"
    refused 'config.json'
    rmdir "$config"
    mknod "$config" c 1 5
    refused 'config.json'
    rm "$config"
    python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$config"
    refused 'config.json'
    rm "$config"
    ln -s nowhere "$config"
    refused 'config.json'
    ln -sf config.json "$config"
    refused 'config.json'
    ln -sf /dev/tty "$config"
    refused 'config.json'
    rm "$config"
    expect_nothing_left
}

@test "a rootfs that is a file, a FIFO, a device, a dangling link or a loop" {
    mv "$T/bundle/rootfs" "$T/elsewhere"
    printf 'file' >"$T/bundle/rootfs"
    refused 'config.json: root.path: .*Not a directory'
    rm "$T/bundle/rootfs"
    mkfifo "$T/bundle/rootfs"
    refused 'config.json: root.path: .*Not a directory'
    rm "$T/bundle/rootfs"
    mknod "$T/bundle/rootfs" b 7 200
    refused 'config.json: root.path: .*Not a directory'
    rm "$T/bundle/rootfs"
    ln -s nowhere "$T/bundle/rootfs"
    refused 'config.json: root.path: .*No such file'
    ln -sfn rootfs "$T/bundle/rootfs"
    refused 'config.json: root.path: .*symbolic links'
    rm "$T/bundle/rootfs"
    expect_nothing_left
}

@test "a bundle that is a file, is not there, or has a name that is not UTF-8" {
    fails urunc create --bundle "$T/bundle/config.json" "$ID" </dev/null
    expect_one_error 'config.json'
    fails urunc create --bundle "$T/nowhere" "$ID" </dev/null
    expect_one_error "bundle .*nowhere: No such file"
    mv "$T/bundle" "$T/"$'\377'
    fails urunc create --bundle "$T/"$'\377' "$ID" </dev/null
    mv "$T/"$'\377' "$T/bundle"
    expect_nothing_left
}
