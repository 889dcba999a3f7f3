#!/usr/bin/env bats
# A guest and the other containers of its pod share one address (runtime/network/sharing/filter.c).
load pod

prepare_pod() {
    join_guest
    expect_equal "$(cat "$T/wire")" joined
    serve "$GUEST" guest tcp 0.0.0.0 80
    serve "$NETNS" sidecar tcp 0.0.0.0 81
}

@test "a client outside reaches the guest and the sidecar, each at its port" {
    prepare_pod
    expect_equal "$(ask "$CLIENT" tcp 10.77.0.2 80)" 'guest 10.77.0.1'
    expect_equal "$(ask "$CLIENT" tcp 10.77.0.2 81)" 'sidecar 10.77.0.1'
}

@test "guest and sidecar reach the outside, also from one port to one server" {
    prepare_pod
    serve "$CLIENT" outside tcp 0.0.0.0 90
    expect_equal "$(ask "$GUEST" tcp 10.77.0.1 90)" 'outside 10.77.0.2'
    expect_equal "$(ask "$NETNS" tcp 10.77.0.1 90)" 'outside 10.77.0.2'
}

@test "a sidecar reaches the guest on localhost and on the pod's address" {
    prepare_pod
    expect_equal "$(ask "$NETNS" tcp 127.0.0.1 80)" 'guest 169.254.77.2'
    expect_equal "$(ask "$NETNS" tcp 10.77.0.2 80)" 'guest 169.254.77.1'
}

@test "sidecars reach each other on localhost and on the pod's address" {
    prepare_pod
    expect_equal "$(ask "$NETNS" tcp 127.0.0.1 81)" 'sidecar 127.0.0.1'
    expect_equal "$(ask "$NETNS" tcp 10.77.0.2 81)" 'sidecar 10.77.0.2'
}

@test "the guest reaches sidecars on the addresses that stand for the pod and for localhost" {
    prepare_pod
    serve "$NETNS" local tcp 127.0.0.1 82
    expect_equal "$(ask "$GUEST" tcp 169.254.77.1 81)" 'sidecar 10.77.0.2'
    expect_equal "$(ask "$GUEST" tcp 169.254.77.2 81)" 'sidecar 127.0.0.1'
    expect_equal "$(ask "$GUEST" tcp 169.254.77.2 82)" 'local 127.0.0.1'
    fails ask "$GUEST" tcp 169.254.77.1 82
    # The guest's own server is none of the others.
    [[ $(ask "$GUEST" tcp 169.254.77.1 80) == *refused* ]]
    [[ $(ask "$GUEST" tcp 169.254.77.2 80) == *refused* ]]
}

@test "a port without a server is refused on either side" {
    prepare_pod
    [[ $(ask "$CLIENT" tcp 10.77.0.2 99) == *refused* ]]
    [[ $(ask "$NETNS" tcp 127.0.0.1 99) == *refused* ]]
    [[ $(ask "$NETNS" tcp 10.77.0.2 99) == *refused* ]]
    [[ $(ask "$GUEST" tcp 169.254.77.1 99) == *refused* ]]
    [[ $(ask "$NETNS" tcp ::1 99) == *refused* ]]
    [[ $(ask "$NETNS" tcp fd00:77::2 99) == *refused* ]]
    [[ $(ask "$GUEST" tcp fd9e:6b04:a9fe:4d::2 99) == *refused* ]]
}

@test "UDP goes the same ways" {
    join_guest
    serve "$GUEST" guest udp 0.0.0.0 80
    serve "$NETNS" sidecar udp 0.0.0.0 81
    serve "$CLIENT" outside udp 0.0.0.0 90
    expect_equal "$(ask "$CLIENT" udp 10.77.0.2 80)" 'guest 10.77.0.1 5'
    expect_equal "$(ask "$CLIENT" udp 10.77.0.2 81)" 'sidecar 10.77.0.1 5'
    expect_equal "$(ask "$NETNS" udp 127.0.0.1 80)" 'guest 169.254.77.2 5'
    expect_equal "$(ask "$NETNS" udp 10.77.0.2 80)" 'guest 169.254.77.1 5'
    expect_equal "$(ask "$GUEST" udp 169.254.77.2 81)" 'sidecar 127.0.0.1 5'
    expect_equal "$(ask "$GUEST" udp 10.77.0.1 90)" 'outside 10.77.0.2 5'
    expect_equal "$(ask "$NETNS" udp 10.77.0.1 90)" 'outside 10.77.0.2 5'
    # In fragments, which are the guest's: their bytes (xxxx) are no ports.
    serve "$NETNS" sidecar udp 0.0.0.0 $((0x7878))
    expect_equal "$(ask "$CLIENT" udp 10.77.0.2 80 '' 4000)" 'guest 10.77.0.1 4000'
}

@test "IPv6 from outside reaches both, and both reach the outside" {
    join_guest
    serve "$GUEST" guest tcp :: 80
    serve "$NETNS" sidecar tcp :: 81
    serve "$CLIENT" outside tcp :: 90
    expect_equal "$(ask "$CLIENT" tcp fd00:77::2 80)" 'guest fd00:77::1'
    expect_equal "$(ask "$CLIENT" tcp fd00:77::2 81)" 'sidecar fd00:77::1'
    expect_equal "$(ask "$GUEST" tcp fd00:77::1 90)" 'outside fd00:77::2'
    expect_equal "$(ask "$NETNS" tcp fd00:77::1 90)" 'outside fd00:77::2'
}

@test "a sidecar reaches the guest on ::1 and on the pod's IPv6 address, over TCP and UDP" {
    join_guest
    serve "$GUEST" guest tcp :: 80
    serve "$GUEST" guest udp :: 80
    serve "$NETNS" sidecar tcp :: 81
    expect_equal "$(ask "$NETNS" tcp ::1 80)" 'guest fd9e:6b04:a9fe:4d::2'
    expect_equal "$(ask "$NETNS" tcp fd00:77::2 80)" 'guest fd9e:6b04:a9fe:4d::1'
    expect_equal "$(ask "$NETNS" udp ::1 80)" 'guest fd9e:6b04:a9fe:4d::2 5'
    expect_equal "$(ask "$NETNS" udp fd00:77::2 80)" 'guest fd9e:6b04:a9fe:4d::1 5'
    expect_equal "$(ask "$NETNS" tcp ::1 81)" 'sidecar ::1'
    expect_equal "$(ask "$NETNS" tcp fd00:77::2 81)" 'sidecar fd00:77::2'
}

@test "the guest reaches sidecars on the IPv6 addresses that stand for the pod and for localhost" {
    join_guest
    serve "$NETNS" sidecar tcp :: 81
    serve "$NETNS" sidecar udp :: 81
    serve "$NETNS" local tcp ::1 82
    expect_equal "$(ask "$GUEST" tcp fd9e:6b04:a9fe:4d::1 81)" 'sidecar fd00:77::2'
    expect_equal "$(ask "$GUEST" tcp fd9e:6b04:a9fe:4d::2 81)" 'sidecar ::1'
    expect_equal "$(ask "$GUEST" udp fd9e:6b04:a9fe:4d::2 81)" 'sidecar ::1 5'
    expect_equal "$(ask "$GUEST" tcp fd9e:6b04:a9fe:4d::2 82)" 'local ::1'
    fails ask "$GUEST" tcp fd9e:6b04:a9fe:4d::1 82
}

@test "a ping of the pod is the guest's, and answers to a sidecar's ping are the sidecar's" {
    join_guest
    within_namespace "$CLIENT" ping -c 1 -W 60 10.77.0.2
    within_namespace "$NETNS" ping -c 1 -W 60 10.77.0.1
    within_namespace "$GUEST" ping -c 1 -W 60 10.77.0.1
    ip -n "$GUEST" address del 10.77.0.2/24 dev eth0
    fails within_namespace "$CLIENT" ping -c 1 -W 2 10.77.0.2
}

@test "much data arrives whole, whoever sends it to whom" {
    join_guest
    sink "$GUEST" :: 80
    sink "$NETNS" :: 81
    local to
    for to in "$CLIENT 10.77.0.2 80" "$CLIENT 10.77.0.2 81" "$NETNS 127.0.0.1 80" "$NETNS 10.77.0.2 80" \
        "$GUEST 169.254.77.1 81" "$GUEST 169.254.77.2 81" "$NETNS ::1 80" "$GUEST fd9e:6b04:a9fe:4d::2 81"; do
        read -r namespace address port <<<"$to"
        expect_equal "$(ip netns exec "$namespace" python3 "$ENDS" bulk "$address" "$port" 8000000)" 8000000
    done
}

@test "a guest's connection from a port that a sidecar listens on stays the guest's" {
    prepare_pod
    serve "$CLIENT" outside tcp 0.0.0.0 90
    within_namespace "$GUEST" sysctl -qw net.ipv4.ip_local_port_range='1081 1081' net.ipv4.tcp_tw_reuse=1
    serve "$NETNS" sidecar tcp 0.0.0.0 1081
    expect_equal "$(ask "$GUEST" tcp 10.77.0.1 90)" 'outside 10.77.0.2'
}

@test "leaving takes the filters and the settings of lo along" {
    join_guest
    tc -n "$NETNS" filter show dev lo ingress | grep -q urunc
    expect_equal "$(within_namespace "$NETNS" cat /proc/sys/net/ipv4/conf/lo/accept_local)" 1
    leave_guest
    expect_equal "$(tc -n "$NETNS" qdisc show | grep -c ingress)" 0
    expect_equal "$(within_namespace "$NETNS" cat /proc/sys/net/ipv4/conf/lo/accept_local /proc/sys/net/ipv4/conf/lo/route_localnet | tr '\n' ' ')" '0 0 '
    serve "$NETNS" sidecar tcp 0.0.0.0 80
    expect_equal "$(ask "$CLIENT" tcp 10.77.0.2 80)" 'sidecar 10.77.0.1'
}

@test "somebody else's filters on lo stay, and the guest is reached from outside" {
    tc -n "$NETNS" qdisc add dev lo ingress
    tc -n "$NETNS" filter add dev lo ingress protocol ip prio 7 u32 match u32 0 0xffffffff at 0 classid :1
    prepare_pod
    expect_equal "$(ask "$CLIENT" tcp 10.77.0.2 80)" 'guest 10.77.0.1'
    expect_equal "$(ask "$CLIENT" tcp 10.77.0.2 81)" 'sidecar 10.77.0.1'
    leave_guest
    tc -n "$NETNS" filter show dev lo ingress | grep -q 'pref 7'
}

@test "a guest alone has every frame" {
    join_guest alone
    expect_equal "$(cat "$T/wire")" 'joined alone'
    serve "$GUEST" guest tcp 0.0.0.0 80
    serve "$NETNS" sidecar tcp 0.0.0.0 81
    expect_equal "$(ask "$CLIENT" tcp 10.77.0.2 80)" 'guest 10.77.0.1'
    [[ $(ask "$CLIENT" tcp 10.77.0.2 81) == *refused* ]]
}
