#!/usr/bin/env bats
# Paths of the command line that lead to hostile places, and hooks that turn against the container that they are of: one
# line says what is wrong, nothing of the host is touched, and nothing is left.
load ../sandbox/standin

# hook SCRIPT: a createRuntime hook in bash.
hook() {
    edit "$T/bundle" '.hooks = {createRuntime: [{path: "/bin/bash", args: ["bash", "-c", $script]}]}' --arg script \
        "export PATH=/usr/sbin:/usr/bin:/sbin:/bin; $1"
}

create() {
    urunc create --bundle "$T/bundle" "$@" "$ID" </dev/null
}

@test "a device, a FIFO, a socket or a directory is not replaced by the pid file" {
    mknod "$T/device" c 1 3
    mkfifo "$T/fifo"
    mkdir "$T/directory"
    python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$T/socket"
    local kind before
    for kind in device fifo directory socket; do
        before=$(stat -c '%i %F' "$T/$kind")
        fails create --pid-file "$T/$kind"
        expect_one_error "--pid-file $T/$kind: is no regular file"
        expect_equal "$(stat -c '%i %F' "$T/$kind")" "$before"
        expect_nothing_left
    done
}

@test "a symlink is replaced by the pid file, and what it leads to is not written" {
    printf 'of the host\n' >"$T/victim"
    ln -s "$T/victim" "$T/pid"
    create_standin
    expect_equal "$(cat "$T/victim")" 'of the host'
    [[ ! -L $T/pid && $(cat "$T/pid") -gt 1 ]]
}

@test "a console socket on which nobody accepts is an error" {
    edit "$T/bundle" '.process.terminal = true'
    python3 - "$T/full" 3>&- <<'END' &
import socket, sys, time
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1] + ".new")
listener.listen(0)
waiting = []
while True:
    one = socket.socket(socket.AF_UNIX)
    one.setblocking(False)
    try:
        one.connect(sys.argv[1] + ".new")
    except BlockingIOError:
        break
    waiting.append(one)
open(sys.argv[1], "w").close()
while True:
    time.sleep(1000)
END
    printf '%s\n' $! >>"$T/processes"
    within 60 test -e "$T/full"
    fails create --console-socket "$T/full.new"
    expect_one_error "--console-socket $T/full.new: Resource temporarily unavailable"
    expect_nothing_left
}

@test "a console socket that is a file, a device or another kind of socket is an error" {
    edit "$T/bundle" '.process.terminal = true'
    python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).bind(sys.argv[1])' "$T/datagrams"
    : >"$T/file"
    local path
    for path in "$T/datagrams" "$T/file" "$T" /dev/null /proc/self/fd/0; do
        fails create --console-socket "$path"
        expect_one_error "--console-socket $path: Connection refused"
    done
    expect_nothing_left
}

@test "a log that is a FIFO without a reader, or a directory, does not hold anybody up" {
    mkfifo "$T/fifo"
    local path
    for path in "$T/fifo" "$T"; do
        fails urunc --log "$path" create --bundle "$T/bundle" "$ID" </dev/null
        expect_one_error "--log $path"
    done
    expect_nothing_left
}

@test "a hook that removes the state ends the creation" {
    hook "rm -r $T/root/$ID"
    fails create
    expect_one_error 'state.json'
    expect_nothing_left
}

@test "a hook that puts another directory in the place of the state ends the creation" {
    hook "mv $T/root/$ID $T/moved && mkdir $T/root/$ID"
    fails create
    expect_one_error "$T/root/$ID: is no longer the container.s directory"
    expect_nothing_left
}

@test "a hook that lays a symlink where the state is written next ends the creation, and the link is not followed" {
    printf 'of the host\n' >"$T/victim"
    hook "ln -s $T/victim $T/root/$ID/.state.json.tmp"
    fails create
    expect_one_error 'state.json.tmp'
    expect_equal "$(cat "$T/victim")" 'of the host'
    expect_nothing_left
}

@test "a hook that kills the container's process, by its number or by urunc, ends the creation" {
    local script
    for script in 'kill -KILL $(jq .pid)' "$URUNC --root $T/root --config $T/urunc.json kill $ID KILL"; do
        hook "$script"
        fails create
        expect_one_error 'process'
        expect_nothing_left
    done
}

@test "a hook cannot start the container that is being created" {
    hook "$URUNC --root $T/root --config $T/urunc.json start $ID"
    fails create
    expect_one_error 'cannot start a container that is still being created'
    expect_nothing_left
}

@test "a namespace of another kind is refused, whoever's it is" {
    local kind path
    for kind in network ipc uts cgroup user; do
        for path in /proc/1/ns/mnt /proc/self/ns/pid; do
            edit "$T/bundle" '.linux.namespaces = [{type: $type, path: $path}]' --arg type "$kind" --arg path "$path"
            fails create
            expect_one_error "cannot join the $kind namespace $path: Invalid argument"
        done
    done
    expect_nothing_left
}

# containerd's CVE-2024-25621.
@test "the state is its maker's alone, whatever the mask of new files" {
    umask 0
    create_standin
    expect_equal "$(stat -c %a "$T/root/$ID")" 700
    expect_equal "$(stat -c %a "$T/root/$ID/state.json" "$T/root/$ID/start.sock" | sort -u)" 600
    [[ $(stat -c %a "$T/root") == 711 ]] || fail "$(stat -c %a "$T/root")"
}
