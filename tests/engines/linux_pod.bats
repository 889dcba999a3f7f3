#!/usr/bin/env bats
# A Linux guest as Kubernetes runs it: Services' variables, a ConfigMap, a Secret, HTTP, exec, and a sidecar. One boot
# shows all of it.
load pod

# Builds the image of the guest, with busybox and urunc's init, and imports it.
import_linux() {
    busybox_bundle "$T/linux" initrd
    [[ -e $F/linux.tar ]] ||
        build -t linux:v1 -o "type=oci-archive,dest=$F/linux.tar" "$F/busybox-initrd"
    ctr images import --snapshotter native "$F/linux.tar" >"$T/import.log" || fail "$(cat "$T/import.log")"
}

# What the kubelet puts beside a container: a ConfigMap's and a Secret's files.
make_volumes() {
    mkdir -p "$T/config" "$T/secret"
    printf 'from the ConfigMap\n' >"$T/config/greeting"
    printf 'from the Secret\n' >"$T/secret/password"
    chmod 700 "$T/secret"
    chmod 400 "$T/secret/password"
}

fetches() {
    [[ $(curl -sf --max-time 5 "http://$POD_ADDRESS/") == "$1" ]]
}

@test "a Linux guest of a pod has what Kubernetes gives it, serves, and runs commands" {
    need_program qemu-system-x86_64 curl
    need_kernel
    # The real monitor in the stand-in's place.
    printf '{"monitors":{"qemu":{"acceleration":"tcg"}}}\n' >"$T/urunc.json"
    import_linux
    import_plain
    make_volumes
    run_pod
    # shellcheck disable=SC2016 # the guest's shell expands
    create_container guest linux '.args = ["sh", "-c", $script]
        | .envs = [range(71) | {key: "SERVICE_\(.)_PORT_8080_TCP", value: "tcp://10.96.0.\(.):8080"}]
        | .mounts = [{container_path: "/etc/config", host_path: ($dir + "/config"), readonly: true},
                     {container_path: "/etc/secret", host_path: ($dir + "/secret"), readonly: true}]' \
        --arg dir "$T" --arg script 'echo "variables: $(env | grep -c ^SERVICE_)"; echo "last: $SERVICE_70_PORT_8080_TCP"
        cat /etc/config/greeting /etc/secret/password; ls -l /etc/secret/password; cat /etc/resolv.conf; echo "name: $(hostname)"
        mkdir -p /tmp/www; echo page >/tmp/www/index.html; echo ready; exec httpd -f -p 80 -h /tmp/www'
    of_container StartContainer guest >"$T/started"
    within "$PATIENCE" log_has guest '^ready$' || fail "$(cat "$T/logs/guest.log")"
    local line
    for line in '^variables: 71$' '^last: tcp://10.96.0.70:8080$' '^from the ConfigMap$' '^from the Secret$' '^-r-------- ' \
        '^search tests.svc.cluster.local' '^nameserver 10.88.0.1$' '^name: pod$'; do
        log_has guest "$line" || fail "no $line in: $(log_of guest)"
    done
    within 60 fetches page
    run_container sidecar plain '.args = ["sleep", "100000"]'
    expect_equal "$(in_container sidecar /bin/busybox wget -q -O - http://127.0.0.1/)" page
    expect_equal "$(in_container sidecar /bin/busybox wget -q -O - "http://$POD_ADDRESS/")" page
    expect_equal "$(in_container guest cat /etc/config/greeting)" 'from the ConfigMap'
    ! in_container guest sh -c 'exit 3' >/dev/null || fail 'the exit status of a command was lost'
    expect_equal "$(jq .exit_code "$T/exec.answer")" 3
    ! grep -rq 'from the Secret' "/proc/$(guest_pid)/cmdline" || fail 'the Secret is on the command line'
    of_container UpdateContainerResources guest '.linux = {cpu_period: 100000, cpu_quota: 90000}' >"$T/answer"
    grep -qxE '90000( 100000)?' /sys/fs/cgroup/{cpu/,}"$ID/$(cat "$T/guest.id")"/{cpu.cfs_quota_us,cpu.max} 2>/dev/null
    of_container ContainerStats guest >"$T/stats"
    jq -e '.stats | (.memory.working_set_bytes.value | tonumber) > 16777216' "$T/stats" || fail "$(cat "$T/stats")"
    fetches page
    of_container StopContainer guest '.timeout = 60' >"$T/answer"
    expect_equal "$(ended guest)" '143 Error'
    remove_pods
}

guest_pid() {
    ctr task ls | awk -v id="$(cat "$T/guest.id")" '$1 == id { print $2 }'
}
