#!/usr/bin/env bats
# containerd ends, by itself or by SIGKILL, while containers run: what comes after it finds them as they are.
load engine

# restarted SIGNAL: one container that runs, one that was only created, one that ends meanwhile, one of the other runtime.
restarted() {
    import_standin
    import_plain
    run_task --detach running
    run_task --detach ending
    run_plain --detach plain /bin/busybox sleep 100000
    local ending
    ending=$(pid_of ending)
    stop_containerd "$1"
    kill -KILL "$ending"
    start_containerd
    within "$PATIENCE" task_is running RUNNING
    within "$PATIENCE" task_is ending STOPPED
    within "$PATIENCE" task_is plain RUNNING
    run_task --detach after
    local name
    for name in running plain after; do
        ctr task kill --signal SIGKILL "$name"
        within "$PATIENCE" task_is "$name" STOPPED
    done
    for name in running ending plain after; do
        remove_task "$name"
    done
    within "$PATIENCE" no_shim_left
}

@test "containerd restarts" {
    restarted TERM
}

@test "containerd is killed" {
    restarted KILL
}

@test "a monitor that ended with its shim is cleaned up by the next containerd" {
    import_standin
    run_task --detach one
    local pid shim
    pid=$(pid_of one)
    shim=$(pgrep -f "containerd-shim-runc-v2 .*-id one")
    stop_containerd KILL
    kill -KILL $shim
    start_containerd
    # The shim's own clean-up calls `delete --force`, which ends the monitor.
    within "$PATIENCE" is_gone "$pid"
    [[ ! -e /run/containerd/runc/$ID/one ]]
    ctr container rm one
}

is_gone() {
    [[ ! -e /proc/$1/exe ]]
}
