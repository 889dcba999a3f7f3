#!/usr/bin/env bats
# What a guest can do to its pod, and what anybody on the wire to either, by frames that no kernel would send
# (runtime/network/sharing/filter.c).
load pod

FRAMES=$URUNC_SOURCE/tests/network/frames.py

# collect NAMESPACE: what comes to port 81 there goes to $T/arrived.
collect() {
    ip netns exec "$1" python3 "$FRAMES" collect 81 "$T/ready.collect" >"$T/arrived" 3>&- 8>&- &
    printf '%s\n' "$!" >>"$T/processes"
    COLLECTOR=$!
    within 60 test -e "$T/ready.collect"
}

# collected LINE...: exactly these came before the end, which a caller of the test's own says.
collected() {
    wait "$COLLECTOR" || fail "$(cat "$T/arrived")"
    { (($# == 0)) || printf '%s\n' "$@"; } | diff - <(grep -v '^end ' "$T/arrived")
}

# say_end NAMESPACE ADDRESS
say_end() {
    ip netns exec "$1" python3 -c 'import socket, sys
kind = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
socket.socket(kind, socket.SOCK_DGRAM).sendto(b"end", (sys.argv[1], 81))' "$2"
}

# from_guest NAME...: frames of the guest's, to the pod's own MAC. from_outside NAME...: likewise.
from_guest() {
    ip netns exec "$GUEST" python3 "$FRAMES" send eth0 "$MAC" "$@"
}

from_outside() {
    ip netns exec "$CLIENT" python3 "$FRAMES" send veth0 "$MAC" "$@"
}

prepare_pod() {
    MAC=$(ip -n "$NETNS" -j link show eth0 | jq -r '.[0].address')
    join_guest
    expect_equal "$(cat "$T/wire")" joined
}

@test "of what a guest sends to its pod only whole datagrams arrive, and from no address of its choice" {
    prepare_pod
    collect "$NETNS"
    from_guest options source-route short-header long-header first-fragment last-fragment other-protocol cut-header cut-ports tag two-tags \
        extension6 fragment6 cut6 plain spoofed plain6
    say_end "$GUEST" 169.254.77.2
    collected 'plain 127.0.0.1' 'spoofed 127.0.0.1' 'plain6 ::1'
}

@test "a guest reaches the pod's own stack by no other address" {
    prepare_pod
    collect "$NETNS"
    from_guest localhost pod localhost6 pod6
    say_end "$GUEST" 169.254.77.2
    collected
}

@test "a guest cannot change whom the pod takes for its neighbours" {
    local before
    prepare_pod
    serve "$CLIENT" outside tcp :: 90
    ask "$NETNS" tcp 10.77.0.1 90
    ask "$NETNS" tcp fd00:77::1 90
    before=$(ip -n "$CLIENT" -j link show veth0 | jq -r '.[0].address')
    collect "$NETNS"
    from_guest arp advertisement
    say_end "$GUEST" 169.254.77.2
    collected
    ip -n "$NETNS" neighbour show 10.77.0.1 | grep -q "lladdr $before"
    ip -n "$NETNS" neighbour show fd00:77::1 | grep -q "lladdr $before"
}

@test "what comes malformed from outside reaches no sidecar" {
    prepare_pod
    collect "$NETNS"
    from_outside outside-short-header outside-cut outside-tag outside-extension6 as-localhost as-pod as-sidecar outside-options outside
    say_end "$CLIENT" 10.77.0.2
    collected 'outside-options 10.77.0.1' 'outside 10.77.0.1'
}

@test "nobody outside can pass for a sidecar before the guest" {
    prepare_pod
    within_namespace "$GUEST" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0
    collect "$GUEST"
    from_outside as-sidecar as-sidecar-tag as-sidecar-tags as-sidecar-fragment as-sidecar6 outside outside6 outside-tag
    say_end "$CLIENT" 10.77.0.2
    collected 'outside 10.77.0.1' 'outside6 fd00:77::1' 'outside-tag 10.77.0.1'
}

@test "a pod without IPv4 keeps its 127.0.0.1" {
    ip -n "$NETNS" -4 address flush dev eth0
    join_guest
    serve "$NETNS" sidecar tcp 127.0.0.1 81
    [[ $(ask "$NETNS" tcp 127.0.0.1 99) == *refused* ]]
    expect_equal "$(ask "$NETNS" tcp 127.0.0.1 81)" 'sidecar 127.0.0.1'
}

@test "a guest that floods loses frames, and its pod works on" {
    prepare_pod
    serve "$NETNS" sidecar tcp 0.0.0.0 82
    ip netns exec "$GUEST" python3 "$FRAMES" flood eth0 "$MAC" 50000 plain first-fragment pod
    expect_equal "$(ask "$GUEST" tcp 169.254.77.2 82)" 'sidecar 127.0.0.1'
    expect_equal "$(ask "$CLIENT" tcp 10.77.0.2 82)" 'sidecar 10.77.0.1'
}
