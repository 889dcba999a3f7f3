#!/usr/bin/env bats
# linux.netDevices: interfaces of the runtime's own network namespace, which isolate.sh makes for each file, are moved
# into the container's and joined to the guest.
load standin

# Each test has a pair of interfaces of its own: $A, which is moved, and its other end.
prepare_more() {
    A=dev$((BASHPID % 1000000))
    ip link add "$A" type veth peer name "$A-peer"
    ip link set "$A-peer" up
    edit "$T/bundle" '.linux.netDevices = {($name): {}}' --arg name "$A"
}

finish_more() {
    ip link delete "$A-peer" 2>/dev/null || true
}

# inside WORD...: ip in the container's network namespace.
inside() {
    nsenter --net="/proc/$PID/ns/net" ip "$@"
}

@test "an interface is moved before the guest starts, with MAC, MTU and lasting addresses, and is up" {
    local mac
    ip link set "$A" mtu 1420 up
    ip address add 10.78.0.2/24 broadcast 10.78.0.255 dev "$A"
    ip address add 10.78.9.2/32 peer 10.78.9.3 dev "$A"
    ip address add 10.78.1.2/24 dev "$A" scope link
    ip address add fd00:78::2/64 dev "$A" nodad
    ip address add fd00:79::2/64 dev "$A" nodad valid_lft 1000 preferred_lft 1000
    mac=$(ip -j link show "$A" | jq -r '.[0].address')
    create_standin
    [[ ! -e /sys/class/net/$A ]] || ! ip link show "$A" 2>/dev/null || fail 'it is still here'
    expect_equal "$(inside -j link show "$A" | jq -rc '.[0] | [.address, .mtu, (.flags | index("UP") != null)] | @csv')" \
        "\"$mac\",1420,true"
    expect_equal "$(inside -j address show "$A" | jq -rc '[.[0].addr_info[] | select(.scope != "link" or .family == "inet") |
        "\(.local) \(.address // "") \(.prefixlen) \(.broadcast // "")"] | sort | join(",")')" \
        '10.78.0.2  24 10.78.0.255,10.78.9.2 10.78.9.3 32 ,fd00:78::2  64 '
}

@test "the guest gets it" {
    ip address add 10.78.0.2/24 dev "$A"
    start_standin
    expect_reported '.descriptors[3].tap != null' true
    nsenter --net="/proc/$PID/ns/net" tc filter show dev "$A" ingress |
        grep -q "to device $(reported '.descriptors[3].tap')"
    expect_match "$(reported '[.argv[] | select(startswith("virtio-net-pci,"))] | .[0]' | grep -oE 'mac=[0-9a-f:]+' | cut -d= -f2)" \
        <(inside link show "$A")
}

@test "it is renamed on the way" {
    edit "$T/bundle" '.linux.netDevices = {($name): {name: "eth7"}}' --arg name "$A"
    create_standin
    inside link show eth7
    fails inside link show "$A"
}

@test "a template has the kernel find a number that is free" {
    make_network
    join_network "$T/bundle"
    ip address add 10.78.0.2/24 dev "$A"
    edit "$T/bundle" '.linux.netDevices = {($name): {name: "eth%d"}}' --arg name "$A"
    create_standin
    expect_equal "$(inside -j address show eth1 | jq -r '.[0].addr_info[] | select(.family == "inet").local')" 10.78.0.2
    inside link show eth0
}

@test "a name that is taken is an error, and the interface stays where it is" {
    make_network
    join_network "$T/bundle"
    edit "$T/bundle" '.linux.netDevices = {($name): {name: "eth0"}}' --arg name "$A"
    fails urunc create --bundle "$T/bundle" "$ID" </dev/null
    expect_one_error "config.json: linux.netDevices: the container's network namespace has an interface eth0 already"
    ip link show "$A"
    expect_nothing_left
}

@test "where one is missing none is moved" {
    edit "$T/bundle" '.linux.netDevices = {($name): {}, nowhere0: {}}' --arg name "$A"
    fails urunc create --bundle "$T/bundle" "$ID" </dev/null
    expect_one_error 'config.json: linux.netDevices: there is no interface nowhere0 to move'
    ip link show "$A"
    expect_nothing_left
}

@test "hooks find it moved" {
    edit "$T/bundle" '.hooks = {createRuntime: [{path: "/bin/sh", args: ["sh", "-c", $script]}]}' --arg script \
        "PATH=/usr/bin:/usr/sbin:/bin; nsenter --net=/proc/\$(jq .pid)/ns/net ip -br link show $A >$T/seen"
    create_standin
    expect_match "^$A.* UP " "$T/seen"
}

@test "it stays in a namespace that is the engine's when the container is deleted" {
    make_network
    join_network "$T/bundle"
    start_standin
    urunc delete --force "$ID"
    ip -n "$NETNS" link show "$A"
    expect_equal "$(tc -n "$NETNS" qdisc show dev "$A" | grep -c ingress)" 0
}

@test "a user namespace of the container's own is no hindrance" {
    edit "$T/bundle" '.linux.namespaces += [{type: "user"}]
        | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
    chmod 755 "$T" "$T/bundle" "$T/bundle/rootfs"
    ip address add 10.78.0.2/24 dev "$A"
    create_standin
    expect_equal "$(nsenter --user --net --target "$PID" --preserve-credentials ip -j address show "$A" |
        jq -r '.[0].addr_info[] | select(.family == "inet").local')" 10.78.0.2
}
