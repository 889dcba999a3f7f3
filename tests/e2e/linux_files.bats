#!/usr/bin/env bats
# What a Kubernetes pod gives a Linux guest beside its image: any number of variables, ConfigMaps, Secrets, and the
# engine's own files.
load helpers

prepare() {
    need_root
    need_program qemu-system-x86_64 busybox
    need_kernel
    new_id
}

# A tree as the kubelet writes a ConfigMap or a Secret: make_volume DIRECTORY KEY TEXT MODE.
make_volume() {
    mkdir -p "$1/..2026_11_21"
    printf '%s' "$3" >"$1/..2026_11_21/$2"
    chmod "$4" "$1/..2026_11_21/$2"
    ln -s ..2026_11_21 "$1/..data"
    ln -s "..data/$2" "$1/$2"
}

# The mounts of a pod's container, as containerd's CRI plugin has them.
mount_volumes() {
    make_volume "$T/config" greeting.txt 'good day' 644
    make_volume "$T/secret" password 'kept to itself' 400
    make_volume "$T/token" token 'a token' 644
    printf '10.9.8.7 neighbour\n' >"$T/hosts"
    edit "$T/bundle" '.mounts = [
        {destination: "/proc", type: "proc", source: "proc"},
        {destination: "/dev/shm", type: "bind", source: $t, options: ["rbind", "rprivate", "rw"]},
        {destination: "/etc/hosts", type: "bind", source: ($t + "/hosts"), options: ["rbind", "rprivate", "rw"]},
        {destination: "/etc/app", type: "bind", source: ($t + "/config"), options: ["rbind", "rprivate", "ro"]},
        {destination: "/etc/keys", type: "bind", source: ($t + "/secret"), options: ["rbind", "rprivate", "ro"]},
        {destination: "/scratch", type: "tmpfs", source: "tmpfs", options: ["nosuid", "size=256k", "mode=1777"]},
        {destination: "/var/run/secrets/kubernetes.io/serviceaccount", type: "bind", source: ($t + "/token"),
         options: ["rbind", "rprivate", "ro"]}]' --arg t "$T"
}

# 71 variables of more than 2,150 bytes, and 200 KB in further ones.
add_variables() {
    edit "$T/bundle" '.process.env += [range(71) | "SERVICE_\(.)_PORT_TCP=tcp://10.96.0.\(.):443"] +
        [range(2000) | "FILLER_\(.)=" + ("x" * 90)] + ["LINES=first\nsecond"]'
    (($(jq '[.process.env[] | length] | add' "$T/bundle/config.json") > 200000))
}

run_pod() {
    add_variables
    mount_volumes
    # shellcheck disable=SC2016 # expands in the guest
    arguments "$T/bundle" sh -c 'env | grep -c ^SERVICE_; env | grep -c ^FILLER_; env | grep -x second
        cat /etc/app/greeting.txt /etc/keys/password /var/run/secrets/kubernetes.io/serviceaccount/token /etc/hosts; echo
        stat -c "%a %u" /etc/keys/..2026_11_21/password; ls -l /etc/app/greeting.txt
        echo x >/etc/app/new || echo read-only; grep " /scratch " /proc/mounts; echo more >>/etc/hosts && exit 9'
    local status=0
    urunc --debug --log "$T/log" run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || status=$?
    cat "$T/stderr" >>"$T/log"
    expect_equal "$status" 9
    local line
    for line in 71 2000 second 'good daykept to itselfa token10.9.8.7 neighbour' '400 0' read-only; do
        expect_line "$line" "$T/console"
    done
    expect_match 'greeting.txt -> ..data/greeting.txt' "$T/console"
    expect_match 'tmpfs /scratch tmpfs .*size=256k' "$T/console"
    expect_equal "$(cat "$T/hosts")" '10.9.8.7 neighbour'
    ! grep -E 'kept to itself|SERVICE_' "$T/log" || fail 'the log tells'
}

@test "variables, ConfigMaps and Secrets reach a guest whose root is the initrd" {
    busybox_bundle "$T/bundle" initrd
    sha256sum "$T/bundle/rootfs/boot/initrd" >"$T/sum"
    run_pod
    sha256sum --check --quiet "$T/sum"
}

@test "variables, ConfigMaps and Secrets reach a guest whose root is a disk" {
    busybox_bundle "$T/bundle" block
    run_pod
}
