#!/usr/bin/env bats
# The figures for the operator's monitoring: a text file of Prometheus that create, start and delete write.
load standin

prepare_more() {
    mkdir "$T/textfile"
    METRICS=$T/textfile/urunc.prom
    jq --arg path "$METRICS" '.metrics = $path' "$T/urunc.json" >"$T/new.json"
    mv "$T/new.json" "$T/urunc.json"
}

figure() {
    sed -n "s/^$1 //p" "$METRICS"
}

@test "a container's life is counted" {
    start_standin
    expect_equal "$(figure 'urunc_operations_total{operation="create"}')" 1
    expect_equal "$(figure 'urunc_operations_total{operation="start"}')" 1
    expect_equal "$(figure 'urunc_operations_total{operation="delete"}')" 0
    expect_equal "$(figure urunc_containers)" 1
    urunc delete --force "$ID"
    expect_equal "$(figure 'urunc_operations_total{operation="delete"}')" 1
    expect_equal "$(figure urunc_containers)" 0
    expect_equal "$(ls -A "$T/textfile")" urunc.prom
    expect_equal "$(stat -c %a "$METRICS")" 644
}

@test "failures are counted as such" {
    edit "$T/bundle" '.linux.resources = {pids: {limit: "x"}}'
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_equal "$(figure 'urunc_operation_failures_total{operation="create"}')" 1
    expect_equal "$(figure 'urunc_operation_seconds_count{operation="create"}')" 1
    expect_equal "$(figure urunc_containers)" 0
    edit "$T/bundle" 'del(.linux.resources)'
    start_standin
    fails urunc start "$ID"
    expect_equal "$(figure 'urunc_operation_failures_total{operation="start"}')" 1
    expect_equal "$(figure urunc_containers)" 1
}

@test "buckets add up, and each line is one that Prometheus reads" {
    start_standin
    expect_equal "$(figure 'urunc_operation_seconds_bucket{operation="start",le="+Inf"}')" 1
    awk -F'[ ]' '/_bucket.*"start"/ { if ($NF < last) exit 1; last = $NF }' "$METRICS"
    ! grep -vE '^(# (HELP|TYPE) urunc_[a-z_]+ .+|urunc_[a-z_]+(\{operation="[a-z]+"(,le="[0-9.+Inf]+")?\})? [0-9.]+)$' \
        "$METRICS" || fail "$(cat "$METRICS")"
}

@test "many at once lose none" {
    local i pids=()
    for i in 1 2 3 4 5 6; do
        printf '%s\n' "$ID-$i" >>"$T/containers"
        urunc create --bundle "$T/bundle" "$ID-$i" </dev/null >/dev/null 2>"$T/stderr-$i" 3>&- &
        pids+=($!)
    done
    wait "${pids[@]}"
    expect_equal "$(figure 'urunc_operations_total{operation="create"}')" 6
    expect_equal "$(figure urunc_containers)" 6
}

@test "figures that were cut off begin anew, and a directory that is not there is a warning" {
    mkdir -p "$T/root"
    printf '{"create": {"co' >"$T/root/metrics@urunc"
    start_standin
    expect_equal "$(figure 'urunc_operations_total{operation="create"}')" 1
    rm -r "$T/textfile"
    urunc delete --force "$ID" 2>"$T/stderr"
    expect_one_error 'metrics: .*/textfile: No such file or directory'
}

@test "without the key nothing is counted" {
    jq 'del(.metrics)' "$T/urunc.json" >"$T/new.json"
    mv "$T/new.json" "$T/urunc.json"
    start_standin
    [[ ! -e $METRICS && ! -e $T/root/metrics@urunc ]]
}

@test "a path that is not absolute is refused" {
    jq '.metrics = "urunc.prom"' "$T/urunc.json" >"$T/new.json"
    mv "$T/new.json" "$T/urunc.json"
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'metrics: "urunc.prom" is not an absolute path'
}
