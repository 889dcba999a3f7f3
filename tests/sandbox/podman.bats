#!/usr/bin/env bats
# Podman with urunc as its runtime: config.json as a real engine writes it. podman wants a runtime without options, so
# a script adds urunc's.
load standin

prepare_more() {
    need_program podman runc
    cat >"$T/runtime" <<SCRIPT
#!/bin/sh
exec $URUNC --config $T/urunc.json "\$@"
SCRIPT
    # runc cannot raise a limit without CAP_SYS_RESOURCE, which this host may not have; only config.json's being read
    # is tested.
    cat >"$T/other" <<SCRIPT
#!/bin/sh
for word; do
    case \$previous in --bundle | -b) bundle=\$word ;; esac
    previous=\$word
done
if [ -n "\${bundle-}" ]; then
    cp "\$bundle/config.json" $T/seen.json
    jq 'del(.process.rlimits)' "\$bundle/config.json" >"\$bundle/config.json.new"
    mv "\$bundle/config.json.new" "\$bundle/config.json"
fi
exec $(command -v runc) "\$@"
SCRIPT
    chmod +x "$T/runtime" "$T/other"
    jq --arg other "$T/other" '.fallback_runtime = $other' "$T/urunc.json" >"$T/new"
    mv "$T/new" "$T/urunc.json"
}

podman_run() {
    timeout --kill-after 5 "$BOOT_TIMEOUT" env TMPDIR="$T" podman --root "$T/storage" --runroot "$T/runroot" \
        --storage-driver vfs --cgroup-manager cgroupfs --events-backend file --runtime "$T/runtime" \
        run --rm --cgroup-parent "/$ID" --network none --log-driver none --ulimit memlock=-1:-1 "$@" 3>&-
}

# What podman makes for itself, conmon's cgroup among it; conmon ends after podman does.
expect_no_cgroup() {
    within 60 no_cgroup_left
}

no_cgroup_left() {
    find /sys/fs/cgroup -depth -type d -path "*/$ID*" -exec rmdir {} + 2>/dev/null || true
    [[ -z $(find /sys/fs/cgroup -type d -path "*/$ID*" 2>/dev/null) ]]
}

@test "an ordinary container with unlimited memory locking goes to the other runtime" {
    mkdir -p "$T/plain/bin"
    cp "$(command -v busybox)" "$T/plain/bin/busybox"
    podman_run --rootfs "$T/plain" /bin/busybox echo 'hello from runc' >"$T/console" 2>"$T/stderr" ||
        fail "$(cat "$T/stderr")"
    expect_line 'hello from runc' "$T/console"
    expect_no_cgroup
    grep -q 18446744073709551615 "$T/seen.json" || fail 'podman did not write an unlimited limit as 2^64-1'
}

@test "a unikernel with unlimited memory locking boots" {
    local -a annotations
    mapfile -t annotations < <(jq -r '.annotations | to_entries[] | "--annotation=\(.key)=\(.value)"' "$T/bundle/config.json")
    podman_run "${annotations[@]}" --rootfs "$T/bundle/rootfs" guest >"$T/console" 2>"$T/stderr" ||
        fail "$(cat "$T/stderr")"
    expect_no_cgroup
    take_report
    expect_reported '.argv | .[index("-append") + 1]' guest
    [[ ! -e $T/seen.json ]] || fail 'it went to the other runtime'
}

@test "the init that podman adds is not the guest's" {
    [[ -e /usr/libexec/podman/catatonit ]] || skip 'catatonit is not installed'
    local -a annotations
    mapfile -t annotations < <(jq -r '.annotations | to_entries[] | "--annotation=\(.key)=\(.value)"' "$T/bundle/config.json")
    podman_run --init "${annotations[@]}" --rootfs "$T/bundle/rootfs" guest word >"$T/console" 2>"$T/stderr" ||
        fail "$(cat "$T/stderr")"
    expect_no_cgroup
    take_report
    expect_reported '.argv | .[index("-append") + 1]' 'guest word'
}

# The stand-in ends as QEMU does for a guest whose program ended with 42, and writes where QEMU would.
@test "podman sees a Linux guest's exit status, input, output and error" {
    linux_bundle
    local -a annotations
    mapfile -t annotations < <(jq -r '.annotations | to_entries[] | "--annotation=\(.key)=\(.value)"' "$T/bundle/config.json")
    local status=0
    printf 'through podman\n' | podman_run -i "${annotations[@]}" --rootfs "$T/bundle/rootfs" /urunc-init program standin:quiet \
        standin:echo "standin:exit=$((((0x100 | 42) << 1) | 1))" >"$T/console" 2>"$T/stderr" || status=$?
    expect_equal "$(cat "$T/console")" 'through podman'
    expect_equal "$status" 42
    expect_no_cgroup
}
