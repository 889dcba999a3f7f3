#!/usr/bin/env bats
# Debian's containerd with its runc shim and urunc in runc's place: what ctr asks for, a unikernel's container answers.
load engine

@test "a detached container runs, is seen, ends on SIGTERM and is removed" {
    import_standin
    run_task --detach one
    expect_equal "$(task_status one)" RUNNING
    expect_equal "$(basename "$(readlink "/proc/$(pid_of one)/exe")")" standin
    ctr task kill --signal SIGTERM one
    within "$PATIENCE" task_is one STOPPED
    remove_task one
    expect_equal "$(ctr task ls -q)" ''
}

@test "a container in the foreground gives its output and its exit status" {
    import_standin
    local status=0
    run_task --rm one guest standin:quiet standin:say=hello standin:exit=6 >"$T/output" 2>"$T/errors" || status=$?
    expect_equal "$status" 6
    expect_equal "$(cat "$T/output")" hello
    expect_equal "$(ctr task ls -q)" ''
}

@test "standard input reaches the monitor and ends" {
    import_standin
    # ctr 1.6 does not see an end of file that comes before the task.
    { within "$PATIENCE" task_is one RUNNING && printf 'through ctr\n'; } | run_task --rm one guest standin:quiet standin:echo >"$T/output" 2>"$T/errors" || fail "$(cat "$T/errors")"
    expect_equal "$(cat "$T/output")" 'through ctr'
}

@test "a guest on QEMU boots, is killed, and ends with its own status" {
    need_program qemu-system-x86_64
    # The real monitor in the stand-in's place.
    printf '{"monitors":{"qemu":{"acceleration":"tcg"}}}\n' >"$T/urunc.json"
    cp "$GUESTS/multiboot.elf" "$T/bundle/rootfs/boot/kernel"
    import_image multiboot 'FROM scratch' 'UNIKERNEL generic' 'MONITOR qemu' 'KERNEL kernel' 'CMD ["hang"]'
    local status=0
    run_image multiboot --rm one 'two  words' exit=3 >"$T/output" 2>"$T/errors" || status=$?
    expect_equal "$status" 7 # the exit port's way of saying 3
    expect_match '^cmdline: .*two  words' "$T/output"
    run_image multiboot --detach two
    expect_equal "$(basename "$(readlink "/proc/$(pid_of two)/exe")")" qemu-system-x86_64
    ctr task pause two
    ctr task resume two
    ctr task kill --signal SIGTERM two
    within "$PATIENCE" task_is two STOPPED
    remove_task two
}

@test "a container with a terminal writes to it and ends with its status" {
    import_standin
    local status=0
    export -f ctr run_image run_task
    export T ID PATIENCE
    # script(1) runs its command with $SHELL, and only bash hands on exported functions.
    SHELL=$BASH script --quiet --return --echo never --command 'run_task --rm --tty one guest standin:exit=6' "$T/output" \
        </dev/null >/dev/null 2>&1 || status=$?
    expect_equal "$status" 6
    grep -ao '{.*}' "$T/output" >"$T/report"
    expect_reported '.terminal != null' true
}

@test "a killed container has the status of its signal" {
    import_standin
    local status
    run_task --detach one
    ctr task kill --signal SIGKILL one
    within "$PATIENCE" task_is one STOPPED
    status=0
    ctr task rm one >"$T/rm" 2>&1 || status=$?
    expect_match 'non-zero exit code 137' "$T/rm"
    ctr container rm one
}

@test "kill --all reaches a monitor's children" {
    import_standin
    run_task --detach one guest standin:fork=3 standin:wait
    local pid cgroup
    pid=$(pid_of one)
    cgroup=$(find /sys/fs/cgroup -name cgroup.procs -path "*$ID/one/*" | head -n 1)
    within "$PATIENCE" has_processes "$cgroup" 4
    ctr task kill --all --signal SIGKILL one
    within "$PATIENCE" task_is one STOPPED
    remove_task one
    [[ ! -e $cgroup ]]
}

has_processes() {
    [[ $(wc -l <"$1") -eq $2 ]]
}

@test "what has ended or is gone is not found, in containerd's own words" {
    import_standin
    run_task --detach one
    ctr task kill --signal SIGKILL one
    within "$PATIENCE" task_is one STOPPED
    fails ctr task kill one
    expect_match 'process already finished: not found|not found' "$T/stderr"
    remove_task one
    fails ctr task kill one
    expect_match 'not found' "$T/stderr"
    fails ctr task rm one
    expect_match 'not found' "$T/stderr"
    fails urunc_of_shim kill one KILL
    expect_one_error 'does not exist'
    fails urunc_of_shim delete one
    expect_one_error 'does not exist'
    urunc_of_shim delete --force one
}

# As the shim calls it.
urunc_of_shim() {
    "$T/runc" --root "/run/containerd/runc/$ID" --log "$T/shim.log" --log-format json "$@"
}

@test "a container that cannot be made says why, and nothing of it is left" {
    import_image bad 'FROM scratch' 'UNIKERNEL generic' 'MONITOR qemu' 'KERNEL kernel' 'CMD ["guest"]'
    local status=0
    ctr run --snapshotter native --runc-binary "$T/runc" --annotation com.urunc.unikernel.binary=/nowhere \
        docker.io/library/bad:v1 one >"$T/output" 2>"$T/stderr" || status=$?
    ((status != 0))
    expect_match 'OCI runtime create failed: .*com.urunc.unikernel.binary' "$T/stderr"
    expect_equal "$(ctr task ls -q)" ''
}

@test "metrics come from the container's cgroups" {
    import_standin
    run_task --detach --memory-limit=67108864 one guest standin:eat=8 standin:wait
    within "$PATIENCE" uses_more_than $((8 << 20))
    ctr task kill --signal SIGKILL one
    within "$PATIENCE" task_is one STOPPED
    remove_task one
}

uses_more_than() {
    local used
    used=$(ctr task metrics --format json one | jq '.memory.usage.usage // .usage // 0')
    ((used > $1))
}

@test "pause, resume and ps" {
    import_standin
    run_task --detach one guest standin:quiet standin:manage=answer
    ctr task pause one
    expect_equal "$(task_status one)" PAUSED
    ctr task resume one
    expect_equal "$(task_status one)" RUNNING
    expect_equal "$(ctr task ps one | awk 'NR > 1 { print $1 }')" "$(pid_of one)"
    ctr task pause one
    ctr task kill --signal SIGKILL one
    within "$PATIENCE" task_is one STOPPED
    remove_task one
}

@test "a checkpoint that the monitor does not make is an error by name and leaves the container running" {
    import_standin
    run_task --detach one guest standin:quiet standin:manage=unsaved
    fails ctr task checkpoint one
    expect_match 'was not saved' "$T/stderr"
    within "$PATIENCE" task_is one RUNNING
    ctr task kill --signal SIGKILL one
    within "$PATIENCE" task_is one STOPPED
    remove_task one
}

@test "a checkpoint is made and leaves the container running" {
    import_standin
    run_task --detach one guest standin:quiet standin:manage=answer
    ctr task checkpoint --image-path "$T/saved" one
    [[ -f $T/saved/machine.state && -f $T/saved/machine.json ]]
    within "$PATIENCE" task_is one RUNNING
    ctr task kill --signal SIGKILL one
    within "$PATIENCE" task_is one STOPPED
    remove_task one
}

@test "exec into a guest without an agent says that it cannot be" {
    import_standin
    run_task --detach one
    fails ctr task exec --exec-id shell one sh
    expect_match 'OCI runtime exec failed: .*exec' "$T/stderr"
    ctr task kill --signal SIGKILL one
    within "$PATIENCE" task_is one STOPPED
    remove_task one
}

@test "fifty containers at once" {
    import_standin
    local number
    local -a starting=()
    for number in {1..50}; do
        run_task --detach "many-$number" >"$T/many-$number" 2>&1 &
        starting+=($!)
    done
    for number in {1..50}; do
        wait "${starting[number - 1]}" || fail "$(cat "$T/many-$number")"
    done
    expect_equal "$(ctr task ls | grep -c RUNNING)" 50
    local -a pids
    mapfile -t pids < <(ctr task ls | awk '/RUNNING/ { print $2 }')
    for number in "${pids[@]}"; do
        expect_equal "$(basename "$(readlink "/proc/$number/exe")")" standin
    done
    for number in {1..50}; do
        ctr task rm --force "many-$number" >"$T/many-$number" 2>&1 &
    done
    within "$PATIENCE" no_task_left
    expect_equal "$(ctr task ls -q)" ''
    expect_equal "$(find /sys/fs/cgroup -type d -path "*/$ID/*")" ''
}

no_task_left() {
    [[ -z $(ctr task ls -q) ]]
}
