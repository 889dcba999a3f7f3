#!/usr/bin/env bats
# Solo5 unikernels on each tender: their command lines, their devices, bytes on disk, answers on the network. The tender
# that comes with urunc is always here; solo5-spt and solo5-hvt where they are installed.
load helpers

prepare() {
    need_root
    [[ -e $GUESTS/solo5-spt.elf ]] || skip "the test guests exist for x86-64 only"
    new_id
}

# tender NAME: the monitor that the tests' bundles name, and urunc's configuration of it.
tender() {
    local path
    case $1 in
    urunc-spt) MONITOR=spt path=$URUNC_BIN/runtime/urunc-spt ;;
    solo5-spt) MONITOR=spt ;;
    solo5-hvt) MONITOR=hvt ;;
    esac
    if [[ $1 == solo5-* ]]; then
        path=$(command -v "$1") || skip "$1 is not installed"
    fi
    [[ $MONITOR != hvt || -e /dev/kvm ]] || skip "there is no /dev/kvm"
    jq -n --arg monitor "$MONITOR" --arg path "$path" '{monitors: {($monitor): {path: $path}}}' >"$T/urunc.json"
}

# bundle FRAMEWORK ARG...: the test guest of $MONITOR with a disk of 64 KiB, in a network with the address 10.77.0.2.
bundle() {
    local framework=$1
    shift
    mkdir -p "$T/bundle/rootfs"
    cp "$GUESTS/solo5-$MONITOR.elf" "$T/bundle/rootfs/kernel"
    head -c 65536 /dev/zero >"$T/bundle/rootfs/disk"
    jq -n --arg framework "$framework" --arg monitor "$MONITOR" '{
        ociVersion: "1.1.0",
        process: {user: {uid: 0, gid: 0}, args: $ARGS.positional, env: ["MODE=test run"], cwd: "/"},
        root: {path: "rootfs"},
        annotations: ({unikernelType: $framework, hypervisor: $monitor, binary: "/kernel", block: "/disk", memory: "32"}
            | with_entries(.key |= "com.urunc.unikernel." + .)),
        linux: {namespaces: [{type: "pid"}, {type: "mount"}, {type: "ipc"}, {type: "uts"}, {type: "network"}]}
    }' --args -- "$@" >"$T/bundle/config.json"
    make_network
    join_network "$T/bundle"
}

run_guest() {
    STATUS=0
    urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || STATUS=$?
}

# What the pattern of the guest's word "fill" (tests/guests/solo5/disk.c) makes of a disk of $1 bytes.
pattern() {
    python3 -c 'import sys
sys.stdout.buffer.write(bytes((at // 512 * 7 + at % 512 * 3 + 1) & 255 for at in range(int(sys.argv[1]))))' "$1"
}

# ---- the same on each tender ----

mirage_is_told_everything() {
    tender "$1"
    bundle mirage --hello='Good "day"' exit=42
    run_guest
    expect_equal "$STATUS" 42
    expect_line 'cmdline: --ipv4=10.77.0.2/24 --ipv4-gateway=10.77.0.1 "--hello=Good \"day\"" exit=42' "$T/console"
    expect_line 'memory: 32768 KiB' "$T/console"
    local mac device=service disk=storage
    [[ $MONITOR == hvt ]] || device=tap disk=rootfs
    mac=$(ip -n "$NETNS" -j link show eth0 | jq -r '.[0].address')
    expect_line "net $device: mac $mac mtu 1500" "$T/console"
    expect_line "block $disk: bytes 65536 magic 0000" "$T/console"
    expect_line "block $disk: blocks of 512" "$T/console"
}

rumprun_is_told_everything() {
    tender "$1"
    bundle rumprun server 'two words'
    run_guest
    expect_equal "$STATUS" 0
    local line='{"cmdline":"server '"'two words'"'","env":"MODE=test run","net":{"if":"ukvmif0","cloner":"True",'
    line+='"type":"inet","method":"static","addr":"10.77.0.2","mask":"24","gw":"10.77.0.1"},'
    line+='"blk":{"source":"etfs","path":"/dev/ld0a","fstype":"blk","mountpoint":"/data"}}'
    expect_line "cmdline: $line" "$T/console"
}

every_block_reaches_the_image() {
    tender "$1"
    bundle mirage fill
    run_guest
    expect_equal "$STATUS" 0
    expect_match '^block (rootfs|storage): wrote 65536 read 65536$' "$T/console"
    pattern 65536 | cmp - "$T/bundle/rootfs/disk"
    expect_equal "$(stat -c '%u %a' "$T/bundle/rootfs/disk")" '0 644'
}

blocks_have_the_size_that_the_image_says() {
    tender "$1"
    bundle mirage fill
    edit "$T/bundle" '.annotations["com.urunc.unikernel.sectorSize"] = "4096"'
    run_guest
    expect_equal "$STATUS" 0
    expect_match '^block (rootfs|storage): blocks of 4096$' "$T/console"
    pattern 65536 | cmp - "$T/bundle/rootfs/disk"
}

it_answers_at_its_address() {
    tender "$1"
    bundle mirage answer=10 exit=7
    ip -n "$NETNS" link set eth0 mtu 9000
    ip -n "$CLIENT" link set veth0 mtu 9000
    start "$T/bundle"
    within 20 console_has 'answering' || fail "$(cat "$T/console")"
    ip netns exec "$CLIENT" ping -q -c 5 -i 0.05 -W 5 -s 56 10.77.0.2
    ip netns exec "$CLIENT" ping -q -c 5 -i 0.05 -W 5 -s 8000 -M 'do' 10.77.0.2
    within 10 status_is stopped
    expect_match '^net (tap|service): answered 10 echoes of 40280 bytes$' "$T/console"
    expect_match '^net (tap|service): mac .* mtu 9000$' "$T/console"
    urunc delete "$ID"
    expect_equal "$(ip -n "$NETNS" -br link show type tun)" ''
    expect_equal "$(tc -n "$NETNS" qdisc show dev eth0 | grep -c ingress)" 0
}

a_whole_frame_arrives() {
    tender "$1"
    bundle mirage answer=1
    start "$T/bundle"
    within 20 console_has 'answering' || fail "$(cat "$T/console")"
    ip netns exec "$CLIENT" ping -q -c 1 -W 5 -s 1472 -M 'do' 10.77.0.2
    within 10 status_is stopped
    expect_match 'answered 1 echoes of 1472 bytes$' "$T/console"
}

@test "urunc-spt: a MirageOS guest is told its address, arguments, devices and memory" {
    mirage_is_told_everything urunc-spt
}

@test "urunc-spt: a Rumprun guest is told everything in one JSON object" {
    rumprun_is_told_everything urunc-spt
}

@test "urunc-spt: every block that a guest writes is in the image, which stays root's" {
    every_block_reaches_the_image urunc-spt
}

@test "urunc-spt: blocks have the size that the image says" {
    blocks_have_the_size_that_the_image_says urunc-spt
}

@test "urunc-spt: a guest answers ARP and ping, in frames of 8,042 bytes too, and delete takes its tap along" {
    it_answers_at_its_address urunc-spt
}

@test "urunc-spt: a frame of the interface's whole MTU arrives" {
    a_whole_frame_arrives urunc-spt
}

@test "solo5-spt: a MirageOS guest is told its address, arguments, devices and memory" {
    mirage_is_told_everything solo5-spt
}

@test "solo5-spt: a Rumprun guest is told everything in one JSON object" {
    rumprun_is_told_everything solo5-spt
}

@test "solo5-spt: every block that a guest writes is in the image, which stays root's" {
    every_block_reaches_the_image solo5-spt
}

@test "solo5-spt: blocks have the size that the image says" {
    blocks_have_the_size_that_the_image_says solo5-spt
}

@test "solo5-spt: a guest answers ARP and ping, in frames of 8,042 bytes too, and delete takes its tap along" {
    it_answers_at_its_address solo5-spt
}

@test "solo5-spt: a frame of the interface's whole MTU arrives" {
    a_whole_frame_arrives solo5-spt
}

@test "solo5-hvt: a MirageOS guest is told its address, arguments, devices and memory" {
    mirage_is_told_everything solo5-hvt
}

@test "solo5-hvt: a Rumprun guest is told everything in one JSON object" {
    rumprun_is_told_everything solo5-hvt
}

@test "solo5-hvt: every block that a guest writes is in the image, which stays root's" {
    every_block_reaches_the_image solo5-hvt
}

@test "solo5-hvt: blocks have the size that the image says" {
    blocks_have_the_size_that_the_image_says solo5-hvt
}

@test "solo5-hvt: a guest answers ARP and ping, in frames of 8,042 bytes too, and delete takes its tap along" {
    it_answers_at_its_address solo5-hvt
}

@test "solo5-hvt: a frame of the interface's whole MTU arrives" {
    a_whole_frame_arrives solo5-hvt
}

# ---- Solo5's target virtio, on QEMU ----

virtio_bundle() {
    need_program qemu-system-x86_64
    MONITOR=virtio
    bundle mirage "$@"
    edit "$T/bundle" '.annotations["com.urunc.unikernel.hypervisor"] = "qemu" |
                      .annotations["com.urunc.unikernel.memory"] = "64"'
}

@test "qemu: a MirageOS guest finds its devices in the order of its manifest" {
    virtio_bundle --hello='Good day' exit=41
    run_guest
    expect_equal "$STATUS" 0
    expect_line 'cmdline: /guest/kernel --ipv4=10.77.0.2/24 --ipv4-gateway=10.77.0.1 "--hello=Good day" exit=41' "$T/console"
    expect_line 'disk0: sectors 128' "$T/console"
    expect_match '^net0: mac ' "$T/console"
    expect_equal "$(tr -d '\r' <"$T/console" | grep -oE '^(net0: mac|disk0: sectors)' | tr '\n' ' ')" 'net0: mac disk0: sectors '
}

@test "qemu: the mark of a crash at port 0x501 is a failure" {
    virtio_bundle exit=42
    run_guest
    expect_equal "$STATUS" 1
}

@test "qemu: a device that the manifest of a virtio kernel declares must be there" {
    virtio_bundle exit=41
    edit "$T/bundle" 'del(.annotations["com.urunc.unikernel.block"])'
    run_guest
    expect_equal "$STATUS" 1
    expect_one_error 'declares the block device storage, for which the image has no block image'
}
