#!/usr/bin/env bats
# Saving a machine and going on with it: what the monitor is told, what is refused, and what is left.
load standin

start_managed() {
    orders quiet "manage=$1"
    create_standin
    urunc start "$ID"
    within 60 grep -q managed "$T/console"
}

# Saves a machine into $T/saved; the container is gone.
saved() {
    start_managed answer
    urunc checkpoint --image-path "$T/saved" "$ID"
}

commands() {
    sed -n 's/^command //p' "$T/console" | tr '\n' ' '
}

@test "the machine is migrated into a file of the directory, and the container removed" {
    saved
    expect_equal "$(commands)" 'migrate-set-parameters getfd migrate query-migrate '
    expect_equal "$(stat -c '%n %a' "$T/saved" "$T/saved"/* | sed "s|$T/||")" \
        $'saved 700\nsaved/machine.json 600\nsaved/machine.state 600'
    expect_equal "$(jq -r .hypervisor "$T/saved/machine.json")" qemu
    expect_equal "$(urunc list --quiet)" ''
}

@test "with --leave-running it goes on" {
    start_managed answer
    urunc checkpoint --leave-running --image-path "$T/saved" "$ID"
    within 60 grep -q 'command cont' "$T/console"
    status_is running
}

@test "a paused container is saved and stays paused" {
    start_managed answer
    urunc pause "$ID"
    urunc checkpoint --leave-running --image-path "$T/saved" "$ID"
    status_is paused
    [[ -f $T/saved/machine.json ]]
    urunc resume "$ID"
    status_is running
}

@test "a monitor that refuses is left running, and nothing is saved" {
    start_managed refuse
    fails urunc checkpoint --image-path "$T/saved" "$ID"
    expect_one_error 'was not saved: migrate-set-parameters: the stand-in does not'
    status_is running
    expect_equal "$(ls "$T/saved")" ''
}

@test "a monitor that writes more than its machine has is not listened to, and goes on" {
    edit "$T/bundle" '.linux.resources.memory.limit = 16777216'
    start_managed long
    fails urunc checkpoint --image-path "$T/saved" "$ID"
    expect_one_error 'was not saved: QEMU writes more than a machine of this memory has'
    expect_equal "$(ls "$T/saved")" ''
    status_is running
}

@test "what was saved before is replaced, and what is no file is not opened" {
    mkdir "$T/saved"
    mkfifo "$T/saved/machine.state" "$T/saved/machine.json"
    saved
    [[ -f $T/saved/machine.state && -f $T/saved/machine.json ]]
    new_id
    rm "$T/saved/machine.state"
    mkfifo "$T/saved/machine.state"
    fails urunc restore --detach --bundle "$T/bundle" --image-path "$T/saved" "$ID"
    expect_one_error 'machine.state'
}

@test "only what runs is saved, and only by a monitor that can" {
    orders quiet wait
    create_standin
    fails urunc checkpoint --image-path "$T/saved" "$ID"
    expect_one_error 'container not running'
    fails urunc checkpoint --parent-path x "$ID"
    expect_one_error 'each checkpoint is a whole one'
    rm "$T/root/$ID/monitor.sock"
    fails urunc checkpoint --image-path "$T/saved" "$ID"
    expect_one_error 'cannot save a machine of'
    [[ ! -e $T/saved ]]
}

@test "a restored monitor is given the file as a descriptor, and told to go on" {
    saved
    new_id
    rm "$T/console"
    urunc restore --detach --bundle "$T/bundle" --image-path "$T/saved" "$ID" </dev/null >"$T/console" 2>"$T/stderr" ||
        fail "restore: $(cat "$T/stderr")"
    status_is running
    expect_equal "$(commands)" 'query-status cont '
    tr '\0' '\n' <"/proc/$(urunc state "$ID" | jq .pid)/cmdline" >"$T/words"
    expect_match '^fd:[0-9]+$' "$T/words"
    expect_equal "$(readlink "/proc/$(urunc state "$ID" | jq .pid)/fd/$(sed -n 's/^fd:\([0-9]*\)$/\1/p' "$T/words")")" \
        "$T/saved/machine.state"
}

@test "a restored monitor that does not go on is ended and nothing is left" {
    saved
    new_id
    jq '.argv |= map(if . == "standin:quiet standin:manage=answer" then "standin:quiet standin:manage=refuse" else . end)' \
        "$T/saved/machine.json" >"$T/changed"
    cp "$T/changed" "$T/saved/machine.json"
    orders quiet manage=refuse
    fails urunc restore --detach --bundle "$T/bundle" --image-path "$T/saved" "$ID" </dev/null
    expect_match 'the monitor did not take the saved machine' "$T/stderr"
    expect_equal "$(urunc list --quiet)" ''
}

@test "another machine than the saved one is refused, and so is a broken description" {
    saved
    new_id
    orders quiet manage=answer say=more
    fails urunc restore --detach --bundle "$T/bundle" --image-path "$T/saved" "$ID"
    expect_one_error 'the machine is not the one that was saved: -append'
    orders quiet manage=answer
    head -c 1024 /dev/zero >"$T/bundle/rootfs/disk"
    annotate block /disk
    fails urunc restore --detach --bundle "$T/bundle" --image-path "$T/saved" "$ID"
    expect_one_error 'the machine is not the one that was saved'
    jq '.hypervisor = "firecracker"' "$T/saved/machine.json" >"$T/changed"
    cp "$T/changed" "$T/saved/machine.json"
    fails urunc restore --detach --bundle "$T/bundle" --image-path "$T/saved" "$ID"
    expect_one_error 'a machine of firecracker was saved'
    printf '{' >"$T/saved/machine.json"
    fails urunc restore --detach --bundle "$T/bundle" --image-path "$T/saved" "$ID"
    expect_one_error 'machine.json:1: '
    fails urunc restore --detach --bundle "$T/bundle" --image-path "$T/nothing" "$ID"
    expect_one_error 'nothing: No such file'
    expect_equal "$(urunc list --quiet)" ''
}
