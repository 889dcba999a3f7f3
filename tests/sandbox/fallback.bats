#!/usr/bin/env bats
# Containers that are no unikernels go to the fallback runtime, as they came.
load standin

# A runtime that writes down its arguments, one on a line.
prepare_more() {
    cat >"$T/runtime" <<SCRIPT
#!/bin/sh
printf '%s\n' "\$@" >"$T/handed"
exit 17
SCRIPT
    chmod +x "$T/runtime"
    jq --arg path "$T/runtime" '.fallback_runtime = $path' "$T/urunc.json" >"$T/new.json"
    mv "$T/new.json" "$T/urunc.json"
    edit "$T/bundle" 'del(.annotations)'
}

# handed STATUS WORD...: the fallback runtime got these words, and its exit status is ours.
handed() {
    printf '%s\n' --root "$T/root" "$@" | diff - "$T/handed"
}

# hands_over COMMAND...
hands_over() {
    rm -f "$T/handed"
    STATUS=0
    urunc "$@" </dev/null || STATUS=$?
    expect_equal "$STATUS" 17
}

@test "create and run hand over a bundle without a unikernel, with all their words" {
    hands_over create --bundle "$T/bundle" --pid-file "$T/pid" "$ID"
    handed create --bundle "$T/bundle" --pid-file "$T/pid" "$ID"
    hands_over run --bundle "$T/bundle" -d "$ID"
    handed run --bundle "$T/bundle" -d "$ID"
    expect_nothing_left
}

@test "global options go along" {
    hands_over --log "$T/log" --log-format json --debug --systemd-cgroup --rootless true create --bundle "$T/bundle" "$ID"
    handed --log "$T/log" --log-format json --rootless true --debug --systemd-cgroup create --bundle "$T/bundle" "$ID"
}

@test "commands for a container of another runtime are handed over" {
    mkdir -p "$T/root/$ID"
    printf '{"id": "%s", "init_process_pid": 1}\n' "$ID" >"$T/root/$ID/state.json"
    local command
    for command in state start kill delete exec ps pause resume events update; do
        hands_over "$command" "$ID"
        handed "$command" "$ID"
    done
    hands_over kill --all "$ID" TERM
    handed kill --all "$ID" TERM
    rm -r "$T/root/$ID"
}

@test "crun's containers are known by their status file" {
    mkdir -p "$T/root/$ID"
    printf '{}\n' >"$T/root/$ID/status"
    hands_over state "$ID"
    handed state "$ID"
    rm -r "$T/root/$ID"
}

@test "list leaves out what is another runtime's" {
    mkdir -p "$T/root/$ID"
    printf '{"id": "%s"}\n' "$ID" >"$T/root/$ID/state.json"
    expect_equal "$(urunc list --quiet)" ''
    rm -r "$T/root/$ID"
}

@test "a fallback runtime that is urunc itself, or not there, is an error" {
    jq --arg path "$URUNC" '.fallback_runtime = $path' "$T/urunc.json" >"$T/new.json"
    mv "$T/new.json" "$T/urunc.json"
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'urunc itself'
    jq '.fallback_runtime = "/nowhere/runtime"' "$T/urunc.json" >"$T/new.json"
    mv "$T/new.json" "$T/urunc.json"
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error '/nowhere/runtime'
    expect_nothing_left
}
