#!/usr/bin/env bats
# A Linux guest in a pod with a sidecar: both families, and who reaches whom. One boot shows all of it.
load helpers

prepare() {
    need_root
    need_program qemu-system-x86_64 busybox curl
    need_kernel
    make_network
    ip -n "$CLIENT" address add fd00:77::1/64 dev veth0 nodad
    ip -n "$NETNS" address add fd00:77::2/64 dev eth0 nodad
    ip -n "$NETNS" -6 route add default via fd00:77::1
    ip -n "$NETNS" route add 10.96.0.0/12 via 10.77.0.1
    ip -n "$NETNS" link set eth0 mtu 1400
    new_id
}

# fetches NAMESPACE URL TEXT
fetches() {
    [[ $(ip netns exec "$1" curl -gsf --max-time 5 "$2") == "$3" ]]
}

# page NAMESPACE PORT TEXT: a web server of the host's side.
page() {
    mkdir -p "$T/www.$2"
    printf '%s\n' "$3" >"$T/www.$2/index.html"
    ip netns exec "$1" busybox httpd -f -p "$2" -h "$T/www.$2" 3>&- &
    printf '%s\n' "$!" >>"$T/processes"
}

answered() {
    console_has "$1" || {
        [[ $(urunc state "$ID" | jq -r .status) == running ]] || fail "the guest ended: $(cat "$T/console")" || exit 1
        return 1
    }
}

@test "guest, sidecar and the outside reach each other, over IPv4 and IPv6" {
    busybox_bundle "$T/bundle" initrd
    join_network "$T/bundle"
    page "$CLIENT" 90 outside
    page "$NETNS" 81 sidecar
    # shellcheck disable=SC2016 # the guest's shell expands
    arguments "$T/bundle" sh -c 'mkdir /tmp/www; echo guest >/tmp/www/index.html
        ip address show eth0; ip route
        ask() { until page=$(printf "GET / HTTP/1.0\r\n\r\n" | nc "$1" "$2" | tail -n 1) && [ -n "$page" ]; do sleep 1; done; echo "$1 $2 says $page"; }
        ask 10.77.0.1 90; ask fd00:77::1 90; ask 169.254.77.1 81; ask 169.254.77.2 81; ask 127.0.0.1 81; ask 10.77.0.2 81; ask ::1 81
        exec httpd -f -p 80 -h /tmp/www'
    start "$T/bundle"
    local said
    for said in '10.77.0.1 90 says outside' 'fd00:77::1 90 says outside' '169.254.77.1 81 says sidecar' \
        '169.254.77.2 81 says sidecar' '127.0.0.1 81 says sidecar' '10.77.0.2 81 says sidecar' '::1 81 says sidecar'; do
        within "$BOOT_TIMEOUT" answered "$said" || fail "$(cat "$T/console")"
    done
    expect_match 'mtu 1400' "$T/console"
    expect_match '^10\.96\.0\.0/12 via 10\.77\.0\.1' "$T/console"
    within 60 fetches "$CLIENT" http://10.77.0.2/ guest
    within 60 fetches "$CLIENT" 'http://[fd00:77::2]/' guest
    within 60 fetches "$CLIENT" http://10.77.0.2:81/ sidecar
    within 60 fetches "$NETNS" http://127.0.0.1/ guest
    within 60 fetches "$NETNS" http://10.77.0.2/ guest
    within 60 fetches "$NETNS" 'http://[::1]/' guest
    within 60 fetches "$NETNS" http://10.77.0.1:90/ outside
    within 60 ip netns exec "$CLIENT" ping -c 1 -W 5 10.77.0.2
    within 60 ip netns exec "$CLIENT" ping -c 1 -W 5 fd00:77::2
    urunc kill "$ID" KILL
    within 60 status_is stopped
    urunc delete "$ID"
    expect_equal "$(tc -n "$NETNS" qdisc show | grep -c ingress)" 0
}

@test "a guest without an interface reaches the outside by pasta, over two queues" {
    need_program pasta
    jq --arg pasta "$(command -v pasta)" '.user_network = $pasta | .monitors.qemu += {vcpus: 2, queues: 2}' "$T/urunc.json" >"$T/config"
    cp "$T/config" "$T/urunc.json"
    ip link add way0 type veth peer name way1 netns "$CLIENT"
    ip address add 192.0.2.1/24 dev way0
    ip link set way0 up
    ip -n "$CLIENT" address add 192.0.2.2/24 dev way1
    ip -n "$CLIENT" link set way1 up
    ip route add default via 192.0.2.2
    page "$CLIENT" 90 outside
    busybox_bundle "$T/bundle" initrd
    # The caller keeps its side open: pasta of 2023 can forget the server's end of a connection that is half closed.
    # shellcheck disable=SC2016 # the guest's shell expands
    arguments "$T/bundle" sh -c 'until page=$( (printf "GET / HTTP/1.0\r\n\r\n"; sleep 2) | timeout 20 nc 192.0.2.2 90 | tail -n 1) && [ -n "$page" ]; do sleep 1; done
        echo "192.0.2.2 says $page, queues:" $(ls /sys/class/net/eth0/queues); sleep 1000'
    start "$T/bundle"
    within "$BOOT_TIMEOUT" answered '192.0.2.2 says outside, queues: rx-0 rx-1 tx-0 tx-1' || fail "$(cat "$T/console")"
    urunc delete --force "$ID"
    ! pgrep -x 'pasta(.avx2)?'
}
