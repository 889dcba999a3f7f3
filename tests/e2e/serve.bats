#!/usr/bin/env bats
# The Linux sample serves HTTP from its guest to a client in another network namespace.
load helpers

prepare() {
    need_root
    need_program qemu-system-x86_64 curl
    need_kernel
    make_network
    new_id
}

# serve FILE: builds the sample, boots it in $NETNS and fetches its page.
serve() {
    build -t sample -f "$SAMPLES/linux/$1" -o "type=oci,dest=$T/image" "$SAMPLES/linux"
    unpack "$T/image" "$T/bundle"
    join_network "$T/bundle"
    start "$T/bundle"
    within "$BOOT_TIMEOUT" fetched
    cmp "$T/page" "$SAMPLES/linux/rootfs/srv/www/index.html"
    within 10 console_has '"GET / HTTP/1.1" 200'
    expect_nothing_beside_the_monitor
    urunc kill "$ID" KILL
    within 10 status_is stopped
    urunc delete "$ID"
    # The cable is as it was: no tap, no redirect.
    expect_equal "$(ip -n "$NETNS" -br link show type tun)" ''
    expect_equal "$(tc -n "$NETNS" qdisc show dev eth0 | grep -c ingress)" 0
}

fetched() {
    ip netns exec "$CLIENT" curl -sf --max-time 2 -o "$T/page" http://10.77.0.2/ || {
        [[ $(urunc state "$ID" | jq -r .status) == running ]] || fail "the guest ended: $(cat "$T/console")" || exit 1
        return 1
    }
}

expect_nothing_beside_the_monitor() {
    ps -eo pid,comm,args >"$T/processes.now"
    ! awk '$2 ~ /^urunc/' "$T/processes.now" | grep -q . || fail "$(cat "$T/processes.now")"
    expect_match "^ *$(cat "$T/pid") qemu-system" "$T/processes.now"
}

@test "from an initrd" {
    serve Containerfile
}

@test "from a disk" {
    serve Containerfile.block
}
