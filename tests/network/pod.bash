# A pod with a guest and a sidecar, and a client outside: network namespaces $CLIENT, $NETNS (the pod's, where sidecars
# run) and $GUEST, in which a kernel stands for the guest (wire.c). A test file says: load pod.
# shellcheck shell=bash
load ../e2e/helpers

ENDS=$URUNC_SOURCE/tests/network/ends.py
WIRE=$URUNC_BIN/tests/network/wire

prepare() {
    need_root
    make_network
    GUEST=e2e-$BASHPID-v
    printf '%s\n' "$GUEST" >>"$T/namespaces"
    ip netns add "$GUEST"
    ip -n "$GUEST" link set lo up
    ip -n "$CLIENT" address add fd00:77::1/64 dev veth0 nodad
    ip -n "$NETNS" address add fd00:77::2/64 dev eth0 nodad
    ip -n "$NETNS" -6 route add default via fd00:77::1
}

# within_namespace NAMESPACE COMMAND...
within_namespace() {
    ip netns exec "$@"
}

# Joins the guest: join_guest [alone]. Its end of the wire stays until leave_guest.
join_guest() {
    mkfifo "$T/end"
    ip netns exec "$NETNS" "$WIRE" "/run/netns/$GUEST" "$@" <"$T/end" >"$T/wire" 2>"$T/wire.error" &
    WIRE_PID=$!
    printf '%s\n' "$WIRE_PID" >>"$T/processes"
    exec 8>"$T/end"
    within 60 grep -q . "$T/wire" || fail "no wire: $(cat "$T/wire" "$T/wire.error")"
    ip -n "$GUEST" address add 10.77.0.2/24 dev eth0
    ip -n "$GUEST" address add fd00:77::2/64 dev eth0 nodad
    ip -n "$GUEST" link set eth0 up
    ip -n "$GUEST" route add default via 10.77.0.1
    ip -n "$GUEST" -6 route add default via fd00:77::1
}

leave_guest() {
    exec 8>&-
    wait "$WIRE_PID"
}

# serve NAMESPACE NAME KIND ADDRESS PORT: a server that answers with its NAME.
serve() {
    local ready=$T/ready.$2.$3.$5
    ip netns exec "$1" python3 "$ENDS" serve "$2" "$3" "$4" "$5" "$ready" 3>&- 8>&- &
    printf '%s\n' "$!" >>"$T/processes"
    within 60 test -e "$ready"
}

# sink NAMESPACE ADDRESS PORT
sink() {
    local ready=$T/ready.sink.$3
    ip netns exec "$1" python3 "$ENDS" sink "$2" "$3" "$ready" 3>&- 8>&- &
    printf '%s\n' "$!" >>"$T/processes"
    within 60 test -e "$ready"
}

# ask NAMESPACE KIND ADDRESS PORT [SOURCE [SIZE]]: what the server says.
ask() {
    local namespace=$1
    shift
    ip netns exec "$namespace" python3 "$ENDS" ask "$@"
}
