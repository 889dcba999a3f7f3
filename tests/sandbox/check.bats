# `urunc check`: what this host can boot, and what is missing.
load standin

prepare_more() {
    printf '#!/bin/sh\necho toy version 93.2.1\n' >"$T/toy"
    chmod 755 "$T/toy"
}

# configure FIELD=PATH...: monitors' programs; all others are missing.
configure() {
    local monitor words='{}'
    for monitor in qemu firecracker cloud-hypervisor hvt spt; do
        words=$(jq -c --arg m "$monitor" --arg p "$T/none-$monitor" '.[$m].path = $p' <<<"$words")
    done
    for monitor; do
        words=$(jq -c --arg m "${monitor%%=*}" --arg p "${monitor#*=}" '.[$m].path = $p' <<<"$words")
    done
    jq -n --argjson monitors "$words" '{monitors: $monitors} | .monitors.qemu.acceleration = "tcg"' >"$T/urunc.json"
}

check_json() {
    STATUS=0
    urunc check --json >"$T/host" 2>"$T/stderr" || STATUS=$?
    jq -e .version "$T/host" >"$T/stdout" || fail "no document: $(cat "$T/stderr")"
}

host() {
    jq -r "$1" "$T/host"
}

monitor() {
    host ".monitors[] | select(.name == \"$1\") | .$2"
}

# A QEMU whose files are where QEMU looks for them, and that says its version.
toy_qemu() {
    cp "$T/toy" "$T/qemu/bin/toy"
    printf '%s\n' "$T/qemu/bin/toy"
}

@test "a monitor that is there makes pairs usable, with its path and version" {
    configure qemu="$(toy_qemu)"
    check_json
    expect_equal "$STATUS" 0
    expect_equal "$(host .usable)" true
    expect_equal "$(monitor qemu usable)" true
    expect_equal "$(monitor qemu program)" "$T/qemu/bin/toy"
    expect_equal "$(monitor qemu version)" 93.2.1
    expect_equal "$(monitor qemu overheadMiB) $(monitor qemu footprintMiB)" '256 112'
    expect_equal "$(host '.pairs[] | select(.framework == "linux" and .hypervisor == "qemu") | .usable')" true
    expect_equal "$(host '[.pairs[] | select(.usable and .hypervisor != "qemu")] | length')" 0
    urunc check >"$T/text"
    expect_match '^urunc [0-9.]+ on [a-z0-9]+: can boot unikernels$' "$T/text"
    expect_match "^  qemu  +$T/qemu/bin/toy 93.2.1\$" "$T/text"
    expect_match '^  linux  +on qemu  +initrd, block' "$T/text"
}

@test "what serves directories is named with its version, or why there is none" {
    configure qemu="$(toy_qemu)"
    jq --arg p "$T/toy" '.virtiofsd = $p' "$T/urunc.json" >"$T/more.json"
    mv "$T/more.json" "$T/urunc.json"
    check_json
    expect_equal "$(host '.virtiofsd | [.program, .version, .usable] | tostring')" "[\"$T/toy\",\"93.2.1\",true]"
    jq '.virtiofsd = false' "$T/urunc.json" >"$T/more.json"
    mv "$T/more.json" "$T/urunc.json"
    check_json
    expect_equal "$STATUS" 0
    expect_equal "$(host '.virtiofsd.usable')" false
    urunc check >"$T/text"
    expect_match '^  virtiofsd  +turned off by the configuration: directories go by 9p' "$T/text"
    jq '.virtiofsd = "/no/such/virtiofsd"' "$T/urunc.json" >"$T/more.json"
    mv "$T/more.json" "$T/urunc.json"
    check_json
    expect_equal "$(host '.virtiofsd.problem')" '/no/such/virtiofsd: No such file or directory'
}

@test "a host without a monitor can boot nothing, and says what is missing" {
    configure
    check_json
    expect_equal "$STATUS" 1
    expect_equal "$(host .usable)" false
    expect_equal "$(host '[.pairs[], .monitors[] | select(.usable)] | length')" 0
    expect_equal "$(host '[.pairs[], .monitors[] | select(.problem == null)] | length')" 0
    expect_equal "$(monitor hvt problem)" \
        "urunc's configuration: monitors.hvt.path: $T/none-hvt: No such file or directory"
    STATUS=0
    urunc check >"$T/text" || STATUS=$?
    expect_equal "$STATUS" 1
    expect_match ': can boot nothing$' "$T/text"
    expect_line '  none: see what the monitors lack' "$T/text"
}

@test "a monitor that is not installed is called by its name, with where to get it" {
    printf '{}\n' >"$T/urunc.json"
    local name
    check_json
    for name in $(host '.monitors[] | select(.program == null) | .name'); do
        [[ $(monitor "$name" problem) == "the monitor $name ("*") is not installed: "?* ||
            $(monitor "$name" problem) == *', which comes with urunc: '* ]] ||
            fail "$name: $(monitor "$name" problem)"
    done
}

@test "a device that is missing, or another one, is told, and takes its monitors with it" {
    configure firecracker="$T/toy"
    # shellcheck disable=SC2016 # for the inner shell
    unshare --mount sh -c 'mount --bind /dev/null /dev/kvm && exec "$@"' sh \
        "$URUNC" --root "$T/root" --config "$T/urunc.json" check --json >"$T/host" || STATUS=$?
    expect_equal "$STATUS" 1
    expect_equal "$(host '.devices[] | select(.path == "/dev/kvm") | .problem')" \
        '/dev/kvm: not the device that its name says'
    expect_equal "$(monitor firecracker problem)" '/dev/kvm: not the device that its name says'
    expect_equal "$(monitor firecracker program)" "$T/toy"
    unshare --mount sh -c 'mount -t tmpfs none /dev && exec "$@"' sh \
        "$URUNC" --root "$T/root" --config "$T/urunc.json" check --json >"$T/host" || true
    [[ $(host '.devices[] | select(.path == "/dev/kvm") | .problem') == '/dev/kvm: No such file or directory: '?* ]]
    [[ $(host '.devices[] | select(.path == "/dev/net/tun") | .problem') == '/dev/net/tun: '*'no network' ]]
}

@test "a monitor that is too old is told" {
    configure qemu="$(toy_qemu)"
    sed -i 's/93.2.1/0.9.1/' "$T/qemu/bin/toy"
    check_json
    expect_equal "$STATUS" 1
    expect_equal "$(monitor qemu version)" 0.9.1
    [[ $(monitor qemu problem) == *0.9.1* ]]
}

@test "the pairs are those of the features document" {
    configure
    check_json
    urunc features | jq -r '.annotations["com.urunc.features.pairs"]' | tr , '\n' | cut -d/ -f1,2 | sort >"$T/features"
    host '.pairs[] | select(.problem | test("this version of urunc") | not) | .framework + "/" + .hypervisor' |
        sort >"$T/pairs"
    diff "$T/features" "$T/pairs"
}

@test "a broken configuration is an error, not a host without monitors" {
    printf '{' >"$T/urunc.json"
    fails urunc check
    expect_one_error 'urunc.json'
}

@test "each value of the configuration says which file set it" {
    printf '[monitors.qemu]\npath = "%s"\ndefault_memory_mb = 77\n[log]\nlevel = "info"\n' "$(toy_qemu)" >"$T/urunc.toml"
    "$URUNC_BIN/runtime/urunc" --root "$T/root" --config "$T/urunc.toml" check --json >"$T/host" || true
    expect_equal "$(host '.configuration[] | select(.key == "monitors.qemu.memory_mib") | [.value, .origin] | join(" ")')" "77 $T/urunc.toml"
    expect_equal "$(host '.configuration[] | select(.key == "monitors.qemu.vcpus") | [.value, .origin] | join(" ")')" '1 default'
    expect_equal "$(host '.ignored | length')" 1
    "$URUNC_BIN/runtime/urunc" --root "$T/root" --config "$T/urunc.toml" check >"$T/text" || true
    expect_line "  monitors.qemu.memory_mib = 77 ($T/urunc.toml)" "$T/text"
    expect_match 'log.level has no effect' "$T/text"
}

@test "config.json lies over config.toml" {
    mkdir -p "$T/etc/urunc"
    printf '[monitors.qemu]\npath = "%s"\nvcpus = 3\nmemory_mib = 77\n' "$(toy_qemu)" >"$T/etc/urunc/config.toml"
    printf '{"monitors":{"qemu":{"vcpus":2}}}\n' >"$T/etc/urunc/config.json"
    # The default places, in a mount namespace of the test's own.
    unshare --mount sh -c 'mount --bind "$1" /etc && exec "$2" --root "$3" check --json' \
        sh "$T/etc" "$URUNC_BIN/runtime/urunc" "$T/root" >"$T/host" || true
    expect_equal "$(host '.configuration[] | select(.key == "monitors.qemu.vcpus") | [.value, .origin] | join(" ")')" '2 /etc/urunc/config.json'
    expect_equal "$(host '.configuration[] | select(.key == "monitors.qemu.memory_mib") | [.value, .origin] | join(" ")')" '77 /etc/urunc/config.toml'
}

@test "auto is what the probe of the host's KVM has found" {
    [[ -w /dev/kvm ]] || skip 'no /dev/kvm that can be opened'
    edit_json() { jq "$1" "$T/urunc.json" >"$T/new" && mv "$T/new" "$T/urunc.json"; }
    edit_json 'del(.monitors.qemu.acceleration)'
    # Any user of the private root's device is fine: only the argv counts.
    run_standin
    local found
    found=$(sed -n 2p "$T/root/kvm@host")
    if [[ $found == fast ]]; then
        expect_equal "$(jq -r '.argv | join(" ") | test("-accel kvm ")' "$T/report")" true
    else
        expect_match '^/dev/kvm: emulates' "$T/root/kvm@host"
        expect_equal "$(jq -r '.argv | join(" ") | test("-accel tcg")' "$T/report")" true
    fi
    sed -i '2s/.*/fast/' "$T/root/kvm@host"
    new_id
    run_standin
    expect_equal "$(jq -r '.argv | join(" ") | test("-accel kvm ")' "$T/report")" true
}

@test "a bundle is checked as create would, and other monitors of its framework are named" {
    configure qemu="$(toy_qemu)" spt="$T/toy"
    urunc check --json --bundle "$T/bundle" >"$T/host"
    expect_equal "$(host '.bundle | [.framework, .hypervisor, .usable] | join(" ")')" 'generic qemu true'
    annotate hypervisor spt
    STATUS=0
    urunc check --bundle "$T/bundle" >"$T/text" || STATUS=$?
    expect_equal "$STATUS" 1
    expect_match "^Bundle $T/bundle:\$" "$T/text"
    expect_match '^  with a kernel for it also on: qemu$' "$T/text"
    urunc check --json --bundle "$T/bundle" >"$T/host" || true
    expect_equal "$(host '.bundle.alternatives | join(",")')" qemu
    expect_match 'binary' <(host .bundle.problem)
    urunc check --json --bundle "$T/nothing" >"$T/host" || true
    expect_match 'nothing' <(host .bundle.problem)
    edit "$T/bundle" 'del(.annotations)'
    urunc check --json --bundle "$T/bundle" >"$T/host" || true
    expect_match '^no unikernel: ' <(host .bundle.problem)
}

@test "cgroups, user namespaces and engines are described" {
    configure qemu="$(toy_qemu)"
    check_json
    local expected
    case $(stat -fc %T /sys/fs/cgroup) in
    cgroup2fs) expected=2 ;;
    *) expected='(1|hybrid)' ;;
    esac
    expect_match "^$expected\$" <(host .cgroups.version)
    expect_equal "$(host '.cgroups.controllers | contains(["memory", "cpu", "pids"])')" true
    expect_equal "$(host '.userNamespaces | has("usable")')" true
    expect_equal "$(host '.engines | map(select(.usable == (.runtime != null))) | length')" "$(host '.engines | length')"
    urunc check >"$T/text"
    expect_match '^  cgroups  +(1|2|hybrid) \(memory' "$T/text"
    expect_match '^  user namespaces  +[a-z/]' "$T/text"
}
