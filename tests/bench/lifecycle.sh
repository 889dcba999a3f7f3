# lifecycle.sh: what urunc takes beside runc and crun for each of its commands, for many containers, and in memory. run.sh
# reads it.
#
# All three get the same: state on a tmpfs as /run is one, cgroups of the same hierarchies, bundles that differ in nothing
# but urunc's annotations, and one program of ours (bench-program) as the container's program and as the monitor. For that
# run.sh is in a mount namespace of its own. CPU is user and system time of the command, and of the container's
# process as far as the command had it work.
# shellcheck shell=bash

RUNTIMES=()

# crun refuses a host that has hierarchies of both versions, so the second version's is hidden.
hide_hybrid_cgroups() {
    [[ -d /sys/fs/cgroup/unified ]] || return 0
    mkdir "$W/cgroup"
    mount -t tmpfs none "$W/cgroup"
    local hierarchy
    for hierarchy in /sys/fs/cgroup/*/; do
        hierarchy=$(basename "$hierarchy")
        [[ $hierarchy != unified ]] || continue
        mkdir "$W/cgroup/$hierarchy"
        mount --bind "/sys/fs/cgroup/$hierarchy" "$W/cgroup/$hierarchy"
    done
    mount --rbind "$W/cgroup" /sys/fs/cgroup
}

# bundle NAME PROGRAM FILTER: one for runc and crun, and one for urunc with a kernel that nobody boots.
bundle() {
    local plain=$W/bundles/$1-plain unikernel=$W/bundles/$1-unikernel
    mkdir -p "$plain/rootfs/bin" "$unikernel/rootfs/boot"
    cp "$BENCH/bench-program" "$plain/rootfs/bin/$2"
    cp "$BUILD/tests/guests/multiboot.elf" "$unikernel/rootfs/boot/kernel"
    (cd "$plain" && runc spec)
    jq --arg program "/bin/$2" ".process.terminal = false | .process.args = [\$program] | $3" "$plain/config.json" >"$W/config"
    mv "$W/config" "$plain/config.json"
    jq '.annotations = ({unikernelType: "generic", hypervisor: "qemu", binary: "/boot/kernel"}
        | with_entries(.key |= "com.urunc.unikernel." + .))' "$plain/config.json" >"$unikernel/config.json"
}

# The profile of podman as podman gives it to a container of its own.
engine_profile() {
    local profile=/usr/share/containers/seccomp.json
    [[ -e $profile ]] || { echo "  ($profile is not installed: without a seccomp profile alone)"; return 1; }
    jq '{defaultAction, defaultErrnoRet, architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        syscalls: [.syscalls[] | select((.includes.caps // []) == [])
            | select(.includes.arches == null or (.includes.arches | index("amd64")))
            | select((.excludes.arches // []) | index("amd64") | not)
            | {names, action} + (if .errnoRet then {errnoRet} else {} end) + (if .args then {args} else {} end)]}' "$profile" >"$W/profile"
}

# call RUNTIME MONITOR ARGUMENT...
call() {
    local runtime=$1 monitor=$2
    shift 2
    case $runtime in
    urunc) "${MEASURE[@]}" "$BUILD/runtime/urunc" --root "$W/states/urunc" --config "$W/$monitor.json" "$@" ;;
    *) "${MEASURE[@]}" "$runtime" --root "$W/states/$runtime" "$@" ;;
    esac </dev/null >"$W/log" 2>&1
}

# bundle_of RUNTIME NAME
bundle_of() {
    if [[ $1 == urunc ]]; then
        echo "$W/bundles/$2-unikernel"
    else
        echo "$W/bundles/$2-plain"
    fi
}

# timed RUNTIME COMMAND ARGUMENT...: adds to the times of that command.
timed() {
    local runtime=$1 command=$2
    shift 2
    MEASURE=("$BENCH/bench-measure" "$W/times.$runtime-$command")
    call "$runtime" "${MONITOR:-wait}" "$command" "$@" || { echo "  ($runtime $command failed: $(tail -n 1 "$W/log"))"; return 1; }
}

# The processor time of the container's process until now, in microseconds.
process_time() {
    local nanoseconds rest
    read -r nanoseconds rest <"/proc/$1/schedstat"
    echo $((nanoseconds / 1000))
}

# add_process_time FILE MICROSECONDS: to the file's last line.
add_process_time() {
    awk -v more="$2" '{line[NR] = $0; last = $0} END {
        for (i = 1; i < NR; i++) print line[i]
        split(last, field, " "); print field[1], field[2] + more, field[3]}' "$1" >"$W/new"
    mv "$W/new" "$1"
}

ended() {
    ! grep -qs 'State:.[^ZX]' "/proc/$1/status"
}

# create_timed RUNTIME ID BUNDLE [OPTION...]: its process's ID is in $W/pid.
create_timed() {
    local runtime=$1 id=$2 bundle=$3
    timed "$runtime" create --bundle "$bundle" --pid-file "$W/pid" "$id" || return 1
    add_process_time "$W/times.$runtime-create" "$(process_time "$(<"$W/pid")")"
}

# One container through all of its life; and one by `run`.
life() {
    local runtime=$1 id=bench-$1-$BASHPID pid before
    create_timed "$runtime" "$id" "$(bundle_of "$runtime" "wait$2")" || return 1
    pid=$(<"$W/pid")
    before=$(process_time "$pid")
    timed "$runtime" start "$id" || return 1
    add_process_time "$W/times.$runtime-start" $(($(process_time "$pid") - before))
    timed "$runtime" kill "$id" KILL || return 1
    until ended "$pid"; do :; done
    timed "$runtime" delete "$id" || return 1
    MONITOR=end timed "$runtime" run --bundle "$(bundle_of "$runtime" "end$2")" "$id"
}

lifecycle_rows() {
    local command runtime
    printf '  %-8s' ''
    for runtime in "${RUNTIMES[@]}"; do printf ' %10s %10s' "$runtime" CPU; done
    for runtime in "${RUNTIMES[@]:1}"; do printf ' %12s %8s' "to $runtime" CPU; done
    printf '   (ms)\n'
    for command in create start kill delete run; do
        printf '  %-8s' "$command"
        for runtime in "${RUNTIMES[@]}"; do
            awk -v w="$(median "$runtime-$command" 1)" -v c="$(median "$runtime-$command" 2)" 'BEGIN {printf " %10.2f %10.2f", w / 1000, c / 1000}'
        done
        for runtime in "${RUNTIMES[@]:1}"; do
            awk -v w="$(median "urunc-$command" 1)" -v c="$(median "urunc-$command" 2)" -v ow="$(median "$runtime-$command" 1)" \
                -v oc="$(median "$runtime-$command" 2)" 'BEGIN {printf " %12.2f %8.2f", w / ow, c / oc}'
        done
        echo
    done
}

# Those of the three that work here are in RUNTIMES.
find_runtimes() {
    local runtime
    RUNTIMES=()
    for runtime in urunc runc crun; do
        [[ $runtime == urunc ]] || has "$runtime" || continue
        if life "$runtime" ''; then RUNTIMES+=("$runtime"); fi
    done
    [[ ${RUNTIMES[0]:-} == urunc ]]
}

prepare_lifecycle() {
    [[ $(id -u) -eq 0 ]] || { echo '  (needs root: skipped)'; return 1; }
    has runc && has jq || return 1
    [[ ! -d $W/states ]] || return 0
    mkdir "$W/states" "$W/monitors"
    mount -t tmpfs none "$W/states"
    hide_hybrid_cgroups
    local monitor
    for monitor in wait end; do
        cp "$BENCH/bench-program" "$W/monitors/$monitor"
        printf '{"monitors": {"qemu": {"path": "%s"}}}\n' "$W/monitors/$monitor" >"$W/$monitor.json"
        bundle "$monitor" "$monitor" .
        bundle "$monitor-shared" "$monitor" 'del(.linux.namespaces[] | select(.type == "network"))'
    done
    find_runtimes
}

lifecycle_table() {
    local i runtime
    rm -f "$W"/times.*
    for ((i = 0; i < ${BENCH_REPEAT:-40}; i++)); do
        for runtime in "${RUNTIMES[@]}"; do life "$runtime" "$1" || return 0; done
    done
    lifecycle_rows
}

bench_run() {
    echo "run: at most 0.8 of crun's time, without the monitor's own; create, start, kill and delete beside it"
    prepare_lifecycle || return 0
    echo '  without a seccomp profile'
    lifecycle_table ''
    engine_profile || return 0
    local monitor
    for monitor in wait end; do
        bundle "$monitor-profile" "$monitor" ".linux.seccomp = $(<"$W/profile")"
    done
    echo "  with an engine's seccomp profile"
    lifecycle_table -profile
}

# ---- memory ----

# pss PID...: KiB of all of them.
pss() {
    local pid
    for pid; do cat "/proc/$pid/smaps_rollup"; done | awk '$1 == "Pss:" {sum += $2} END {print sum + 0}'
}

slab() {
    awk '$1 == "Slab:" {print $2}' /proc/meminfo
}

# memory_of RUNTIME COUNT: that many containers, created and then started.
memory_of() {
    local runtime=$1 count=$2 i before pids=() waiting kernel
    MEASURE=()
    before=$(slab)
    for ((i = 0; i < count; i++)); do
        call "$runtime" wait create --bundle "$(bundle_of "$runtime" wait)" --pid-file "$W/pid" "bench-$i" || return 1
        pids+=("$(<"$W/pid")")
    done
    kernel=$((($(slab) - before) / count))
    waiting=$(pss "${pids[@]}")
    for ((i = 0; i < count; i++)); do call "$runtime" wait start "bench-$i" || return 1; done
    awk -v runtime="$runtime" -v waiting="$waiting" -v running="$(pss "${pids[@]}")" -v count="$count" -v kernel="$kernel" \
        -v files="$(du -sk "$W/states/$runtime" | cut -f1)" 'BEGIN {
        printf "  %-8s %12.0f %12.0f %12.1f %12d\n", runtime, waiting / count, running / count, files / count, kernel}'
    for ((i = 0; i < count; i++)); do call "$runtime" wait delete --force "bench-$i" || return 1; done
}

bench_memory() {
    local count=${BENCH_COUNT:-100} runtime
    echo "memory: what each of $count containers takes, KiB; its program takes what is left when it runs"
    prepare_lifecycle || return 0
    printf '  %-8s %12s %12s %12s %12s\n' '' waiting running state 'kernel slab'
    for runtime in "${RUNTIMES[@]}"; do memory_of "$runtime" "$count" || echo "  ($runtime failed: $(tail -n 1 "$W/log"))"; done
}

# ---- many ----

# kth RUNTIME ID: all commands for one container beside those that are there.
kth() {
    local runtime=$1 id=$2 pid
    create_timed "$runtime" "$id" "$(bundle_of "$runtime" wait-shared)" || return 1
    pid=$(<"$W/pid")
    timed "$runtime" start "$id" && timed "$runtime" state "$id" && timed "$runtime" kill "$id" KILL || return 1
    until ended "$pid"; do :; done
    timed "$runtime" delete "$id"
}

# many_of RUNTIME COUNT...: the cost of one more container beside so many.
many_of() {
    local runtime=$1 count made=0 i
    shift
    for count; do
        MEASURE=()
        for (( ; made < count; made++)); do
            call "$runtime" wait create --bundle "$(bundle_of "$runtime" wait-shared)" "bench-$made" || return 1
        done
        rm -f "$W/times.$runtime"-*
        for ((i = 0; i < 15; i++)); do kth "$runtime" bench-more || return 1; done
        printf '  %-8s %8d' "$runtime" "$count"
        for command in create start state kill delete; do
            awk -v w="$(median "$runtime-$command" 1)" -v c="$(median "$runtime-$command" 2)" 'BEGIN {printf " %9.2f %6.2f", w / 1000, c / 1000}'
        done
        echo
    done
    MEASURE=()
    for ((i = 0; i < made; i++)); do call "$runtime" wait delete --force "bench-$i" || return 1; done
}

bench_many() {
    local runtime
    echo 'many: one more container costs the same beside however many; ms and CPU ms of each command'
    prepare_lifecycle || return 0
    printf '  %-8s %8s %16s %16s %16s %16s %16s\n' '' beside create start state kill delete
    for runtime in "${RUNTIMES[@]}"; do
        [[ $runtime != runc ]] || continue # three times as long as both others, for nothing that they do not show
        many_of "$runtime" 0 100 "${BENCH_MANY:-1000}" || echo "  ($runtime failed: $(tail -n 1 "$W/log"))"
    done
}
