#!/usr/bin/env bats
# The guest's network: the tap that the monitor gets, and what is undone at the end.
load standin

prepare_more() {
    make_network
    join_network "$T/bundle"
}

netdev() {
    reported '.argv | .[index("-netdev") + 1]'
}

@test "the monitor gets the descriptor of a tap that is joined to the container's interface" {
    start_standin
    local tap fd
    fd=$(reported '.descriptors[3].fd')
    tap=$(reported '.descriptors[3].tap')
    expect_reported '[.descriptors[].fd] | length' 4
    expect_equal "$(netdev)" "tap,id=net0,fd=$fd"
    ip -n "$NETNS" -br link show dev "$tap" | grep -q UP
    tc -n "$NETNS" filter show dev eth0 ingress | grep -q "to device $tap"
    tc -n "$NETNS" filter show dev "$tap" ingress | grep -q 'to device eth0'
}

@test "the guest's card has the MAC and the MTU of the interface" {
    ip -n "$NETNS" link set eth0 mtu 1400
    local mac
    mac=$(ip -n "$NETNS" -j link show eth0 | jq -r '.[0].address')
    start_standin
    expect_reported '[.argv[] | select(startswith("virtio-net-pci,"))] | .[0] | contains("mac='"$mac"'") and contains("host_mtu=1400")' true
    expect_equal "$(ip -n "$NETNS" -j link show "$(reported '.descriptors[3].tap')" | jq '.[0].mtu')" 1400
}

@test "the tap belongs to the container's user" {
    edit "$T/bundle" '.process.user = {uid: 1234, gid: 1235}'
    start_standin
    local tap
    tap=$(reported '.descriptors[3].tap')
    expect_equal "$(nsenter --net="/run/netns/$NETNS" mount -t sysfs sysfs /sys && nsenter --net="/run/netns/$NETNS" \
        cat "/sys/class/net/$tap/owner" "/sys/class/net/$tap/group" | paste -sd:; umount /sys)" 1234:1235
}

@test "a Linux guest is told address, gateway and the nameserver" {
    linux_bundle
    mkdir -p "$T/bundle/rootfs/etc"
    printf 'nameserver 127.0.0.53\nnameserver 10.77.0.1\n' >"$T/bundle/rootfs/etc/resolv.conf"
    start_standin_linux
    expect_reported '.argv | .[index("-append") + 1] | split(" ") | map(select(test("^(ip|urunc.dns)="))) | join(" ")' \
        'ip=10.77.0.2::10.77.0.1:255.255.255.0:urunc:eth0:off urunc.dns=10.77.0.1'
}

POD_WORDS='.argv | .[index("-append") + 1] | split(" ") | map(select(test("^urunc.pod="))) | join(" ")'

start_standin_linux() {
    edit "$T/bundle" '.process.args += ["standin:wait"]'
    create_standin
    urunc start "$ID"
    within 10 has_report
    take_report
}

@test "the nameserver of a file that the engine mounts wins over the rootfs" {
    linux_bundle
    printf 'nameserver 10.9.9.9\n' >"$T/resolv.conf"
    edit "$T/bundle" '.mounts = [{destination: "/etc/resolv.conf", type: "bind", source: $path}]' --arg path "$T/resolv.conf"
    start_standin_linux
    expect_reported '.argv | .[index("-append") + 1] | split(" ") | map(select(test("^urunc.dns="))) | join(" ")' \
        'urunc.dns=10.9.9.9'
}

@test "a Linux guest is told of the pod, but for where somebody else has filters on its lo" {
    linux_bundle
    start_standin_linux
    expect_reported "$POD_WORDS" urunc.pod=10.77.0.2/
    urunc delete --force "$ID"
    new_id
    tc -n "$NETNS" qdisc add dev lo ingress
    tc -n "$NETNS" filter add dev lo ingress protocol ip prio 7 u32 match u32 0 0xffffffff at 0 classid :1
    start_standin_linux
    expect_reported "$POD_WORDS" ''
}

# The monitor's settings, with two processors.
set_network() {
    jq '.monitors.qemu += {vcpus: 2} + $more' --argjson more "$1" "$T/urunc.json" >"$T/config"
    cp "$T/config" "$T/urunc.json"
}

@test "a Linux guest has as many queues as are configured, but not more than processors" {
    local fds
    linux_bundle
    set_network '{"queues": 4}'
    start_standin_linux
    fds=$(reported '[.descriptors[] | select(.tap != null and .tap != "") | .fd] | map(tostring) | join(":")')
    expect_match '^[0-9]+:[0-9]+$' <(printf '%s\n' "$fds")
    expect_equal "$(netdev)" "tap,id=net0,fds=$fds"
    expect_equal "$(reported '[.descriptors[] | select(.tap != null and .tap != "") | .tap] | unique | length')" 1
    expect_reported '[.argv[] | select(startswith("virtio-net-pci,"))] | .[0] | contains(",mq=on,vectors=6")' true
}

@test "a guest that uses one queue has one" {
    set_network '{"queues": 4}'
    start_standin
    expect_equal "$(netdev)" "tap,id=net0,fd=$(reported '.descriptors[3].fd')"
}

# create_on_host NODE...: with a /dev of its own, which has these beside the usual ones. (A node is what a program opens by
# the name, so /dev/null does for vhost-net.)
create_on_host() {
    # shellcheck disable=SC2016 # the inner shell expands
    unshare --mount sh -ec 'mount -t tmpfs none /dev
        mknod /dev/null c 1 3; mknod /dev/zero c 1 5; mknod /dev/urandom c 1 9
        mkdir /dev/net; mknod /dev/net/tun c 10 200; chmod 666 /dev/null /dev/zero /dev/urandom
        for name in $1; do mknod "/dev/$name" c 1 3; done
        shift; exec "$@"' sh "$*" "$URUNC" --root "$T/root" --config "$T/urunc.json" create --bundle "$T/bundle" \
        --pid-file "$T/pid" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || fail "create: $(cat "$T/stderr")"
    PID=$(cat "$T/pid")
}

@test "vhost-net is handed over where it is configured and the host has it, for each queue" {
    local vhosts
    linux_bundle
    edit "$T/bundle" '.process.args += ["standin:wait"]'
    set_network '{"queues": 2, "vhost": true}'
    create_on_host vhost-net
    urunc start "$ID"
    within 60 has_report
    take_report
    vhosts=$(netdev | grep -oE 'vhost=on,vhostfds=[0-9]+:[0-9]+$' | grep -oE '[0-9]+:[0-9]+')
    expect_reported '[.descriptors[] | select(.fd == '"${vhosts%:*}"' or .fd == '"${vhosts#*:}"') | .node] | join(" ")' \
        '1:3 1:3'
}

@test "without vhost-net in the host the monitor carries the frames itself" {
    set_network '{"vhost": true}'
    orders wait
    create_on_host
    urunc start "$ID"
    within 60 has_report
    take_report
    expect_equal "$(netdev)" "tap,id=net0,fd=$(reported '.descriptors[3].fd')"
}

@test "vhost-net that is not configured is not opened" {
    orders wait
    create_on_host vhost-net
    urunc start "$ID"
    within 60 has_report
    take_report
    expect_equal "$(netdev)" "tap,id=net0,fd=$(reported '.descriptors[3].fd')"
    expect_reported '[.descriptors[].fd] | length' 4
}

@test "delete takes tap and redirects along" {
    start_standin
    urunc delete --force "$ID"
    expect_equal "$(ip -n "$NETNS" -br link show type tun)" ''
    expect_equal "$(tc -n "$NETNS" qdisc show dev eth0 | grep -c ingress)" 0
}

@test "delete takes the filters of lo along, whatever died" {
    start_standin
    tc -n "$NETNS" filter show dev lo ingress | grep -q urunc
    tc -n "$NETNS" filter show dev eth0 ingress | grep -q urunc
    kill -KILL "$PID"
    urunc delete --force "$ID"
    expect_equal "$(tc -n "$NETNS" qdisc show | grep -c ingress)" 0
    expect_equal "$(ip netns exec "$NETNS" cat /proc/sys/net/ipv4/conf/lo/accept_local)" 0
}

@test "a container with a network namespace of its own shares it with nobody" {
    edit "$T/bundle" '.linux.namespaces |= (map(select(.type != "network")) + [{type: "network"}])'
    edit "$T/bundle" '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", $script]}]' --arg script \
        "pid=\$(sed 's/.*\"pid\": *//; s/[^0-9].*//'); ip -n $CLIENT link add veth7 type veth peer name eth0 netns \$pid &&
         nsenter -t \$pid -n ip address add 10.78.0.2/24 dev eth0 && nsenter -t \$pid -n ip link set eth0 up"
    start_standin
    expect_equal "$(netdev)" "tap,id=net0,fd=$(reported '.descriptors[3].fd')"
    expect_equal "$(nsenter -t "$PID" -n tc filter show dev eth0 ingress | grep -c urunc_sharing)" 0
}

@test "the second guest on an interface is refused, and the first keeps it" {
    start_standin
    local first=$ID tap
    tap=$(reported '.descriptors[3].tap')
    new_id
    create_standin
    fails urunc start "$ID"
    expect_one_error 'another guest has taken the interface'
    urunc delete --force "$ID"
    tc -n "$NETNS" filter show dev eth0 ingress | grep -q "to device $tap"
    urunc delete --force "$first"
}

@test "delete leaves a redirect that leads to another guest's tap" {
    start_standin
    local first=$ID tap
    tap=$(reported '.descriptors[3].tap')
    new_id
    create_standin
    # As a `start` leaves it that was killed after it had written down what it was about to join.
    jq '.networkInterfaces = ["eth0"] | .networkTaps = ["urunc00000000"]' "$T/root/$ID/state.json" >"$T/state"
    cp "$T/state" "$T/root/$ID/state.json"
    urunc delete --force "$ID"
    tc -n "$NETNS" filter show dev eth0 ingress | grep -q "to device $tap"
    urunc delete --force "$first"
    expect_equal "$(tc -n "$NETNS" qdisc show dev eth0 | grep -c ingress)" 0
}

@test "an interface that is not Ethernet cannot be taken" {
    ip -n "$NETNS" link del eth0
    ip -n "$NETNS" tuntap add dev tun9 mode tun
    ip -n "$NETNS" address add 10.78.0.2/24 dev tun9
    ip -n "$NETNS" link set tun9 up
    create_standin
    fails urunc start "$ID"
    expect_one_error 'tun9.*Ethernet'
}

@test "without an address there is no card, and a guest starts" {
    ip -n "$NETNS" address flush dev eth0
    start_standin
    expect_reported '[.descriptors[].fd]' '[0,1,2]'
    expect_reported '[.argv[] | select(. == "-netdev")]' '[]'
}

@test "the host's own network is never taken" {
    local filter
    # The caller's namespace has an interface that could be.
    ip link add host0 type veth peer name host1
    ip address add 10.78.0.2/24 dev host0
    ip link set host0 up
    ip link set host1 up
    ip route add default via 10.78.0.1
    for filter in 'map(select(.type != "network"))' 'map(select(.type != "network")) + [{type: "network", path: "/proc/self/ns/net"}]'; do
        edit "$T/bundle" ".linux.namespaces |= ($filter)"
        start_standin
        expect_reported '[.argv[] | select(. == "-netdev")]' '[]'
        urunc delete --force "$ID"
    done
    ip link del host0
}

@test "the only interface is taken where there is no default route" {
    ip -n "$NETNS" route del default
    start_standin
    expect_equal "$(netdev)" "tap,id=net0,fd=$(reported '.descriptors[3].fd')"
}

@test "of two default routes the one with the lower metric" {
    ip -n "$CLIENT" link add veth1 type veth peer name eth1 netns "$NETNS"
    ip -n "$CLIENT" link set veth1 up
    ip -n "$NETNS" address add 10.79.0.2/24 dev eth1
    ip -n "$NETNS" link set eth1 up
    ip -n "$NETNS" route add default via 10.79.0.1 metric 100
    start_standin
    tc -n "$NETNS" filter show dev eth0 ingress | grep -q 'to device'
    urunc delete --force "$ID"
    ip -n "$NETNS" route del default via 10.77.0.1
    ip -n "$NETNS" route add default via 10.77.0.1 metric 200
    start_standin
    tc -n "$NETNS" filter show dev eth1 ingress | grep -q 'to device'
}
