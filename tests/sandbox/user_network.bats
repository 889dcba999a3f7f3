#!/usr/bin/env bats
# user_network: a container without an interface gets one by slirp4netns, which `delete` ends.
load standin

prepare_more() {
    SLIRP=$(command -v slirp4netns) || skip 'slirp4netns is not installed'
    HELPER=$SLIRP
    [[ $BATS_TEST_DESCRIPTION == without* ]] ||
        edit_config '.user_network = $slirp' --arg slirp "$SLIRP"
}

# The other program, which wants a way out of the caller's own network.
use_pasta() {
    HELPER=$(command -v pasta) || skip 'pasta is not installed'
    edit_config '.user_network = $pasta' --arg pasta "$HELPER"
    ip link show way0 >/dev/null 2>&1 || ip link add way0 type veth peer name way1
    ip address replace 192.0.2.1/24 dev way0
    ip link set way0 up
    ip link set way1 up
    ip route replace default via 192.0.2.2
}

edit_config() {
    jq "$@" "$T/urunc.json" >"$T/config" && cp "$T/config" "$T/urunc.json"
}

helper() {
    jq .networkPid "$T/root/$ID/state.json"
}

lives() {
    [[ $1 -gt 0 && -e /proc/$1/exe ]] && tr '\0' ' ' <"/proc/$1/cmdline" | grep -q "^$HELPER "
}

gets_card_until_delete() {
    linux_bundle
    edit "$T/bundle" '.process.args += ["standin:wait"]'
    create_standin
    local pid
    pid=$(helper)
    lives "$pid"
    urunc start "$ID"
    within 60 has_report
    take_report
    expect_reported '.argv | .[index("-append") + 1] | split(" ") | map(select(test("^ip="))) | join(" ")' \
        'ip=10.0.2.100::10.0.2.2:255.255.255.0:urunc:eth0:off'
    urunc delete --force "$ID"
    ! lives "$pid"
}

@test "the guest gets a card on eth0 at 10.0.2.100, and delete ends the helper" {
    gets_card_until_delete
}

@test "by pasta, too" {
    use_pasta
    gets_card_until_delete
}

in_user_namespace() {
    local pid
    edit "$T/bundle" '.linux.namespaces += [{type: "user"}] |
        .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
    create_standin
    pid=$(helper)
    lives "$pid"
    expect_equal "$(nsenter -t "$PID" -n ip -br -4 address show eth0 | awk '{print $3}')" 10.0.2.100/24
    kill -KILL "$PID"
    urunc delete --force "$ID"
    ! lives "$pid"
}

@test "in a user namespace, too, whatever died" {
    in_user_namespace
}

@test "by pasta in a user namespace, too, whatever died" {
    use_pasta
    in_user_namespace
}

@test "auto takes the one that is installed" {
    edit_config '.user_network = "auto"'
    start_standin
    lives "$(helper)"
}

@test "pasta without a way out is an error that names it" {
    use_pasta
    ip route del default
    fails urunc create --bundle "$T/bundle" "$ID" </dev/null
    expect_one_error 'user_network: pasta ended'
    ! pgrep -x 'pasta(.avx2)?'
}

@test "the helper is ended, too, where the monitor was killed" {
    start_standin
    local pid
    pid=$(helper)
    lives "$pid"
    kill -KILL "$PID"
    urunc delete --force "$ID"
    ! lives "$pid"
}

@test "a container that fails to be created leaves no helper" {
    edit "$T/bundle" '.hooks.createContainer = [{path: "/bin/false"}]'
    fails urunc create --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr"
    ! pgrep -x slirp4netns
}

@test "a program that ends at once is an error that names it" {
    edit_config '.user_network = "/bin/false"'
    fails urunc create --bundle "$T/bundle" "$ID" </dev/null
    expect_one_error 'user_network: slirp4netns ended'
}

@test "without the key there is neither a helper nor a card" {
    start_standin
    expect_equal "$(helper)" 0
    expect_reported '[.argv[] | select(. == "-netdev")]' '[]'
}

@test "a container with an interface, or in a namespace of others, has no helper" {
    make_network
    join_network "$T/bundle"
    create_standin
    expect_equal "$(helper)" 0
    urunc delete --force "$ID"
    ip -n "$NETNS" link del eth0
    create_standin
    expect_equal "$(helper)" 0
}
