#!/usr/bin/env bats
# Podman with urunc as its runtime, as root: what its commands ask for, a unikernel's container (the stand-in monitor)
# answers. tests/sandbox/podman.bats holds what podman writes into config.json.
load ../sandbox/standin

PATIENCE=$BOOT_TIMEOUT

prepare_more() {
    need_program podman runc
    cat >"$T/runtime" <<SCRIPT
#!/bin/sh
exec $URUNC --config $T/urunc.json "\$@"
SCRIPT
    chmod +x "$T/runtime"
    # Without CAP_SYS_RESOURCE, which this host may lack, runc cannot raise limits to podman's defaults.
    printf '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n' >"$T/containers.conf"
    load_image
}

# Once for all tests of the file.
load_image() {
    [[ ! -e $F/image.tar ]] || return 0
    cp "$T/bundle/rootfs/boot/kernel" "$F/kernel"
    printf '%s\n' 'FROM scratch' 'UNIKERNEL generic' 'MONITOR qemu' 'KERNEL kernel' \
        'CMD ["standin:quiet", "standin:say=hello", "standin:manage=answer"]' >"$F/Containerfile"
    build -t standin:v1 -o "type=oci-archive,dest=$F/image.tar" "$F"
    podman load --quiet --input "$F/image.tar" >"$T/loaded"
}

podman() {
    timeout --foreground --kill-after 5 "$PATIENCE" env CONTAINERS_CONF="$T/containers.conf" TMPDIR="$T" podman --root "$F/storage" \
        --runroot "$F/runroot" --storage-driver vfs --cgroup-manager cgroupfs --events-backend file --runtime "$T/runtime" "$@" 3>&-
}

# run_detached NAME [OPTION]... [-- ARG...]: a container of the image.
run_detached() {
    local name=$1
    local -a options=()
    shift
    while (($# > 0)) && [[ $1 != -- ]]; do
        options+=("$1")
        shift
    done
    podman run --detach --name "$name" --cgroup-parent "/$ID" --network none "${options[@]}" \
        docker.io/library/standin:v1 "${@:2}" >"$T/started" || fail "not started"
}

is() {
    [[ $(podman inspect --format '{{.State.Status}}' "$1") == "$2" ]]
}

says() {
    podman logs "$1" 2>&1 | grep -qx "$2"
}

clear_up() {
    [[ -e $T/runtime ]] || return 0
    podman pod rm --all --force >&2
    podman rm --all --force --time 0 >&2
    podman umount --all >&2
    umount "$F/storage/vfs" 2>/dev/null
    ! grep " $F/" /proc/self/mountinfo || fail 'mounts are left'
    within 60 no_cgroup_left
}

no_cgroup_left() {
    find /sys/fs/cgroup -depth -type d -path "*/$ID*" -exec rmdir {} + 2>/dev/null
    [[ -z $(find /sys/fs/cgroup -type d -path "*/$ID*" 2>/dev/null) ]]
}

@test "a container runs, is inspected, stopped and removed" {
    run_detached one
    within "$PATIENCE" says one managed
    podman inspect one >"$T/inspected"
    expect_equal "$(jq -r '.[0].State | "\(.Status) \(.Running)"' "$T/inspected")" 'running true'
    expect_equal "$(basename "$(readlink "/proc/$(jq '.[0].State.Pid' "$T/inspected")/exe")")" standin
    podman stop --time 60 one >"$T/stopped"
    expect_equal "$(podman wait one)" 143
    podman rm one >"$T/removed"
    expect_equal "$(podman ps --all --quiet)" ''
}

@test "kill ends it with the signal's status" {
    run_detached one
    within "$PATIENCE" says one managed
    podman kill one >"$T/killed"
    expect_equal "$(podman wait one)" 137
    podman rm one >"$T/removed"
}

@test "logs are followed to the end" {
    run_detached one
    podman logs --follow one >"$T/followed" 2>&1 &
    local follower=$!
    within "$PATIENCE" grep -q managed "$T/followed"
    podman stop --time 60 one >"$T/stopped"
    wait "$follower"
    expect_equal "$(head -n 2 "$T/followed" | paste -sd' ')" 'hello managed'
    podman rm one >"$T/removed"
}

@test "pause and unpause" {
    run_detached one
    within "$PATIENCE" says one managed
    podman pause one >"$T/paused"
    is one paused
    podman unpause one >"$T/paused"
    is one running
    podman rm --force --time 0 one >"$T/removed"
}

@test "stats count the monitor, and --init is left out" {
    [[ -e /usr/libexec/podman/catatonit ]] || skip 'catatonit is not installed'
    run_detached one --init -- guest standin:quiet standin:eat=8 standin:say=full standin:wait
    within "$PATIENCE" says one full
    podman stats --no-stream --format json one >"$T/stats"
    jq -e '.[0] | .name == "one" and .pids == "1" and (.mem_usage | test("^[0-9.]+MB"))' "$T/stats" || fail "$(cat "$T/stats")"
    tr '\0' '\n' <"/proc/$(podman inspect --format '{{.State.Pid}}' one)/cmdline" >"$T/words"
    expect_line 'guest standin:quiet standin:eat=8 standin:say=full standin:wait' "$T/words"
    podman rm --force --time 0 one >"$T/removed"
}

@test "a pod of a Kubernetes document is played and taken down" {
    [[ -e /usr/libexec/podman/catatonit ]] || skip 'catatonit is not installed'
    cat >"$T/pod.yaml" <<'YAML'
apiVersion: v1
kind: Pod
metadata:
  name: played
spec:
  containers:
  - name: one
    image: docker.io/library/standin:v1
    imagePullPolicy: Never
    args: ["standin:quiet", "standin:say=played", "standin:manage=answer"]
YAML
    podman play kube --network none "$T/pod.yaml" >"$T/played" 2>"$T/stderr" || fail "$(cat "$T/stderr")"
    within "$PATIENCE" says played-one managed
    says played-one played
    podman play kube --down "$T/pod.yaml" >"$T/played" 2>"$T/stderr" || fail "$(cat "$T/stderr")"
    expect_equal "$(podman ps --all --quiet)" ''
}

@test "exec into a guest without an agent says that it cannot be" {
    run_detached one
    ! podman exec one sh >"$T/stdout" 2>"$T/stderr" || fail 'it did not fail'
    expect_match 'exec needs a Linux guest' "$T/stderr"
    podman rm --force --time 0 one >"$T/removed"
}

@test "limits are the monitor's" {
    run_detached one --ulimit nofile=100:200
    within "$PATIENCE" says one managed
    expect_match 'Max open files +100 +200' "/proc/$(podman inspect --format '{{.State.Pid}}' one)/limits"
    podman rm --force --time 0 one >"$T/removed"
}

@test "a pod of the other runtime's infra container and a guest" {
    [[ -e /usr/libexec/podman/catatonit ]] || skip 'catatonit is not installed'
    podman pod create --name pod --cgroup-parent "/$ID" --network none >"$T/pod" 2>"$T/stderr" || fail "$(cat "$T/stderr")"
    podman run --detach --pod pod --name one docker.io/library/standin:v1 >"$T/started"
    within "$PATIENCE" says one managed
    expect_equal "$(podman pod inspect pod | jq -r '[.Containers[].State] | join(" ")')" 'running running'
    podman pod pause pod >"$T/paused"
    is one paused
    podman pod unpause pod >"$T/paused"
    podman pod stop --time 60 pod >"$T/stopped"
    expect_equal "$(podman wait one)" 143
    podman pod rm pod >"$T/removed"
    expect_equal "$(podman ps --all --quiet)" ''
}

@test "a published port leads to the guest's interface" {
    [[ -x /usr/lib/cni/bridge ]] || skip 'the CNI plugins are not installed (containernetworking-plugins)'
    # Where the plugins keep the addresses that are taken.
    mkdir -p /var/lib/cni
    mount -t tmpfs addresses /var/lib/cni
    podman run --detach --name one --cgroup-parent "/$ID" --publish 18080:80 docker.io/library/standin:v1 >"$T/started" 2>"$T/stderr" ||
        fail "$(cat "$T/stderr")"
    within "$PATIENCE" says one managed
    local pid address
    pid=$(podman inspect --format '{{.State.Pid}}' one)
    address=$(podman inspect --format '{{.NetworkSettings.IPAddress}}' one)
    nsenter --net="/proc/$pid/ns/net" ip -brief address show eth0 | grep -q "$address/"
    expect_equal "$(nsenter --net="/proc/$pid/ns/net" ip -brief link show type tun | wc -l)" 1
    podman port one | grep -q '80/tcp -> 0.0.0.0:18080'
    podman rm --force --time 0 one >"$T/removed"
    umount /var/lib/cni
}

@test "exec runs a program in a Linux guest, with its streams and its status" {
    linux_bundle
    cp "$T/bundle/rootfs/boot/kernel" "$T/kernel"
    printf '%s\n' 'FROM scratch' 'UNIKERNEL linux' 'MONITOR qemu' 'KERNEL kernel' \
        'CMD ["/urunc-init", "program", "standin:quiet", "standin:exec=echo"]' >"$T/Containerfile"
    build -t executor:v1 -o "type=oci-archive,dest=$T/executor.tar" "$T"
    podman load --quiet --input "$T/executor.tar" >"$T/loaded"
    podman run --detach --name one --cgroup-parent "/$ID" --network none --health-cmd program \
        --health-interval disable docker.io/library/executor:v1 >"$T/started"
    local status=0
    podman exec -i --user 5:6 --env A=b --workdir /there one program two <<<input >"$T/output" 2>"$T/errors" || status=$?
    expect_equal "$status" 7
    for line in aprogram atwo eA=b d/there u5:6 input; do
        expect_line "$line" "$T/output"
    done
    expect_line started "$T/errors"
    status=0
    podman healthcheck run one >"$T/health" 2>&1 || status=$?
    expect_equal "$status $(cat "$T/health")" '1 unhealthy' # the program ended with 7
    podman kill --signal KILL one >"$T/killed"
    within "$PATIENCE" is one exited
    podman rm one
}
