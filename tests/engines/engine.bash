# A containerd of the test's own, whose runc shim calls urunc. A test file says: load engine. Containers have the
# stand-in monitor (tests/sandbox), but where a test boots a guest.
# shellcheck shell=bash
load ../sandbox/standin

# Seconds that may pass on a loaded machine for what takes a moment on an idle one.
PATIENCE=$BOOT_TIMEOUT

# The shim calls $T/runc as it calls runc: urunc with the test's configuration. The calls are in $T/calls.
prepare_more() {
    need_program containerd ctr containerd-shim-runc-v2 runc
    cat >"$T/runc" <<SCRIPT
#!/bin/sh
printf '%s\n' "\$*" >>$T/calls
exec $URUNC --config $T/urunc.json "\$@"
SCRIPT
    chmod +x "$T/runc"
    : >"$T/calls"
    containerd_configuration >"$T/containerd.toml"
    start_containerd
}

# The state stands where the shim looks for it, in this test file's own /run.
containerd_configuration() {
    cat <<TOML
version = 2
root = "$T/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
  address = "/run/containerd/containerd.sock"
TOML
}

start_containerd() {
    containerd --config "$T/containerd.toml" >>"$T/containerd.log" 2>&1 3>&- &
    CONTAINERD=$!
    printf '%s\n' "$CONTAINERD" >>"$T/processes"
    within "$PATIENCE" ctr version >/dev/null 2>&1 || fail "$(tail -n 5 "$T/containerd.log")"
}

# stop_containerd SIGNAL: its shims and containers live on.
stop_containerd() {
    kill "-$1" "$CONTAINERD"
    wait "$CONTAINERD" || true
}

# Each test has a namespace of its own, which is also its directory of cgroups, but for pods, whose namespace is fixed.
ctr() {
    timeout --foreground --kill-after 5 "$PATIENCE" ctr --namespace "${ENGINE_NAMESPACE:-$ID}" "$@" 3>&-
}

# import_image NAME LINE...: builds an image of these lines and imports it as docker.io/library/NAME:v1.
import_image() {
    local context=$F/image-$1 name=$1
    shift
    if [[ ! -e $context/image.tar ]]; then
        mkdir -p "$context"
        cp "$T/bundle/rootfs/boot/kernel" "$context/kernel"
        printf '%s\n' "$@" >"$context/Containerfile"
        build -t "$name:v1" -o "type=oci-archive,dest=$context/image.tar" "$context"
    fi
    ctr images import --snapshotter native "$context/image.tar" >"$T/import.log" || fail "$(cat "$T/import.log")"
}

# An image whose monitor waits for a signal.
import_standin() {
    import_image standin 'FROM scratch' 'UNIKERNEL generic' 'MONITOR qemu' 'KERNEL kernel' 'CMD ["standin:quiet", "standin:wait"]'
}

# run_image IMAGE [OPTION]... NAME [ARG]...: ctr run.
run_image() {
    local image=$1
    local -a options=()
    shift
    while [[ $1 == -* ]]; do
        options+=("$1")
        shift
    done
    ctr run --snapshotter native --runc-binary "$T/runc" --runtime io.containerd.runc.v2 "${options[@]}" \
        "docker.io/library/$image:v1" "$@"
}

run_task() {
    run_image standin "$@"
}

run_plain() {
    run_image plain "$@"
}

# import_files NAME LINE...: an ordinary image, for the other runtime, of busybox and the tests' own pause program.
import_files() {
    local context=$F/image-$1
    if [[ ! -d $context ]]; then
        mkdir -p "$context"
        cp "$(command -v busybox)" "$URUNC_BIN/tests/engines/pod-pause" "$context"
    fi
    import_image "$@"
}

import_plain() {
    import_files plain 'FROM scratch' 'COPY busybox /bin/busybox' 'ENTRYPOINT ["/bin/busybox"]'
}

task_status() {
    ctr task ls | awk -v name="$1" '$1 == name { print $3 }'
}

task_is() {
    [[ $(task_status "$1") == "$2" ]]
}

remove_task() {
    ctr task rm "$1" >"$T/rm" 2>&1 || grep -q 'exit with non-zero' "$T/rm" || fail "$(cat "$T/rm")"
    ctr container rm "$1"
}

pid_of() {
    ctr task ls | awk -v name="$1" '$1 == name { print $2 }'
}

# calls_of COMMAND: how often the shim called urunc with this command.
calls_of() {
    grep -cE "json $1 " "$T/calls" || true
}

# The engine's own things; what urunc made must be gone by then.
clear_up() {
    local left=0
    if [[ -n ${CONTAINERD-} ]]; then
        stop_engine >&2 || left=1
    fi
    return "$left"
}

# Ends what a failed test left running. A test that passed has deleted its tasks.
stop_engine() {
    local name left
    kill -0 "$CONTAINERD" 2>/dev/null || start_containerd || return 1
    if declare -F remove_pods >/dev/null; then
        remove_pods
    fi
    for name in $(ctr task ls -q); do
        printf 'a task is left: %s\n' "$name"
        ctr task rm --force "$name"
    done
    within 60 no_shim_left || ps -eo pid,args | grep shim
    left=$(find /run/containerd/runc -mindepth 2 -maxdepth 2 ! -name '*@*' 2>/dev/null)
    stop_containerd TERM
    # The directory of all containers of a namespace stays, as it does with runc.
    rmdir /sys/fs/cgroup/{*/,}"$ID" 2>/dev/null
    [[ -z $left ]] || fail "urunc's state is left: $left"
    ! grep -E " (/run/containerd|$T)/" /proc/self/mountinfo || fail 'mounts are left'
}

no_shim_left() {
    ! pgrep -f containerd-shim-runc-v2 >/dev/null
}
