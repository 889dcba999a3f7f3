#!/usr/bin/env bats
# Many containers at once, amid SIGKILLs of urunc and of monitors: nothing stays behind. URUNC_SOAK_CYCLES says how many
# containers are made and removed.
load standin

WORKERS=20

prepare_more() {
    orders quiet wait
    [[ -c /dev/net/tun ]] || skip 'there is no /dev/net/tun'
    local number namespace
    for ((number = 0; number < WORKERS; number++)); do
        namespace=$ID-$number
        printf '%s\n' "$namespace" >>"$T/namespaces"
        ip netns add "$namespace"
        ip -n "$namespace" link add outside type veth peer name eth0
        ip -n "$namespace" address add 10.77.0.2/24 dev eth0
        ip -n "$namespace" link set outside up
        ip -n "$namespace" link set eth0 up
        ip -n "$namespace" route add default via 10.77.0.1
        mkdir "$T/bundle-$number"
        cp -r "$T/bundle/rootfs" "$T/bundle-$number/"
        jq --arg path "/run/netns/$namespace" '.linux.namespaces |= (map(select(.type != "network")) + [{type: "network", path: $path}])' \
            "$T/bundle/config.json" >"$T/bundle-$number/config.json"
    done
}

# What a container may leave in the system, as lines of text.
remains() {
    local number
    grep -c . /proc/self/mountinfo
    ps -eo comm= | grep -E '^(urunc|standin|exe)' | sort
    for ((number = 0; number < WORKERS; number++)); do
        ip -n "$ID-$number" -brief link show type tun
        tc -n "$ID-$number" qdisc show dev eth0
    done
    find /sys/fs/cgroup -type d -name "*$ID*" 2>/dev/null
    grep -E "$T" /proc/net/unix
    losetup --list --noheadings --output BACK-FILE 2>/dev/null | grep "$T"
    find "$T/root" -mindepth 1 ! -name 'version@*' 2>/dev/null
    ls -A "$T/tmp" /dev/shm
    find /proc/[0-9]*/ns -type l -printf '%l\n' 2>/dev/null | sort -u | wc -l
}

is_as_before() {
    [[ $(remains) == "$1" ]]
}

@test "containers are made and removed amid SIGKILLs, and nothing is left" {
    local before
    before=$(remains)
    SOAK_ID=$ID /usr/bin/python3 "$URUNC_SOURCE/tests/sandbox/soak.py" "${URUNC_SOAK_CYCLES:-200}" "$WORKERS" "$T" \
        "$URUNC" --root "$T/root" --config "$T/urunc.json" >"$T/figures" 2>"$T/stderr" || fail "$(cat "$T/stderr")"
    printf '# %s\n' "$(cat "$T/figures")" >&3
    within 60 is_as_before "$before" || fail "$(diff <(printf '%s\n' "$before") <(remains))"
    expect_match ' monitors killed' "$T/figures"
    expect_match ' commands killed' "$T/figures"
}
