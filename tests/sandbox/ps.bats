#!/usr/bin/env bats
# `urunc ps`: the processes of the container's cgroups.
load standin

@test "json is an array of the monitor's processes" {
    orders quiet fork=2 say=forked wait
    create_standin
    urunc start "$ID"
    within 60 grep -q forked "$T/console"
    urunc ps --format json "$ID" >"$T/stdout"
    expect_equal "$(jq length "$T/stdout")" 3
    jq -e --argjson pid "$PID" 'index($pid) != null' "$T/stdout" >/dev/null || fail "$(cat "$T/stdout")"
}

@test "a container that was created but not started has the process that waits" {
    create_standin
    expect_equal "$(urunc ps -f json "$ID")" "[$PID]"
}

@test "a container that has stopped has none, and that is no error" {
    create_standin
    kill -KILL "$PID"
    within 60 status_is stopped
    expect_equal "$(urunc ps --format json "$ID")" '[]'
}

@test "the table is that of ps, with the container's lines only" {
    start_standin
    urunc ps "$ID" >"$T/stdout"
    expect_equal "$(wc -l <"$T/stdout")" 2
    expect_match '^UID +PID ' "$T/stdout"
    expect_equal "$(awk 'NR == 2 { print $2 }' "$T/stdout")" "$PID"
}

@test "options behind the ID are those of ps" {
    start_standin
    urunc ps "$ID" -e -o comm,pid,ppid >"$T/stdout"
    expect_equal "$(awk 'NR == 2 { print $1, $2 }' "$T/stdout")" "standin $PID"
}

@test "without cgroups of its own the container is its process" {
    start_standin
    jq '.cgroups = []' "$T/root/$ID/state.json" >"$T/state"
    cp "$T/root/$ID/state.json" "$T/good"
    cp "$T/state" "$T/root/$ID/state.json"
    expect_equal "$(urunc ps --format json "$ID")" "[$PID]"
    cp "$T/good" "$T/root/$ID/state.json"
}

@test "a cgroup that is not the container's is not read" {
    start_standin
    local first
    first=$(awk '$3 ~ /^cgroup/ { print $2; exit }' /proc/mounts)
    cp "$T/root/$ID/state.json" "$T/good"
    jq --arg path "$first/urunc-$ID" '.cgroups |= map(select(.directory == $path) | .made[0] += 1)' "$T/good" \
        >"$T/root/$ID/state.json"
    # The inode differs: its own process is all that is known.
    expect_equal "$(urunc ps --format json "$ID")" "[$PID]"
    kill -KILL "$PID"
    within 60 status_is stopped
    sleep 1000 3>&- &
    printf '%s\n' "$!" >>"$T/processes"
    echo "$!" >"$first/urunc-$ID/cgroup.procs"
    expect_equal "$(urunc ps --format json "$ID")" '[]'
    kill "$!"
    cp "$T/good" "$T/root/$ID/state.json"
}

@test "what ps cannot print, unknown formats and missing IDs are errors of one line" {
    create_standin
    fails urunc ps "$ID" -e -o comm
    expect_one_error 'ps: with these options ps prints no column PID'
    fails urunc ps --format xml "$ID"
    expect_one_error 'ps: --format xml: not table or json'
    fails urunc ps
    expect_one_error 'ps: the usage is: urunc ps'
    fails urunc ps nobody
    expect_one_error 'does not exist'
}
