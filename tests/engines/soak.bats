#!/usr/bin/env bats
# Containers come and go under a containerd that is killed, as are its shims, the monitors and urunc itself, each at other
# instants of their life. Afterwards nothing is left. URUNC_ENGINE_ROUNDS makes it longer.
load engine

ROUNDS=${URUNC_ENGINE_ROUNDS:-4}
AT_ONCE=4

# seen KIND: the process IDs of that kind, one a line.
seen() {
    case $1 in
    shim) pgrep -f containerd-shim-runc-v2 ;;
    monitor) pgrep -x standin ;;
    urunc) pgrep -x urunc ;;
    # It runs all the time; what matters is when in the life of a container it is killed.
    containerd) [[ -z $(pgrep -f containerd-shim-runc-v2) ]] || printf '%s\n' "$CONTAINERD" ;;
    esac
}

# kill_one KIND LOOKS STARTER...: kills a process of that kind when so many looks have seen one; they take some milliseconds
# each. At the latest when all starters have ended. One that ended before the signal was none.
kill_one() {
    local kind=$1 looks=$2 pid count=0 last=
    shift 2
    until [[ -n $last ]]; do
        any_runs "$@" || last=yes
        pid=$(seen "$kind" | head -n 1)
        [[ -n $pid ]] || continue
        ((++count >= looks)) || [[ -n $last ]] || continue
        if kill -KILL "$pid" 2>/dev/null; then
            KILLED[$kind]=$((${KILLED[$kind]-0} + 1))
            return
        fi
    done
}

any_runs() {
    local pid
    for pid; do
        ! kill -0 "$pid" 2>/dev/null || return 0
    done
    return 1
}

# run_round NUMBER: starts some at once, kills one process, and removes all of them.
run_round() {
    local kinds=(containerd urunc shim monitor) number kind
    local -a starting=()
    kind=${kinds[$1 % 4]}
    for ((number = 0; number < AT_ONCE; number++)); do
        run_task --detach "soak-$1-$number" >"$T/soak-$number" 2>&1 &
        starting+=($!)
    done
    kill_one "$kind" $((1 + $1 / 4 % 6)) "${starting[@]}"
    wait "${starting[@]}" || true # those that were hit have failed
    [[ $kind != containerd ]] || start_again
    within "$PATIENCE" all_removed
}

start_again() {
    kill -KILL "$CONTAINERD" 2>/dev/null || true
    wait "$CONTAINERD" || true
    start_containerd
}

# Once more, until there is none: a task that is still being created cannot be removed.
all_removed() {
    local name
    for name in $(ctr container ls -q); do
        ctr task rm --force "$name" >"$T/removed" 2>&1 || true
        ctr container rm "$name" >"$T/removed" 2>&1 || true
    done
    [[ -z $(ctr task ls -q) && -z $(ctr container ls -q) ]]
}

# containerd 1.6 that is killed while it creates a task knows nothing of its shim afterwards, whatever the runtime. Such a
# shim is ended here, and its container removed by urunc, as the operator of a host would do. FORGOTTEN counts them.
sweep_forgotten() {
    local pid id mount
    for pid in $(pgrep -f containerd-shim-runc-v2); do
        id=$(tr '\0' '\n' <"/proc/$pid/cmdline" | sed -n '/^-id$/{n;p}')
        [[ -n $id ]] || continue
        kill -KILL "$pid" 2>/dev/null || continue
        "$T/runc" --root "/run/containerd/runc/$ID" delete --force "$id"
        FORGOTTEN=$((FORGOTTEN + 1))
    done
    # The shim's, of rootfs.
    for mount in $(awk '$5 ~ "^/run/containerd/io.containerd.runtime.v2.task/" { print $5 }' /proc/self/mountinfo); do
        umount "$mount" || true # what stays is seen by stop_engine
    done
}

nothing_runs() {
    [[ -z $(pgrep -f containerd-shim-runc-v2) && -z $(pgrep -x 'standin|urunc') ]]
}

nothing_stands() {
    local -a left
    mapfile -t left < <(find "/run/containerd/runc/$ID" -mindepth 1 -maxdepth 1 ! -name '*@*' 2>/dev/null
        find /sys/fs/cgroup -mindepth 1 -type d -path "*/$ID/*" 2>/dev/null
        grep -e ' /guest/' /proc/self/mountinfo)
    printf '%s\n' "${left[@]}" >"$T/left"
    ((${#left[@]} == 0))
}

@test "killed containerds, shims, monitors and runtimes leave nothing" {
    import_standin
    declare -A KILLED=()
    local round kind kills='' FORGOTTEN=0
    for ((round = 0; round < ROUNDS; round++)); do
        run_round "$round" || fail "round $round"
    done
    within 10 no_shim_left || sweep_forgotten
    within "$PATIENCE" nothing_runs || fail "$(ps -eo pid,args | grep -E 'shim|standin|urunc')"
    within "$PATIENCE" nothing_stands || fail "$(cat "$T/left")"
    for kind in "${!KILLED[@]}"; do
        kills+=" $kind ${KILLED[$kind]}"
    done
    printf '# %s containers, %s at once, killed:%s; shims that containerd forgot: %s; nothing is left\n' \
        "$((ROUNDS * AT_ONCE))" "$AT_ONCE" "$kills" "$FORGOTTEN" >&3
    # urunc lives for milliseconds and may be missed; else this test shows nothing.
    ((${KILLED[containerd]-0} > 0 && ${KILLED[shim]-0} > 0 && ${KILLED[monitor]-0} > 0)) || fail "killed only:$kills"
}
