#!/usr/bin/env bats
# linux.intelRdt. No host of these tests has resctrl, so a directory stands for it: the table of mounts that urunc reads
# is a file of ours (tests/sandbox/resctrl/preload.c), and the groups have the files that the kernel would make.
load standin

prepare_more() {
    R=$T/resctrl
    mkdir -p "$R/gold/mon_groups"
    printf 'MB:0= 50\n' >"$R/gold/schemata"
    : >"$R/gold/tasks"
    printf 'resctrl %s resctrl rw 0 0\n' "$R" >"$T/mounts"
    export URUNC_TEST_MOUNTS=$T/mounts
}

urunc() {
    env LD_PRELOAD=$URUNC_BIN/tests/sandbox/resctrl-preload.so ASAN_OPTIONS=verify_asan_link_order=0:${ASAN_OPTIONS-} \
        timeout --foreground "$BOOT_TIMEOUT" "$URUNC" --root "$T/root" --config "$T/urunc.json" "$@"
}

@test "the monitor is in the class before the first hook, and the class outlives it" {
    edit "$T/bundle" '.linux.intelRdt = {closID: "gold", memBwSchema: "MB:0=50"}
        | .hooks = {createRuntime: [{path: "/bin/sh", args: ["sh", "-c", $script]}]}' --arg script "/bin/cat $R/gold/tasks >$T/seen"
    start_standin
    expect_equal "$(cat "$R/gold/tasks")" "$PID"
    expect_equal "$(cat "$T/seen")" "$PID"
    urunc delete --force "$ID"
    [[ -d $R/gold ]]
}

@test "schemata are written before there is a process" {
    edit "$T/bundle" '.linux.intelRdt = {closID: "gold", schemata: ["L3:0=f", "L2:0=3"]}'
    create_standin
    expect_equal "$(cat "$R/gold/schemata")" "L3:0=f
L2:0=3"
}

@test "delete removes the group of the container's own, once the host's are looked for again" {
    edit "$T/bundle" '.linux.intelRdt = {closID: "gold"}'
    create_standin
    # As `create` writes it where the bundle names no class.
    jq -c '.resctrl = {group: .id, made: true}' "$T/root/$ID/state.json" >"$T/state.json"
    cp "$T/state.json" "$T/root/$ID/state.json"
    mkdir "$R/$ID"
    urunc delete --force "$ID"
    expect_equal "$(ls "$R")" gold
}

@test "a class with other shares is refused, and nothing is left" {
    edit "$T/bundle" '.linux.intelRdt = {closID: "gold", memBwSchema: "MB:0=70"}'
    fails urunc create --bundle "$T/bundle" "$ID" </dev/null
    expect_one_error 'config.json: linux.intelRdt: "MB:0=70" is not what the existing group .*/gold has'
    expect_equal "$(cat "$R/gold/tasks")" ''
    expect_nothing_left
}

@test "a create that fails removes the group of the container's own, and no other" {
    edit "$T/bundle" '.linux.intelRdt = {}'
    fails urunc create --bundle "$T/bundle" "$ID" </dev/null
    expect_one_error "config.json: linux.intelRdt: .*/$ID/tasks"
    expect_equal "$(ls "$R")" gold
    expect_nothing_left
}
