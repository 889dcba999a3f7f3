#!/usr/bin/env bats
# Docker with urunc as one of its runtimes: what its commands ask for, a unikernel's container answers.
load docker

@test "an image of urunc-build is loaded, runs detached, is inspected, stopped, started again and removed" {
    load_standin
    run_detached one standin:v1
    within "$PATIENCE" says one managed
    docker inspect one >"$T/inspected"
    expect_equal "$(jq -r '.[0] | "\(.State.Status) \(.HostConfig.Runtime) \(.Config.Labels["com.urunc.unikernel.unikernelType"])"' \
        "$T/inspected")" 'running urunc generic'
    expect_equal "$(basename "$(readlink "/proc/$(of one State.Pid)/exe")")" standin
    docker stop --time 60 one >"$T/stopped"
    expect_equal "$(docker wait one)" 143
    docker start one >"$T/started"
    within "$PATIENCE" is one running
    docker restart --time 60 one >"$T/started"
    within "$PATIENCE" is one running
    docker rm --force one >"$T/removed"
    expect_equal "$(docker ps --all --quiet)" ''
}

@test "a container in the foreground has its input, gives its output and ends with its status" {
    load_standin
    local status=0
    printf 'through docker\n' | run_guest --rm --interactive standin:v1 guest standin:quiet standin:echo standin:exit=6 \
        >"$T/output" 2>"$T/stderr" || status=$?
    expect_equal "$status" 6
    expect_equal "$(cat "$T/output")" 'through docker'
    expect_equal "$(docker ps --all --quiet)" ''
}

@test "a container has a terminal" {
    load_standin
    local status=0
    python3 - "$PATIENCE" "$DOCKER" run --runtime urunc --rm --interactive --tty standin:v1 guest standin:echo \
        >"$T/output" 2>&1 <<'PYTHON' || status=$?
import os, pty, select, sys
pid, master = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
seen = b""
def until(text):
    global seen
    while text not in seen:
        assert select.select([master], [], [], int(sys.argv[1]))[0], seen
        seen += os.read(master, 4096)
    seen = seen.split(text, 1)[1]
until(b'"terminal":{')
until(b"\r\n")
os.write(master, b"typed\r")
until(b"typed\r\ntyped\r\n")
os.write(master, b"\x04")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PYTHON
    ((status == 0)) || fail "$(cat "$T/output")"
}

@test "kill ends it with the signal's status, and logs are followed to the end" {
    load_standin
    run_detached one standin:v1
    docker logs --follow one >"$T/followed" 2>&1 &
    local follower=$!
    within "$PATIENCE" grep -q managed "$T/followed"
    docker kill one >"$T/killed"
    expect_equal "$(docker wait one)" 137
    wait "$follower"
    expect_equal "$(paste -sd' ' "$T/followed")" 'hello managed'
    fails docker kill one
    expect_match 'is not running' "$T/stderr"
}

@test "pause, unpause, top and stats" {
    load_standin
    run_detached one standin:v1 guest standin:eat=8 standin:quiet standin:say=full standin:manage=answer
    within "$PATIENCE" says one full
    docker pause one >"$T/paused"
    is one paused
    docker unpause one >"$T/paused"
    is one running
    expect_equal "$(docker top one -o pid,comm | awk 'NR > 1 { print $1, $2 }')" "$(of one State.Pid) standin"
    docker stats --no-stream --format '{{json .}}' one >"$T/stats"
    jq -e '.PIDs == "1" and (.MemUsage | test("^[0-9.]+MiB"))' "$T/stats" || fail "$(cat "$T/stats")"
    docker pause one >"$T/paused"
    docker kill one >"$T/killed"
    expect_equal "$(docker wait one)" 137
}

@test "limits are the monitor's, and are updated one by one" {
    load_standin
    run_detached one --memory 64m --cpus 0.5 --pids-limit 50 --ulimit nofile=100:200 standin:v1
    within "$PATIENCE" says one managed
    expect_match 'Max open files +100 +200' "/proc/$(of one State.Pid)/limits"
    grep -q 'size=64M' <(tr '\0' '\n' <"/proc/$(of one State.Pid)/cmdline") || fail 'the guest has other memory'
    expect_match '^50000( 100000)?$' <(limit one cpu.cfs_quota_us cpu.max)
    expect_equal "$(limit one pids.max)" 50
    docker update --memory 128m --memory-swap 256m one >"$T/updated"
    expect_equal "$(limit one memory.limit_in_bytes memory.max)" $(((128 + 256) << 20))
    docker update --cpus 0.2 one >"$T/updated"
    docker update --pids-limit 40 one >"$T/updated"
    expect_match '^20000( 100000)?$' <(limit one cpu.cfs_quota_us cpu.max)
    expect_equal "$(limit one pids.max)" 40
    expect_equal "$(limit one memory.limit_in_bytes memory.max)" $(((128 + 256) << 20))
    fails docker update --memory 32m one
    expect_match 'linux.resources.memory.limit: 33554432 bytes, but the guest has had 64 MiB' "$T/stderr"
}

@test "--init is left out, and what cannot be had is an error of docker's that says why" {
    load_standin
    run_detached one --init standin:v1 guest standin:wait
    within "$PATIENCE" says one '{.*}'
    docker logs one >"$T/report"
    expect_reported '.argv | .[index("-append") + 1]' 'guest standin:wait'
    local status=0
    run_guest --name two --volume "$T/urunc.json:/data:ro" standin:v1 >"$T/output" 2>"$T/stderr" || status=$?
    expect_equal "$status" 125
    expect_match 'OCI runtime create failed: .*mounts: /data .*this guest takes no files' "$T/stderr"
    is two created
    status=0
    docker exec one sh >"$T/output" 2>"$T/stderr" || status=$?
    expect_equal "$status" 126
    expect_match 'OCI runtime exec failed: .*exec needs a Linux guest' "$T/output"
}

@test "a container that fails is restarted as its policy says" {
    load_standin
    run_detached one --restart on-failure:2 standin:v1 guest standin:quiet standin:say=round standin:exit=3
    within "$PATIENCE" has_given_up one
    expect_equal "$(docker logs one | grep -c round)" 3
    expect_equal "$(of one State.ExitCode)" 3
}

has_given_up() {
    [[ $(docker inspect --format '{{.RestartCount}} {{.State.Status}}' "$1") == '2 exited' ]]
}

@test "exec runs a program in a Linux guest, with its user, environment, directory, streams and status" {
    load_executor echo
    run_detached one --env GUEST=1 executor-echo:v1
    local status=0 line
    docker exec --interactive --user 5:6 --env A=b --workdir /there one program two <<<input >"$T/output" 2>"$T/errors" || status=$?
    expect_equal "$status" 7
    for line in aprogram atwo eGUEST=1 eA=b d/there u5:6 input; do
        expect_line "$line" "$T/output"
    done
    expect_line started "$T/errors"
}

@test "containers, and what runs in them, outlive a restart of dockerd and one that was killed" {
    load_standin
    load_executor stay
    run_detached ends standin:v1
    run_detached stays executor-stay:v1
    docker exec --detach stays program
    within "$PATIENCE" has_processes stays 2
    local signal pid count=2
    pid=$(of ends State.Pid)
    for signal in TERM KILL; do
        restart_dockerd "$signal"
        is ends running
        has_processes stays "$count"
        docker exec --detach stays program
        within "$PATIENCE" has_processes stays $((++count))
    done
    docker stop --time 60 ends >"$T/stopped"
    expect_equal "$(docker wait ends)" 143
    is_gone "$pid"
    docker kill stays >"$T/killed"
    expect_equal "$(docker wait stays)" 137
}

has_processes() {
    [[ $(docker top "$1" -o pid | grep -c '^[0-9]') -eq $2 ]]
}

@test "an ordinary container goes to the other runtime, for its whole life" {
    need_program busybox
    mkdir -p "$F/image-plain"
    cp "$(command -v busybox)" "$F/image-plain/busybox"
    load_image plain 'FROM scratch' 'COPY busybox /bin/busybox' 'ENTRYPOINT ["/bin/busybox"]'
    expect_equal "$(run_guest --rm plain:v1 echo from the other runtime)" 'from the other runtime'
    run_detached one plain:v1 sleep 100000
    expect_equal "$(docker exec one /bin/busybox echo within)" within
    docker pause one >"$T/paused"
    is one paused
    docker unpause one >"$T/paused"
    docker update --pids-limit 40 one >"$T/updated"
    expect_equal "$(limit one pids.max)" 40
    expect_equal "$(docker top one -o pid,comm | awk 'NR > 1 { print $2 }')" busybox
    docker kill one >"$T/killed"
    expect_equal "$(docker wait one)" 137
}
