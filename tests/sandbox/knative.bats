#!/usr/bin/env bats
# A Knative pod's container `user-container`: its guest has a subnet of its own behind the pod's address.
load standin

prepare_more() {
    make_network
    join_network "$T/bundle"
    edit "$T/bundle" '.annotations["io.kubernetes.cri.container-name"] = "user-container"'
}

tap_name() {
    ip -n "$NETNS" -br link show type tun | cut -d' ' -f1
}

forwarding() {
    ip netns exec "$NETNS" cat /proc/sys/net/ipv4/conf/eth0/forwarding
}

@test "the guest is told the subnet's address, and the tap is its gateway" {
    linux_bundle
    edit "$T/bundle" '.process.args += ["standin:wait"]'
    create_standin
    urunc start "$ID"
    within 60 has_report
    take_report
    expect_reported '.argv | .[index("-append") + 1] | split(" ") | map(select(test("^ip="))) | join(" ")' \
        'ip=172.16.1.2::172.16.1.1:255.255.255.0:urunc:eth0:off'
    # What is forwarded could be forged, so the guest takes no address for the pod's localhost.
    expect_reported '[.argv[] | select(contains("urunc.pod="))] | length' 0
    ip -n "$NETNS" -br address show dev "$(tap_name)" | grep -q '172.16.1.1/24'
    expect_equal "$(tc -n "$NETNS" qdisc show dev eth0 | grep -c ingress)" 0
    expect_equal "$(forwarding)" 1
}

@test "delete takes address translation and forwarding along, whatever died" {
    ip netns exec "$NETNS" sysctl -qw net.ipv4.conf.eth0.forwarding=0
    start_standin
    kill -KILL "$PID"
    urunc delete --force "$ID"
    expect_equal "$(forwarding)" 0
    expect_equal "$(tc -n "$NETNS" qdisc show | grep -c ingress)" 0
    expect_equal "$(tap_name)" ''
}

@test "events call the interface by its name" {
    start_standin
    expect_equal "$(urunc events --stats "$ID" | jq -c '.data.network_interfaces | map(.Name)')" '["eth0"]'
}

@test "forwarding that was there before stays" {
    ip netns exec "$NETNS" sysctl -qw net.ipv4.conf.eth0.forwarding=1
    start_standin
    urunc delete --force "$ID"
    expect_equal "$(forwarding)" 1
}

@test "a container of another name shares the pod's address" {
    edit "$T/bundle" '.annotations["io.kubernetes.cri.container-name"] = "queue-proxy"'
    start_standin
    tc -n "$NETNS" filter show dev eth0 ingress | grep -q 'to device'
}
