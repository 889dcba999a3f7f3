#!/usr/bin/env bats
# Podman of an ordinary user ("games", as in tests/sandbox/rootless.bats) with urunc as its runtime.
load ../sandbox/standin

PATIENCE=$BOOT_TIMEOUT

prepare_file() {
    [[ $(id -u) -eq 0 ]] || return 0
    printf 'games:100000:65536\n' >"$F/ids"
    mknod "$F/tun" c 10 200
    chmod 666 "$F/tun"
    # Of this file's mount namespace alone (tests/e2e/isolate.sh).
    mount --bind "$F/ids" /etc/subuid
    mount --bind "$F/ids" /etc/subgid
    [[ ! -e /dev/net/tun ]] || mount --bind "$F/tun" /dev/net/tun
}

teardown_file() {
    umount /etc/subuid /etc/subgid /dev/net/tun 2>/dev/null || true
    rm -rf --one-file-system "$F"
}

prepare_more() {
    need_program podman setpriv newuidmap newgidmap slirp4netns
    unshare --user true || skip 'this host lets nobody make user namespaces'
    [[ -e /dev/net/tun ]] || skip 'there is no /dev/net/tun'
    mkdir -m 700 "$T/xdg" "$T/home"
    cp "$URUNC" "$T/urunc"
    printf '#!/bin/sh\nexec %s/urunc --config %s/urunc.json "$@"\n' "$T" "$T" >"$T/runtime"
    chmod +x "$T/runtime"
    printf '%s\n' 'FROM scratch' 'UNIKERNEL generic' 'MONITOR qemu' 'KERNEL kernel' \
        'CMD ["standin:quiet", "standin:say=hello", "standin:manage=answer"]' >"$T/Containerfile"
    cp "$T/bundle/rootfs/boot/kernel" "$T/kernel"
    build -t standin:v1 -o "type=oci-archive,dest=$T/image.tar" "$T"
    chown -R games:games "$T"
    podman load --quiet --input "$T/image.tar" >"$F/loaded"
}

podman() {
    timeout --foreground --kill-after 5 "$PATIENCE" setpriv --reuid games --regid games --clear-groups --inh-caps=-all -- \
        env -i --chdir="$T/home" PATH="$PATH" HOME="$T/home" XDG_RUNTIME_DIR="$T/xdg" TMPDIR="$T/tmp" \
        podman --root "$T/storage" --runroot "$T/xdg/run" --storage-driver vfs --cgroup-manager cgroupfs \
        --events-backend file --runtime "$T/runtime" "$@" </dev/null 3>&-
}

says() {
    podman logs "$1" 2>&1 | grep -qx "$2"
}

# The process that holds the user's namespaces outlives podman.
clear_up() {
    [[ -e $T/runtime ]] || return 0
    podman rm --all --force --time 0 >&2
    find "$T/xdg" -name pause.pid -exec cat {} + >>"$T/processes"
    while read -r pid; do
        kill -KILL "$pid" 2>/dev/null
    done <"$T/processes"
    podman unshare rm -rf "$T/storage" >&2
    find "$T/xdg" -name pause.pid -exec cat {} + >>"$T/processes"
    return 0
}

@test "a container runs, is stopped and removed" {
    podman run --detach --name one --network none docker.io/library/standin:v1 >"$F/started"
    within "$PATIENCE" says one managed
    expect_equal "$(podman inspect --format '{{.State.Status}}' one)" running
    podman stop --time 60 one >"$F/stopped"
    expect_equal "$(podman wait one)" 143
    podman rm one >"$F/removed"
    expect_equal "$(podman ps --all --quiet)" ''
}

@test "a port is published, and the exit status is the guest's" {
    podman run --detach --name one --publish 18081:80 docker.io/library/standin:v1 >"$F/started"
    within "$PATIENCE" says one managed
    expect_equal "$(podman port one)" '80/tcp -> 0.0.0.0:18081'
    podman kill one >"$F/killed"
    expect_equal "$(podman wait one)" 137
    podman rm one >"$F/removed"
    local status=0
    podman run --rm docker.io/library/standin:v1 guest standin:quiet standin:exit=3 || status=$?
    expect_equal "$status" 3
}

@test "logs are followed, the container is inspected and paused, its limits are the monitor's, and --init is left out" {
    [[ -e /usr/libexec/podman/catatonit ]] || skip 'catatonit is not installed'
    podman run --detach --name one --network none --init --ulimit nofile=100:200 docker.io/library/standin:v1 >"$F/started"
    podman logs --follow one >"$T/followed" 2>&1 &
    local follower=$!
    within "$PATIENCE" grep -q managed "$T/followed"
    podman inspect one >"$T/inspected"
    expect_equal "$(jq -r '.[0] | "\(.State.Status) \(.OCIRuntime) \(.HostConfig.Init)"' "$T/inspected")" "running $T/runtime true"
    local pid
    pid=$(jq '.[0].State.Pid' "$T/inspected")
    expect_equal "$(basename "$(readlink "/proc/$pid/exe")")" standin
    expect_match 'Max open files +100 +200' "/proc/$pid/limits"
    tr '\0' '\n' <"/proc/$pid/cmdline" >"$T/words"
    expect_line 'standin:quiet standin:say=hello standin:manage=answer' "$T/words"
    if [[ $(stat -f -c %T /sys/fs/cgroup) == cgroup2fs ]]; then
        podman pause one >"$F/paused"
        expect_equal "$(podman inspect --format '{{.State.Status}}' one)" paused
        podman unpause one >"$F/paused"
    else
        ! podman pause one >"$F/paused" 2>"$T/stderr" || fail 'it was paused'
        expect_match 'rootless containers with cgroup V1' "$T/stderr"
    fi
    podman stop --time 60 one >"$F/stopped"
    wait "$follower"
    expect_equal "$(paste -sd' ' "$T/followed")" 'hello managed'
    podman rm one >"$F/removed"
}

@test "a pod of the other runtime's infra container and a guest" {
    [[ -e /usr/libexec/podman/catatonit ]] || skip 'catatonit is not installed'
    podman pod create --name pod >"$T/pod" 2>"$T/stderr" || fail "$(cat "$T/stderr")"
    podman run --detach --pod pod --name one docker.io/library/standin:v1 >"$F/started"
    within "$PATIENCE" says one managed
    expect_equal "$(podman pod inspect pod | jq -r '[.Containers[].State] | join(" ")')" 'running running'
    podman pod stop --time 60 pod >"$F/stopped"
    expect_equal "$(podman wait one)" 143
    podman pod rm pod >"$F/removed"
    expect_equal "$(podman ps --all --quiet)" ''
}

@test "exec runs a program in a Linux guest, and says that others have none" {
    linux_bundle
    printf '%s\n' 'FROM scratch' 'UNIKERNEL linux' 'MONITOR qemu' 'KERNEL kernel' \
        'CMD ["/urunc-init", "program", "standin:quiet", "standin:exec=echo"]' >"$T/Containerfile"
    cp "$T/bundle/rootfs/boot/kernel" "$T/kernel"
    build -t executor:v1 -o "type=oci-archive,dest=$T/executor.tar" "$T"
    chown games:games "$T/executor.tar"
    podman load --quiet --input "$T/executor.tar" >"$F/loaded"
    podman run --detach --name one --network none docker.io/library/executor:v1 >"$F/started"
    local status=0 line
    podman exec --user 5:6 --env A=b --workdir /there one program two >"$T/output" 2>"$T/errors" || status=$?
    expect_equal "$status" 7
    for line in aprogram atwo eA=b d/there u5:6; do
        expect_line "$line" "$T/output"
    done
    podman run --detach --name two --network none docker.io/library/standin:v1 >"$F/started"
    ! podman exec two sh >"$T/stdout" 2>"$T/stderr" || fail 'it did not fail'
    expect_match 'exec needs a Linux guest' "$T/stderr"
    podman kill one two >"$F/killed"
    expect_equal "$(podman wait one two | paste -sd' ')" '137 137'
    podman rm one two >"$F/removed"
}
