#!/usr/bin/env bats
# `urunc update`: other limits for a container, all of them or none, and never less memory than the guest has.
load standin

# file NAME...: the first of these that a cgroup of the container has.
file() {
    local name
    for name; do
        find /sys/fs/cgroup -path "*/urunc-$ID/$name"
    done | head -n 1
}

value() {
    cat "$(file "$@")"
}

prepare_more() {
    edit "$T/bundle" '.linux.resources = {memory: {limit: 67108864}, pids: {limit: 9}, cpu: {quota: 20000, period: 50000}}'
    [[ -n $(awk '$3 ~ /^cgroup/ && $4 ~ /memory/ || $3 == "cgroup2"' /proc/mounts) ]] || skip "no cgroups"
}

@test "options set the limits that they name, and leave the others" {
    start_standin
    urunc update --pids-limit 7 --cpu-share 512 "$ID"
    expect_equal "$(value pids.max)" 7
    [[ $(value cpu.shares cpu.weight) =~ ^(512|20)$ ]]
    expect_equal "$(value memory.limit_in_bytes memory.max)" $(((64 + 256) << 20))
    [[ $(value cpu.cfs_quota_us cpu.max) =~ ^20000 ]]
    urunc update --pids-limit -1 "$ID"
    expect_equal "$(value pids.max)" max
}

@test "a file, and standard input" {
    start_standin
    printf '{"pids": {"limit": 6}}' >"$T/resources"
    urunc update --resources "$T/resources" "$ID"
    expect_equal "$(value pids.max)" 6
    printf '{"pids": {"limit": 5}}' | urunc update -r - "$ID"
    expect_equal "$(value pids.max)" 5
    printf '{"pids": {"limit": 4}}' | urunc update --resources=- "$ID"
    expect_equal "$(value pids.max)" 4
}

@test "a period alone keeps the quota, and the other way round" {
    start_standin
    urunc update --cpu-period 100000 "$ID"
    [[ $(value cpu.cfs_quota_us cpu.max) =~ ^20000 ]] || fail "$(value cpu.cfs_quota_us cpu.max)"
    urunc update --cpu-quota 30000 "$ID"
    if [[ -n $(file cpu.max) ]]; then
        expect_equal "$(value cpu.max)" '30000 100000'
    else
        expect_equal "$(value cpu.cfs_quota_us) $(value cpu.cfs_period_us)" '30000 100000'
    fi
}

@test "0, null and empty words leave what was set, as Docker names every limit in each update" {
    start_standin
    [[ -n $(file memory.memsw.limit_in_bytes memory.swap.max) ]] || skip "no limits of swap here"
    urunc update --memory-swap 80m --cpu-share 512 "$ID"
    local limits words
    limits=$(value memory.memsw.limit_in_bytes memory.swap.max)
    for words in '"memory": {"limit": 0, "reservation": 0, "kernel": 0}, "blockIO": {"weight": 0}' '"memory": {"swap": null}' \
        '"cpu": {"shares": 0, "quota": 0, "period": 0, "cpus": "", "mems": ""}'; do
        printf '{%s, "pids": {"limit": 6}}' "$words" >"$T/resources"
        urunc update -r "$T/resources" "$ID" 2>"$T/stderr" || fail "$words: $(cat "$T/stderr")"
    done
    expect_equal "$(value pids.max)" 6
    # Nor is it forgotten for later updates.
    urunc update --cpu-period 100000 "$ID"
    [[ $(value cpu.cfs_quota_us cpu.max) =~ ^20000 ]]
    [[ $(value cpu.shares cpu.weight) =~ ^(512|20)$ ]]
    expect_equal "$(value memory.memsw.limit_in_bytes memory.swap.max)" "$limits"
    expect_equal "$(value memory.limit_in_bytes memory.max)" $(((64 + 256) << 20))
}

@test "swap alone stands on the limit that was set before" {
    start_standin
    [[ -n $(file memory.memsw.limit_in_bytes memory.swap.max) ]] || skip "no limits of swap here"
    urunc update --memory-swap 80m "$ID"
    if [[ -n $(file memory.swap.max) ]]; then
        expect_equal "$(value memory.swap.max)" $((16 << 20))
    else
        expect_equal "$(value memory.memsw.limit_in_bytes)" $(((80 + 256) << 20))
    fi
    # Both at once, in whichever order the kernel takes them.
    urunc update --memory 200m --memory-swap 300m "$ID" 2>"$T/stderr" || fail "$(cat "$T/stderr")"
    urunc update --memory 100m --memory-swap 150m "$ID" 2>"$T/stderr" || fail "$(cat "$T/stderr")"
    expect_equal "$(value memory.limit_in_bytes memory.max)" $(((100 + 256) << 20))
}

@test "more memory is the monitor's, and the guest keeps its own" {
    start_standin
    urunc update --memory 128m "$ID" 2>"$T/stderr"
    expect_equal "$(value memory.limit_in_bytes memory.max)" $(((128 + 256) << 20))
    expect_one_error 'the guest keeps the 64 MiB that it was made with'
    urunc update --memory 64MiB "$ID" 2>"$T/stderr"
    expect_equal "$(value memory.limit_in_bytes memory.max)" $(((64 + 256) << 20))
    [[ ! -s $T/stderr ]]
    urunc update --memory -1 "$ID"
    [[ $(value memory.limit_in_bytes memory.max) =~ ^(max|9223372036854771712)$ ]]
}

@test "less memory than the guest has is refused by name" {
    start_standin
    fails urunc update --memory 67108863 "$ID"
    expect_one_error 'linux.resources.memory.limit: 67108863 bytes, but the guest has had 64 MiB'
    expect_equal "$(value memory.limit_in_bytes memory.max)" $(((64 + 256) << 20))
}

@test "where one limit fails none is changed" {
    start_standin
    local before
    before=$(cat "$(file cpu.shares cpu.weight)" "$(file cpu.cfs_quota_us cpu.max)" "$(file pids.max)" \
        "$(file memory.limit_in_bytes memory.max)")
    printf '{"memory": {"limit": 134217728}, "cpu": {"shares": 100, "quota": 40000}, "pids": {"limit": 3},
        "hugepageLimits": [{"pageSize": "3KB", "limit": 1}]}' >"$T/resources"
    fails urunc update -r "$T/resources" "$ID"
    grep -q 'linux.resources.hugepageLimits' "$T/stderr" || fail "$(cat "$T/stderr")"
    expect_equal "$(cat "$(file cpu.shares cpu.weight)" "$(file cpu.cfs_quota_us cpu.max)" "$(file pids.max)" \
        "$(file memory.limit_in_bytes memory.max)")" "$before"
    # Nor is it remembered.
    urunc update --cpu-period 60000 "$ID"
    [[ $(value cpu.cfs_quota_us cpu.max) =~ ^20000 ]]
}

@test "a container that waits for its start can be updated, and one that has ended cannot" {
    create_standin
    urunc update --pids-limit 3 "$ID"
    expect_equal "$(value pids.max)" 3
    kill -KILL "$PID"
    within 60 status_is stopped
    fails urunc update --pids-limit 4 "$ID"
    expect_one_error 'container not running'
}

@test "limits of the kernel's own memory are ignored with a warning" {
    edit "$T/bundle" '.linux.resources.memory.kernel = 16777216'
    create_standin
    expect_match '^urunc: warning: linux.resources.memory.kernel: ignored' "$T/stderr"
    urunc update --kernel-memory-tcp 1m --pids-limit 5 "$ID" 2>"$T/stderr"
    expect_equal "$(cat "$T/stderr")" \
        'urunc: warning: linux.resources.memory.kernelTCP: ignored, because the kernel has given it up'
    expect_equal "$(value pids.max)" 5
}

@test "values and documents that are none are errors of one line" {
    create_standin
    local words
    for words in '--pids-limit x' '--memory 1q' '--memory 12kk' '--memory 99999999999999p' '--cpu-quota 1m' \
        '--blkio-weight 5'; do
        # shellcheck disable=SC2086 # an option and its value
        fails urunc update $words "$ID"
        expect_one_error "${words%% *}|linux.resources"
    done
    for words in '' '[]' '{' '{"pids": 7}' '{"memory": {"limit": "x"}}' '{"pids": {"limit": 1}, "pids": {}}'; do
        printf '%s' "$words" >"$T/resources"
        fails urunc update -r "$T/resources" "$ID"
        expect_one_error 'resources'
    done
    expect_equal "$(value pids.max)" 9
}
