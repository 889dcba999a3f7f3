# What the end-to-end tests share. A test file says: load helpers. CMake sets URUNC_BIN (a build directory) and
# URUNC_SOURCE.
# shellcheck shell=bash

: "${URUNC_BIN:?the build directory, set by ctest}" "${URUNC_SOURCE:?the source directory, set by ctest}"
URUNC=$URUNC_BIN/runtime/urunc
URUNC_BUILD=$URUNC_BIN/builder/urunc-build
GUESTS=$URUNC_BIN/tests/guests
SAMPLES=$URUNC_SOURCE/Containerfile-samples
TOOLS=$URUNC_SOURCE/tests/e2e/tools
SCHEMAS=${URUNC_SCHEMAS:-$URUNC_SOURCE/../shared/schemas}
BOOT_TIMEOUT=${URUNC_BOOT_TIMEOUT:-90} # seconds that a guest may take on a busy host

export LC_ALL=C.UTF-8 PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

# Where a test's files go: $T, removed at its end. $F is the same for all tests of one file.
setup_file() {
    F=$(mktemp -d "${TMPDIR:-/tmp}/urunc-e2e.XXXXXX")
    chmod 755 "$F"
    export F
    if declare -F prepare_file >/dev/null; then
        prepare_file
    fi
}

teardown_file() {
    [[ -z ${F-} ]] || rm -rf --one-file-system "$F"
}

setup() {
    T=$(mktemp -d "$F/test.XXXXXX")
    chmod 755 "$T"
    mkdir "$T/tmp"
    export TMPDIR=$T/tmp
    printf '{"monitors":{"qemu":{"acceleration":"tcg"}},"rootfs_cache":{"path":"%s"}}\n' "$T/cache" >"$T/urunc.json"
    : >"$T/containers" >"$T/processes" >"$T/namespaces"
    if declare -F prepare >/dev/null; then
        prepare
    fi
}

# Ends what the test started, by the names and numbers that it wrote down, and fails it where something is left that
# the programs should have removed. (bats runs this without errexit: only its own status counts.)
teardown() {
    local id pid namespace status=0
    [[ -n ${T-} ]] || return 0 # setup made nothing
    if declare -F clear_up >/dev/null; then
        clear_up || status=1
    fi
    while read -r id; do
        timeout 30 "$URUNC" --root "$T/root" --config "$T/urunc.json" delete --force "$id" >&2 || true
    done <"$T/containers"
    while read -r pid; do
        kill -KILL "$pid" 2>/dev/null || true
    done <"$T/processes"
    while read -r namespace; do
        ip netns del "$namespace" 2>/dev/null || true
    done <"$T/namespaces"
    expect_nothing_left || status=1
    cd /
    rm -rf --one-file-system "$T" || status=1
    return "$status"
}

# ---- saying what went wrong ----

fail() {
    printf '%s\n' "$*" >&2
    return 1
}

expect_equal() {
    [[ $1 == "$2" ]] || fail "$(printf 'got:      %q\nexpected: %q' "$1" "$2")"
}

# expect_line TEXT FILE: one line of the file is exactly TEXT; a serial console ends lines with CR LF.
expect_line() {
    tr -d '\r' <"$2" | grep -qxF -e "$1" || fail "no line '$1' in: $(cat -v "$2")"
}

expect_match() {
    tr -d '\r' <"$2" | grep -qE -e "$1" || fail "nothing like '$1' in: $(cat -v "$2")"
}

# fails COMMAND...: it must fail by itself, not by a signal or a sanitizer; its stderr is in $T/stderr.
fails() {
    local status=0
    "$@" 2>"$T/stderr" >"$T/stdout" || status=$?
    ((status != 0)) || fail "did not fail: $*"
    ((status < 124)) || fail "ended with $status: $* $(cat "$T/stderr")"
    ! grep -q -e 'Sanitizer' -e 'runtime error' "$T/stderr" || fail "$(cat "$T/stderr")"
}

# Exactly one line in $T/stderr, which matches the extended regular expression $1.
expect_one_error() {
    [[ $(wc -l <"$T/stderr") -eq 1 ]] || fail "not one line: $(cat -v "$T/stderr")"
    grep -qE -e "$1" "$T/stderr" || fail "not like '$1': $(cat "$T/stderr")"
}

# within SECONDS COMMAND...: polls until the command succeeds.
within() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        if ((SECONDS >= deadline)); then
            fail "did not come true: $*"
            return 1
        fi
        sleep 0.1
    done
}

# ---- what this machine can do ----

need_root() {
    [[ $(id -u) -eq 0 ]] || skip "needs root"
}

need_program() {
    local program
    for program; do
        command -v "$program" >/dev/null || skip "$program is not installed"
    done
}

need_schemas() {
    [[ -d $SCHEMAS ]] || skip "the OCI schemas are not at $SCHEMAS"
}

need_kernel() {
    [[ -e $SAMPLES/linux/debian/vmlinuz ]] || skip "Containerfile-samples/linux/prepare.sh has not fetched a kernel"
}

# ---- the programs ----

build() {
    timeout 300 "$URUNC_BUILD" build "$@" 2>"$T/build.log" || fail "$(cat "$T/build.log")"
}

unpack() {
    timeout 120 "$URUNC_BUILD" bundle "$@"
}

urunc() {
    timeout --foreground "$BOOT_TIMEOUT" "$URUNC" --root "$T/root" --config "$T/urunc.json" "$@"
}

# A container name that nothing else on this host has; it is deleted at the test's end.
new_id() {
    ID=e2e-$BASHPID-$RANDOM
    printf '%s\n' "$ID" >>"$T/containers"
}

# edit BUNDLE FILTER [ARGS]: changes its config.json with jq.
edit() {
    local bundle=$1 filter=$2
    shift 2
    jq "$@" "$filter" "$bundle/config.json" >"$bundle/config.json.new"
    mv "$bundle/config.json.new" "$bundle/config.json"
}

# Builds the multiboot guest as an image with an initrd and a disk and unpacks it into $1.
multiboot_bundle() {
    local context=$F/multiboot
    if [[ ! -d $context/image ]]; then
        mkdir -p "$context/files/etc"
        cp "$GUESTS/multiboot.elf" "$context/kernel"
        printf 'hello from the initrd\n' >"$context/files/etc/motd"
        cat >"$context/Containerfile" <<'SPEC'
FROM scratch AS files
COPY files /
FROM scratch
UNIKERNEL generic
MONITOR qemu
KERNEL kernel
INITRD --from=files /
BLOCK --from=files /
CMD ["guest"]
SPEC
        build -t multiboot -o "type=oci,dest=$context/image" "$context"
    fi
    unpack "$context/image" "$1"
}

# Builds a Linux guest with busybox, its root in an initrd or a disk ($2: initrd, block), and unpacks it into $1. What a
# test has put into $F/extra is in its root.
busybox_bundle() {
    local context=$F/busybox-$2 block='' initrd='INITRD --from=rootfs /'
    if [[ ! -d $context/image ]]; then
        mkdir -p "$context/rootfs/bin" "$context/rootfs/etc"
        cp "$(command -v busybox)" "$context/rootfs/bin/busybox"
        local applet
        for applet in sh cat echo env grep head hostname id ls nc ip ping printf pwd sleep stat stty tail test touch true tty wget; do
            ln -s busybox "$context/rootfs/bin/$applet"
        done
        printf 'root:x:0:0::/:/bin/sh\nguest:x:1000:1000::/tmp:/bin/sh\n' >"$context/rootfs/etc/passwd"
        printf 'root:x:0:\nguest:x:1000:\n' >"$context/rootfs/etc/group"
        [[ ! -d $F/extra ]] || cp -a "$F/extra/." "$context/rootfs/"
        cp "$SAMPLES/linux/debian/vmlinuz" "$context/"
        cp -r "$SAMPLES/linux/debian/modules" "$context/modules"
        cp "$SAMPLES/linux/modules" "$context/modules.list"
        if [[ $2 == block ]]; then
            initrd='INITRD --from=modules /'
            block='BLOCK --from=rootfs --size=+8M /'
        fi
        cat >"$context/Containerfile" <<SPEC
FROM scratch AS modules
COPY modules /
COPY modules.list /etc/modules
FROM modules AS rootfs
COPY rootfs /
FROM scratch
UNIKERNEL linux
MONITOR qemu
KERNEL vmlinuz
$initrd
$block
ENV PATH=/bin
CMD ["sh", "-c", "echo hello"]
SPEC
        build -t busybox -o "type=oci,dest=$context/image" "$context"
    fi
    unpack "$context/image" "$1"
}

# arguments BUNDLE ARG...: what the guest runs; urunc-init stays its PID 1 where it is.
arguments() {
    local bundle=$1
    shift
    # Not by --args, where jq would take "-monitor" for an option of its own, and not with NULs, of which it drops some.
    edit "$bundle" '.process.args = (if (.process.args[0] // "" | endswith("urunc-init")) then [.process.args[0]]
                                     else [] end) + $words' \
        --argjson words "$(printf '%s\036' "$@" | jq -Rs 'split("\u001e")[:-1]')"
}

# Starts the container $ID of a bundle in the background: its output goes to $T/console.
start() {
    local bundle=$1
    shift
    urunc create --bundle "$bundle" --pid-file "$T/pid" "$@" "$ID" </dev/null >"$T/console" 2>"$T/create.log" ||
        fail "create: $(cat "$T/create.log" "$T/console")"
    urunc start "$ID" || fail "start: $(cat "$T/console")"
}

status_is() {
    [[ $(urunc state "$ID" | jq -r .status) == "$1" ]]
}

console_has() {
    tr -d '\r' <"$T/console" | grep -qE -e "$1"
}

# ---- a network to put a guest into ----

# Two network namespaces of ours with a cable between them: $CLIENT (10.77.0.1) and $NETNS (10.77.0.2 on eth0, with a
# default route to the client).
make_network() {
    CLIENT=e2e-$BASHPID-c NETNS=e2e-$BASHPID-g
    printf '%s\n%s\n' "$CLIENT" "$NETNS" >>"$T/namespaces"
    ip netns add "$CLIENT"
    ip netns add "$NETNS"
    ip -n "$CLIENT" link add veth0 type veth peer name eth0 netns "$NETNS"
    ip -n "$CLIENT" address add 10.77.0.1/24 dev veth0
    ip -n "$CLIENT" link set veth0 up
    ip -n "$NETNS" address add 10.77.0.2/24 dev eth0
    ip -n "$NETNS" link set lo up
    ip -n "$NETNS" link set eth0 up
    ip -n "$NETNS" route add default via 10.77.0.1
}

# join_network BUNDLE: the container uses $NETNS.
join_network() {
    edit "$1" '.linux.namespaces |= (map(select(.type != "network")) + [{type: "network", path: $path}])' \
        --arg path "/run/netns/$NETNS"
}

# ---- nothing is left ----

# After the containers are deleted: no process but this shell's, no mount, cgroup, state, tap or temporary file.
expect_nothing_left() {
    local left='' id namespace
    if [[ $(id -u) -eq 0 && $(readlink /proc/1/ns/pid) == $(readlink /proc/self/ns/pid) ]]; then
        # A process that was just killed may take a moment to go.
        within 10 no_process_left || left+="processes: $(ps -eo pid,ppid,comm | grep -E 'urunc|qemu|standin')"$'\n'
    fi
    grep -e "$T/root" -e ' /guest/' /proc/self/mountinfo && left+=$'mounts\n'
    # The versions of monitors' programs are kept.
    [[ ! -d $T/root || -z $(ls -A --ignore='*@*' "$T/root") ]] || left+="state: $(find "$T/root")"$'\n'
    while read -r id; do
        [[ -z $(find /sys/fs/cgroup -type d -name "*$id*" 2>/dev/null) ]] || left+="a cgroup of $id"$'\n'
    done <"$T/containers"
    [[ -z $(ls -A "$T/tmp") ]] || left+="in TMPDIR: $(find "$T/tmp")"$'\n'
    [[ -z $left ]] || fail "left behind: $left"
}

no_process_left() {
    ! ps -eo comm= | grep -qE '^(urunc|qemu-system|standin)'
}
