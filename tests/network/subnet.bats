#!/usr/bin/env bats
# A guest in a subnet of its own behind the pod's address (runtime/network/translate.c).
load pod

join_subnet() {
    join_guest subnet
    expect_equal "$(cat "$T/wire")" joined
    ip -n "$GUEST" address flush dev eth0
    ip -n "$GUEST" address add 172.16.1.2/24 dev eth0
    ip -n "$GUEST" route replace default via 172.16.1.1
}

@test "the guest reaches the outside with the pod's address" {
    join_subnet
    serve "$CLIENT" outside tcp 0.0.0.0 90
    serve "$CLIENT" outside udp 0.0.0.0 91
    expect_equal "$(ask "$GUEST" tcp 10.77.0.1 90)" 'outside 10.77.0.2'
    expect_equal "$(ask "$GUEST" udp 10.77.0.1 91)" 'outside 10.77.0.2 5'
}

@test "the pod's ports are the other containers', and these reach the guest" {
    join_subnet
    serve "$GUEST" guest tcp 0.0.0.0 80
    serve "$NETNS" proxy tcp 0.0.0.0 81
    expect_equal "$(ask "$CLIENT" tcp 10.77.0.2 81)" 'proxy 10.77.0.1'
    [[ $(ask "$CLIENT" tcp 10.77.0.2 80) == *refused* ]]
    expect_equal "$(ask "$NETNS" tcp 172.16.1.2 80)" 'guest 172.16.1.1'
    expect_equal "$(ask "$NETNS" tcp 127.0.0.1 80)" 'guest 169.254.77.2'
    expect_equal "$(ask "$NETNS" tcp 10.77.0.2 80)" 'guest 169.254.77.1'
    expect_equal "$(ask "$GUEST" tcp 10.77.0.2 81)" 'proxy 172.16.1.2'
    expect_equal "$(ask "$GUEST" tcp 169.254.77.2 81)" 'proxy 127.0.0.1'
}

@test "leaving takes table, forwarding and tap along, whether or not there was forwarding before" {
    need_program nft
    local before
    for before in 0 1; do
        within_namespace "$NETNS" sysctl -qw net.ipv4.conf.eth0.forwarding=$before
        join_subnet
        within_namespace "$NETNS" nft list ruleset | grep -q 'ip saddr 172.16.1.2 masquerade'
        leave_guest
        rm "$T/end"
        expect_equal "$(within_namespace "$NETNS" nft list ruleset)" ''
        expect_equal "$(within_namespace "$NETNS" cat /proc/sys/net/ipv4/conf/eth0/forwarding)" "$before"
        expect_equal "$(ip -n "$NETNS" -br link show type tun)" ''
        expect_equal "$(tc -n "$NETNS" qdisc show | grep -c ingress)" 0
    done
}
