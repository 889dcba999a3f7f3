#!/usr/bin/env bats
# What Solo5's tenders are given, which attach to taps and open disks by name: the stand-in takes their place.
load standin

prepare_more() {
    need_guests
    jq -n --arg path "$T/qemu/bin/standin" '{monitors: {hvt: {path: $path}, spt: {path: $path}}}' >"$T/urunc.json"
    solo5_bundle hvt
    make_network
    join_network "$T/bundle"
}

need_guests() {
    [[ -e $GUESTS/solo5-hvt.elf ]] || skip "the test guests exist for x86-64 only"
}

# The Solo5 test guest for hvt (devices service and storage) or spt (tap and rootfs), with a disk of 1 MiB.
solo5_bundle() {
    cp "$GUESTS/solo5-$1.elf" "$T/bundle/rootfs/boot/kernel"
    head -c 1048576 /dev/zero >"$T/bundle/rootfs/disk"
    annotate hypervisor "$1"
    annotate unikernelType mirage
    annotate block /disk
}

option() {
    reported ".argv[] | select(startswith(\"$1\")) | sub(\"^[^=]*=\"; \"\")"
}

said() {
    tail -n +2 "$T/console"
}

@test "a tender gets the devices by the manifest's names, and the guest's line as one word" {
    arguments "$T/bundle" 'two words' '--mem=1' 'standin:wait'
    start_standin_as_it_is
    expect_reported '.argv[0]' "$T/qemu/bin/standin"
    expect_reported '[.argv[1:][] | sub("=.*"; "")]' \
        '["--mem","--net:service","--net-mac:service","--block:storage","--","/guest/kernel","--ipv4"]'
    expect_reported '.argv[-1]' '--ipv4=10.77.0.2/24 --ipv4-gateway=10.77.0.1 "two words" --mem=1 standin:wait'
    expect_equal "$(option --block:storage=)" /guest/disk0
    expect_equal "$(option --net-mac:service=)" "$(ip -n "$NETNS" -j link show eth0 | jq -r '.[0].address')"
}

start_standin_as_it_is() {
    create_standin
    urunc start "$ID" || fail "start: $(cat "$T/stderr" "$T/console")"
    within 10 has_report || fail "no report: $(cat "$T/stderr" "$T/console")"
    take_report
}

@test "its tap is up, joined to the interface, the monitor's user's, without a descriptor of anybody" {
    start_standin
    local tap
    tap=$(option --net:service=)
    ip -n "$NETNS" -br link show dev "$tap" | grep -q UP
    tc -n "$NETNS" filter show dev eth0 ingress | grep -q "to device $tap"
    tc -n "$NETNS" filter show dev "$tap" ingress | grep -q 'to device eth0'
    expect_equal "$(ip -n "$NETNS" -d -j link show dev "$tap" | jq -c '.[0].linkinfo.info_data | [.persist, .vnet_hdr, .user, .group]')" \
        '[true,false,"nobody","nogroup"]'
    expect_reported '[.descriptors[] | select(.type == "char" and .tap != null)]' '[]'
}

@test "the tender attaches to the tap and opens the disk without any capability" {
    orders open
    run_standin
    expect_reported '.capabilities | [.effective, .permitted, .bounding] | unique' '["0000000000000000"]'
    expect_equal "$(said)" $'--net:service ok\n--block:storage ok'
    expect_reported '.ids.uid' 65534
    expect_equal "$STATUS" 0
}

@test "the device nodes in its root are open to the monitor's user, whatever the host's are" {
    mknod -m 0600 "$T/tun" c 10 200
    mount --bind "$T/tun" /dev/net/tun
    orders open
    run_standin
    umount /dev/net/tun
    expect_equal "$(said | head -n 1)" '--net:service ok'
    expect_root 'select(.path == "/dev/net/tun") | .node' '10:200'
}

@test "where the file system cannot lend a disk to the monitor's user, the monitor is the disk's owner" {
    mkdir "$T/upper" "$T/work" "$T/lower"
    cp -a "$T/bundle/rootfs/." "$T/lower"
    chown 4321:4322 "$T/lower/disk"
    mount -t overlay -o "lowerdir=$T/lower,upperdir=$T/upper,workdir=$T/work" overlay "$T/bundle/rootfs" ||
        skip "no overlay file system here"
    orders open
    run_standin
    umount "$T/bundle/rootfs"
    expect_equal "$(said)" $'--net:service ok\n--block:storage ok'
    expect_reported '.ids.uid' 4321
    expect_reported '.capabilities | [.effective, .permitted, .bounding] | unique' '["0000000000000000"]'
}

@test "a disk that its owner may not write to is refused by name" {
    chmod 0444 "$T/bundle/rootfs/disk"
    fails urunc create --bundle "$T/bundle" "$ID" </dev/null
    expect_one_error 'com.urunc.unikernel.block: /disk: the monitor opens it itself, as user 65534:65534 .mode 0444, owner 65534:0.: Permission denied'
}

@test "disks with names of their own are devices of these names" {
    head -c 4096 /dev/zero >"$T/bundle/rootfs/log"
    edit "$T/bundle" 'del(.annotations["com.urunc.unikernel.block"])'
    annotate blocks storage=/log
    orders open
    run_standin
    expect_equal "$(option --block:storage=)" /guest/disk0
    expect_equal "$(said)" $'--net:service ok\n--block:storage ok'
    annotate blocks log=/log
    new_id
    fails urunc create --bundle "$T/bundle" "$ID" </dev/null
    expect_one_error 'com.urunc.unikernel.blocks: log: the kernel.s manifest declares no block device of that name'
}

@test "delete removes the tap that nobody holds, and the redirect" {
    start_standin
    kill -KILL "$PID"
    within 10 status_is stopped
    expect_equal "$(ip -n "$NETNS" -br link show type tun | wc -l)" 1
    urunc delete "$ID"
    expect_equal "$(ip -n "$NETNS" -br link show type tun)" ''
    expect_equal "$(tc -n "$NETNS" qdisc show dev eth0 | grep -c ingress)" 0
}

@test "a start that fails after the tap was made leaves nothing that delete does not remove" {
    annotate solo5NetDev nosuch
    create_standin
    fails urunc start "$ID"
    expect_one_error 'solo5NetDev: "nosuch": the kernel.s Solo5 manifest declares no network device of that name'
    urunc delete --force "$ID"
    expect_equal "$(ip -n "$NETNS" -br link show type tun)" ''
    expect_equal "$(tc -n "$NETNS" qdisc show dev eth0 | grep -c ingress)" 0
}

@test "a declared device that the container lacks is refused by name before the tender starts" {
    edit "$T/bundle" 'del(.annotations["com.urunc.unikernel.block"])'
    create_standin
    fails urunc start "$ID"
    expect_one_error 'declares the block device storage, for which the image has no block image'
    urunc delete --force "$ID"
    new_id
    annotate block /disk
    ip -n "$NETNS" link del eth0
    create_standin
    fails urunc start "$ID"
    expect_one_error 'declares the network device service, for which the container has no interface'
    [[ ! -s $T/console ]]
}

@test "the tender's memory is the container's limit" {
    edit "$T/bundle" '.linux.resources.memory.limit = 67108864'
    orders exit=0
    run_standin
    expect_equal "$(option --mem=)" 64
}

@test "the image's memory may be less than the container's limit, and never more" {
    edit "$T/bundle" '.linux.resources.memory.limit = 67108864'
    annotate memory 32
    orders exit=0
    run_standin
    expect_equal "$(option --mem=)" 32
    annotate memory 65
    new_id
    fails urunc create --bundle "$T/bundle" "$ID" </dev/null
    expect_one_error 'com.urunc.unikernel.memory: 65 MiB, but the container.s limit is 64 MiB'
}

@test "the tender of urunc's own is started with the signals blocked that it will handle, the others with none" {
    orders exit=0
    run_standin
    expect_reported .blocked_signals '[]'
    cp "$T/qemu/bin/standin" "$T/qemu/bin/urunc-spt"
    printf '{"monitors":{"spt":{"path":"%s"}}}\n' "$T/qemu/bin/urunc-spt" >"$T/urunc.json"
    solo5_bundle spt
    edit "$T/bundle" 'del(.annotations["com.urunc.unikernel.unikernelType"])'
    annotate unikernelType rumprun
    new_id
    run_standin
    expect_reported .blocked_signals '[1,2,3,15]'
}

@test "a tender that is not installed is named, with where to get it" {
    printf '{}\n' >"$T/urunc.json"
    command -v solo5-hvt >/dev/null && skip "solo5-hvt is installed"
    fails urunc create --bundle "$T/bundle" "$ID" </dev/null
    expect_one_error 'the monitor hvt \(solo5-hvt\) is not installed: Debian has no package: build it from https://github.com/Solo5/solo5'
}
