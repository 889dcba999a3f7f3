#!/usr/bin/env bats
# A monitor that makes the socket on which it is managed itself, and opens what it saves by name: the stand-in takes
# Firecracker's place.
load standin

# The order is the monitor's manner.
api_bundle() {
    printf '{"monitors":{"firecracker":{"path":"%s"}}}\n' "$T/qemu/bin/standin" >"$T/urunc.json"
    [[ -c /dev/kvm ]] || mknod /dev/kvm c 10 232 2>/dev/null || skip 'no /dev/kvm'
    linux_bundle
    cp "$GUESTS/elf64.elf" "$T/bundle/rootfs/boot/kernel" || skip 'the test guests exist for x86-64 only'
    annotate hypervisor firecracker
    annotate unikernelType generic
    orders quiet "api=$1"
}

start_managed() {
    create_standin
    urunc start "$ID" || fail "start: $(cat "$T/stderr" "$T/console")"
    PID=$(cat "$T/pid")
    within 60 grep -q managed "$T/console"
}

requests() {
    sed -n 's/^request //p' "$T/console"
}

ended() {
    status_is stopped
}

@test "its socket is in a directory of its root that is the monitor's alone, and all else is sealed" {
    api_bundle answer
    start_managed
    expect_equal "$(stat -c '%a %u %F' "/proc/$PID/root/manage")" '700 65534 directory'
    expect_equal "$(awk '$5 == "/" || $5 == "/manage" { split($6, how, ","); print $5, how[1] }' "/proc/$PID/mountinfo")" \
        $'/ ro\n/manage rw'
    expect_equal "$(awk '$5 == "/manage"' "/proc/$PID/mountinfo" | grep -c nosuid,nodev,noexec)" 1
    [[ ! -e $T/root/$ID/monitor.sock ]]
}

@test "it is paused and resumed over it" {
    api_bundle answer
    start_managed
    urunc pause "$ID"
    status_is paused
    urunc resume "$ID"
    status_is running
    expect_equal "$(requests)" $'PATCH /vm\nPATCH /vm'
}

@test "a monitor that refuses or does not answer is paused by the freezer alone" {
    api_bundle refuse
    start_managed
    urunc pause "$ID" 2>"$T/stderr"
    expect_match 'PATCH /vm: the stand-in does not$' "$T/stderr"
    status_is paused
    urunc resume "$ID" 2>"$T/stderr"
    status_is running
}

@test "the keys ask a guest of ours to end, and no other" {
    api_bundle obey
    start_managed
    urunc kill "$ID" TERM
    within 60 ended
    expect_equal "$(requests)" ''
    urunc delete "$ID"
    annotate unikernelType linux
    edit "$T/bundle" '.process.args = ["/urunc-init", "standin:quiet", "standin:api=obey"]'
    cp "$GUESTS/pvh.elf" "$T/bundle/rootfs/boot/kernel"
    start_managed
    urunc kill "$ID" TERM
    within 60 ended
    expect_equal "$(requests)" 'PUT /actions'
}

@test "it saves into two files that are its own only while it does" {
    api_bundle answer
    start_managed
    urunc checkpoint --leave-running --image-path "$T/saved" "$ID"
    expect_equal "$(requests)" $'PATCH /vm\nPUT /snapshot/create\nPATCH /vm'
    expect_equal "$(cat "$T/saved/machine.state" "$T/saved/machine.memory")" 'what the machine waswhat the machine was'
    expect_equal "$(stat -c '%a %u' "$T/saved"/*)" $'600 0\n600 0\n600 0'
    expect_equal "$(grep -c ' /saved/' "/proc/$PID/mountinfo")" 0
    status_is running
}

@test "a monitor that keeps what it saved open has saved nothing" {
    api_bundle hold
    start_managed
    fails urunc checkpoint --leave-running --image-path "$T/saved" "$ID"
    expect_one_error 'was not saved: the monitor still writes to what it has saved'
    expect_equal "$(ls "$T/saved")" ''
    expect_equal "$(grep -c ' /saved/' "/proc/$PID/mountinfo")" 0
    status_is running
}

@test "a monitor that writes more than its machine has is killed" {
    api_bundle long
    start_managed
    fails urunc checkpoint --image-path "$T/saved" "$ID"
    expect_one_error 'was not saved: the monitor wrote more than a machine of this memory has, and was killed'
    within 60 ended
    expect_equal "$(ls "$T/saved")" ''
}

@test "a monitor that refuses to save goes on" {
    api_bundle refuse
    start_managed
    fails urunc checkpoint --image-path "$T/saved" "$ID"
    expect_one_error 'was not saved: PATCH /vm: the stand-in does not'
    expect_equal "$(ls "$T/saved")" ''
    status_is running
}

@test "a restored one is given both files, which it may read and not write to, and told to go on" {
    api_bundle answer
    start_managed
    urunc checkpoint --image-path "$T/saved" "$ID"
    new_id
    rm "$T/console"
    urunc restore --detach --bundle "$T/bundle" --image-path "$T/saved" --pid-file "$T/pid" "$ID" </dev/null \
        >"$T/console" 2>"$T/stderr" || fail "restore: $(cat "$T/stderr" "$T/console")"
    expect_equal "$(requests)" 'PUT /snapshot/load'
    expect_equal "$(grep -c '^loaded what the machine was$' "$T/console")" 2
    expect_equal "$(awk '$5 ~ "^/saved/" { split($6, how, ","); print $5, how[1] }' "/proc/$(cat "$T/pid")/mountinfo")" \
        $'/saved/state ro\n/saved/memory ro'
    arguments "$T/bundle" standin:quiet standin:api=answer more
    new_id
    fails urunc restore --detach --bundle "$T/bundle" --image-path "$T/saved" "$ID" </dev/null
    expect_one_error 'the machine is not the one that was saved'
}

@test "a link in place of its socket leads nowhere" {
    api_bundle answer
    start_managed
    rm "/proc/$PID/root/manage/monitor.sock"
    ln -s /proc/1/root/run "/proc/$PID/root/manage/monitor.sock"
    urunc pause "$ID" 2>"$T/stderr"
    expect_match "the monitor's /manage/monitor.sock: " "$T/stderr"
    status_is paused
    urunc resume "$ID" 2>"$T/stderr"
    rm "/proc/$PID/root/manage/monitor.sock"
    : >"/proc/$PID/root/manage/monitor.sock"
    urunc pause "$ID" 2>"$T/stderr"
    expect_match "the monitor's /manage/monitor.sock: not a socket" "$T/stderr"
}
