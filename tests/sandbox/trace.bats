# What took how long: one file of Chrome trace events for each container, and `urunc trace`.
load standin

prepare_more() {
    jq --arg directory "$T/trace" '.trace = $directory' "$T/urunc.json" >"$T/new" && mv "$T/new" "$T/urunc.json"
}

# The file as JSON: the format lets the end of the array out.
events() {
    sed '$s/,$/]/' "$T/trace/$ID.json"
}

# The stand-in's report goes through a buffer of its C library; QEMU writes itself, as this order does.
run_traced() {
    orders say=x many=3 many=3
    run_standin
}

@test "a container's life is traced from create to the guest's first output and delete" {
    run_traced
    events >"$T/events" && jq -e . "$T/events" >"$T/null" || fail "$(cat "$T/trace/$ID.json")"
    local name
    for name in create 'read the bundle' cgroups spawn namespaces 'private root' network plan exec start 'first output' delete; do
        expect_equal "$name $(jq --arg name "$name" '[.[] | select(.name == $name and .ph != "M")] | length' "$T/events")" "$name 1"
    done
    expect_equal "$(jq -r '[.[] | select(.name == "exec" or .name == "first output")] | map(.ts) | .[0] <= .[1]' "$T/events")" true
    expect_equal "$(stat -c %a "$T/trace/$ID.json")" 600
}

@test "the table begins with create and holds each event" {
    run_traced
    urunc trace "$ID" >"$T/table"
    expect_match '^ +AT \(ms\) +TOOK \(ms\)  WHO +WHAT$' "$T/table"
    expect_match '^ +0\.000 +[0-9.]+  urunc create   create$' "$T/table"
    expect_match '  monitor        first output$' "$T/table"
    expect_equal "$(wc -l <"$T/table")" "$(($(events | jq '[.[] | select(.ph != "M")] | length') + 1))"
}

@test "what the monitor writes elsewhere is no output of the guest" {
    orders elsewhere=warning
    run_standin
    expect_match '^warning' "$T/stderr"
    expect_equal "$(events | jq '[.[] | select(.name == "first output")] | length')" 0
}

@test "a container that used the name before leaves no events in the trace" {
    run_standin
    run_standin
    expect_equal "$(events | jq '[.[] | select(.name == "create")] | length')" 1
}

@test "nothing is traced where nobody asked" {
    jq 'del(.trace)' "$T/urunc.json" >"$T/new" && mv "$T/new" "$T/urunc.json"
    run_standin
    [[ ! -e $T/trace ]]
    expect_equal "$(jq -r '.environment // [] | map(select(test("URUNC_TRACE|first-output"))) | length' "$T/report")" 0
    run urunc trace "$ID"
    expect_equal "$status" 1
    expect_equal "$output" "urunc: nothing is traced: set \"trace\" in urunc's configuration (urunc-config(5))"
}

@test "a directory that others may write to is refused, and no container is left" {
    mkdir -m 777 "$T/trace"
    run urunc create --bundle "$T/bundle" "$ID"
    expect_equal "$status" 1
    expect_equal "$output" "urunc: trace: $T/trace: belongs to another user, or others may write to it"
}

@test "a directory is made with those above it, as that of a new host" {
    jq --arg directory "$T/log/urunc/trace" '.trace = $directory' "$T/urunc.json" >"$T/new" && mv "$T/new" "$T/urunc.json"
    run_standin
    expect_equal "$(stat -c %a "$T/log/urunc/trace")" 700
    [[ -s $T/log/urunc/trace/$ID.json ]]
}

@test "a link in the file's place is not followed" {
    mkdir -m 700 "$T/trace"
    ln -s "$T/target" "$T/trace/$ID.json"
    run_standin
    [[ ! -e $T/target ]]
    [[ -f $T/trace/$ID.json && ! -L $T/trace/$ID.json ]]
}

@test "the name of a trace is an ID" {
    run urunc trace ../x
    expect_equal "$status" 1
    expect_match 'id' <(printf '%s\n' "$output")
    run urunc trace nothing
    expect_equal "$status" 1
    expect_equal "$output" "urunc: $T/trace/nothing.json: No such file or directory"
}
