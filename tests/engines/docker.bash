# A dockerd of the test file's own, with its own containerd, bridge and folders, to which urunc is one more runtime. A test
# file says: load docker. Containers have the stand-in monitor (tests/sandbox), but where a test boots a guest.
# shellcheck shell=bash
load ../sandbox/standin

PATIENCE=$BOOT_TIMEOUT
# Debian's; another client may stand before it on the PATH.
DOCKER=/usr/bin/docker
export DOCKER_HOST=unix:///run/docker.sock

prepare_file() {
    [[ $(id -u) -eq 0 && -x $DOCKER ]] && command -v dockerd >/dev/null || return 0
    cat >"$F/runtime" <<SCRIPT
#!/bin/sh
exec $URUNC --config $F/current/urunc.json "\$@"
SCRIPT
    chmod +x "$F/runtime"
    mkdir "$F/tmp"
    jq -n --arg dir "$F" '{
        runtimes: {urunc: {path: ($dir + "/runtime")}}, hosts: [env.DOCKER_HOST], pidfile: "/run/docker.pid",
        "data-root": ($dir + "/docker"), "exec-root": "/run/docker", "storage-driver": "vfs", "live-restore": true,
        "cgroup-parent": ("/" + ($dir | split("/") | last)), "exec-opts": ["native.cgroupdriver=cgroupfs"]}' >"$F/daemon.json"
    start_dockerd
}

start_dockerd() {
    TMPDIR=$F/tmp dockerd --config-file "$F/daemon.json" >>"$F/dockerd.log" 2>&1 3>&- &
    DOCKERD=$!
    within "$PATIENCE" answers || fail "$(tail -n 5 "$F/dockerd.log")"
}

answers() {
    docker version >/dev/null 2>&1
}

# restart_dockerd SIGNAL: another dockerd after that one's end.
restart_dockerd() {
    local pid
    pid=$(cat /run/docker.pid)
    kill "-$1" "$pid"
    within "$PATIENCE" is_gone "$pid"
    start_dockerd
}

is_gone() {
    [[ ! -e /proc/$1/exe ]]
}

teardown_file() {
    if [[ -e /run/docker.pid ]]; then
        restart_dockerd TERM # as it is on a host that is shut down and started, containers or not
        kill -TERM "$DOCKERD"
        within "$PATIENCE" is_gone "$DOCKERD"
        wait "$DOCKERD" || true
    fi
    ! grep " $F/" /proc/self/mountinfo >&2 || umount "$F/docker" || true
    rmdir /sys/fs/cgroup/{*/,}"${F##*/}" 2>/dev/null || true
    rm -rf --one-file-system "$F"
}

prepare_more() {
    [[ -x $DOCKER ]] && command -v dockerd >/dev/null || skip 'dockerd is not installed (docker.io)'
    ln -sfn "$T" "$F/current"
    # Where the client would read the user's settings.
    export DOCKER_CONFIG=$F/client
}

docker() {
    timeout --foreground --kill-after 5 "$PATIENCE" "$DOCKER" "$@" 3>&-
}

# load_image NAME LINE...: builds an image of these lines, beside the bundle's kernel, once, and loads it as NAME:v1.
load_image() {
    local context=$F/image-$1 name=$1
    shift
    [[ ! -e $context/image.tar ]] || return 0
    mkdir -p "$context"
    cp "$T/bundle/rootfs/boot/kernel" "$context/kernel"
    printf '%s\n' "$@" >"$context/Containerfile"
    build -t "$name:v1" -o "type=docker-archive,dest=$context/image.tar" "$context"
    docker load --input "$context/image.tar" >"$T/loaded" || fail 'not loaded'
}

load_standin() {
    load_image standin 'FROM scratch' 'UNIKERNEL generic' 'MONITOR qemu' 'KERNEL kernel' \
        'CMD ["standin:quiet", "standin:say=hello", "standin:manage=answer"]'
}

# load_executor HOW: a Linux guest whose agent runs programs in that manner (tests/sandbox/standin/exec.c).
load_executor() {
    linux_bundle
    load_image "executor-$1" 'FROM scratch' 'UNIKERNEL linux' 'MONITOR qemu' 'KERNEL kernel' \
        "CMD [\"/urunc-init\", \"program\", \"standin:quiet\", \"standin:exec=$1\"]"
}

# run_guest [OPTION]... IMAGE [ARG]...: docker run, with urunc.
run_guest() {
    docker run --runtime urunc "$@"
}

# run_detached NAME [OPTION]... IMAGE [ARG]...
run_detached() {
    run_guest --detach --name "$@" >"$T/started" 2>"$T/stderr" || fail "not started: $(cat "$T/stderr")"
}

# of NAME FIELD: a field of `docker inspect`, as in "State.Pid".
of() {
    docker inspect --format "{{.$2}}" "$1"
}

is() {
    [[ $(of "$1" State.Status) == "$2" ]]
}

says() {
    docker logs "$1" 2>&1 | tr -d '\r' | grep -qx -e "$2"
}

# The file of a container's cgroup, of whichever version has it: limit NAME FILE...
limit() {
    local id file
    id=$(of "$1" Id)
    for file in "${@:2}"; do
        cat /sys/fs/cgroup/{*/,}"${F##*/}/$id/$file" 2>/dev/null
    done | head -n 1
}

# Removes what a test left, and holds docker's own leftovers to be urunc's: state and cgroups.
clear_up() {
    local containers
    [[ -e /run/docker.pid ]] || return 0
    containers=$(docker ps --all --quiet)
    # shellcheck disable=SC2086 # one word is one container
    [[ -z $containers ]] || docker rm --force $containers >&2
    [[ -z $(find /run/docker/runtime-* -mindepth 2 -maxdepth 2 ! -name '*@*' 2>/dev/null) ]] || fail "state is left" || return 1
    within 60 no_cgroup_left
}

no_cgroup_left() {
    [[ -z $(find /sys/fs/cgroup -mindepth 1 -type d -path "*/${F##*/}/*" 2>/dev/null) ]]
}
