#!/usr/bin/env bats
# A guest's programs call the other containers of the pod on localhost and on the pod's address
# (runtime/init/machine/sidecars/calls.c).
load pod

PROGRAM=$URUNC_BIN/tests/network/guest-program

prepare_pod() {
    "$PROGRAM" / true || (($? != 77)) || skip 'there is no cgroup2'
    join_guest
    serve "$NETNS" sidecar tcp :: 81
    serve "$NETNS" sidecar udp :: 81
}

# call COMMAND...: of ends.py, as a program of the guest.
call() {
    ip netns exec "$GUEST" "$PROGRAM" "${ADDRESSES-10.77.0.2/fd00:77::2}" python3 "$ENDS" "$@"
}

@test "a guest's program reaches a sidecar on localhost and on the pod's address, and sees it there" {
    prepare_pod
    expect_equal "$(call peer tcp 127.0.0.1 81)" 'sidecar ::ffff:127.0.0.1 from 127.0.0.1'
    expect_equal "$(call peer tcp 10.77.0.2 81)" 'sidecar ::ffff:10.77.0.2 from 10.77.0.2'
    expect_equal "$(call peer tcp ::1 81)" 'sidecar ::1 from ::1'
    expect_equal "$(call peer tcp fd00:77::2 81)" 'sidecar fd00:77::2 from fd00:77::2'
    expect_equal "$(call peer tcp ::ffff:127.0.0.1 81)" 'sidecar ::ffff:127.0.0.1 from ::ffff:127.0.0.1'
}

@test "datagrams go the same ways, connected or not" {
    prepare_pod
    expect_equal "$(call peer udp 127.0.0.1 81)" 'sidecar ::ffff:127.0.0.1 5 from 127.0.0.1'
    expect_equal "$(call peer udp 10.77.0.2 81)" 'sidecar ::ffff:10.77.0.2 5 from 10.77.0.2'
    expect_equal "$(call peer udp ::1 81)" 'sidecar ::1 5 from ::1'
    expect_equal "$(call peer udp fd00:77::2 81)" 'sidecar fd00:77::2 5 from fd00:77::2'
    expect_equal "$(call peer udp ::ffff:127.0.0.1 81)" 'sidecar ::ffff:127.0.0.1 5 from ::ffff:127.0.0.1'
    expect_equal "$(call ask udp 127.0.0.1 81)" 'sidecar ::ffff:127.0.0.1 5'
    expect_equal "$(call ask udp ::1 81)" 'sidecar ::1 5'
}

@test "a port that the guest serves is the guest's" {
    prepare_pod
    serve "$GUEST" guest tcp :: 81
    serve "$GUEST" guest udp :: 81
    expect_equal "$(call peer tcp 127.0.0.1 81)" 'guest ::ffff:127.0.0.1 from 127.0.0.1'
    expect_equal "$(call peer tcp 10.77.0.2 81)" 'guest ::ffff:10.77.0.2 from 10.77.0.2'
    expect_equal "$(call peer tcp ::1 81)" 'guest ::1 from ::1'
    expect_equal "$(call peer udp ::1 81)" 'guest ::1 5 from ::1'
    expect_equal "$(call peer udp 127.0.0.1 81)" 'guest ::ffff:127.0.0.1 5 from 127.0.0.1'
}

@test "a port that nobody serves is refused, and the outside is called as before" {
    prepare_pod
    serve "$CLIENT" outside tcp 0.0.0.0 90
    [[ $(call ask tcp 127.0.0.1 99) == *refused* ]]
    [[ $(call ask tcp ::1 99) == *refused* ]]
    expect_equal "$(call peer tcp 10.77.0.1 90)" 'outside 10.77.0.2 from 10.77.0.1'
}

@test "a guest's server sees a sidecar's call come from the address that was called" {
    local kind address
    prepare_pod
    for kind in tcp udp; do
        for address in 127.0.0.1 10.77.0.2 ::1 fd00:77::2; do
            call once "$kind" :: 80 "$T/ready.once" >"$T/caller" 3>&- 8>&- &
            within 60 test -e "$T/ready.once"
            expect_equal "$(ask "$NETNS" "$kind" "$address" 80)" once
            wait $!
            expect_equal "$(sed 's/^::ffff://' "$T/caller")" "$address"
            rm "$T/ready.once"
        done
    done
}

@test "a pod without one of the families has its localhost for the guest alone" {
    prepare_pod
    [[ $(ADDRESSES=/fd00:77::2 call ask tcp 127.0.0.1 81) == *refused* ]]
    [[ $(ADDRESSES=10.77.0.2/ call ask tcp ::1 81) == *refused* ]]
    expect_equal "$(ADDRESSES=10.77.0.2/ call peer tcp 127.0.0.1 81)" 'sidecar ::ffff:127.0.0.1 from 127.0.0.1'
    expect_equal "$(ADDRESSES=10.77.0.2 call peer tcp 127.0.0.1 81)" 'sidecar ::ffff:127.0.0.1 from 127.0.0.1'
}

@test "addresses that make no sense are refused" {
    local addresses
    prepare_pod
    for addresses in nonsense 10.77.0.2/nonsense 10.77.0.2/fd00::2/3 "$(printf '%0100d' 1)"; do
        ADDRESSES=$addresses call ask tcp 127.0.0.1 81 2>"$T/refused" && fail "$addresses was taken"
        expect_match 'Invalid argument' "$T/refused"
    done
}
