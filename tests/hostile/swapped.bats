#!/usr/bin/env bats
# What a bundle names is exchanged while its container is made, and between create and start. What was opened and checked
# is what is used: strace sees no file outside of the rootfs opened, and the monitor has the old ones. No guest is booted.
load ../sandbox/standin

prepare_more() {
    need_program strace
    orders wait
    mkdir -p "$T/outside/boot" "$T/outside/etc"
    cp "$T/bundle/rootfs/boot/kernel" "$T/outside/boot/kernel"
    printf 'nameserver 192.0.2.99\n' >"$T/outside/etc/resolv.conf"
    KERNEL=$(stat -c %i "$T/bundle/rootfs/boot/kernel")
}


strace_to() {
    local trace=$1
    shift
    strace -f -y -qq -o "$trace" -e trace=open,openat,openat2,open_tree,creat,execve "$@"
}

# Creates the container under strace, which follows its process until that ends.
create_traced() {
    strace_to "$T/trace" "$URUNC" --root "$T/root" --config "$T/urunc.json" create --bundle "$T/bundle" \
        --pid-file "$T/pid" "$ID" </dev/null >"$T/console" 2>"$T/stderr" 3>&- &
    TRACER=$!
    printf '%s\n' "$TRACER" >>"$T/processes"
    within 120 created_or_over || fail "create: $(cat "$T/stderr")"
    [[ -s $T/pid ]] || fail "create: $(cat "$T/stderr")"
    PID=$(cat "$T/pid")
}

created_or_over() {
    [[ -s $T/pid ]] || ! kill -0 "$TRACER" 2>/dev/null
}

start_traced() {
    strace_to "$T/trace.start" "$URUNC" --root "$T/root" --config "$T/urunc.json" start "$ID" 2>"$T/stderr" 3>&- ||
        fail "start: $(cat "$T/stderr")"
    # Every system call of the stand-in stops for strace.
    within 240 has_report || fail "no report: $(cat "$T/console"; tail -n 5 "$T/trace"; cat "/proc/$PID/status")"
    take_report
}

# Ends the container; nothing below $T/outside was opened or executed at any time.
expect_unopened() {
    urunc delete --force "$ID"
    wait "$TRACER" || true
    grep -q 'config.json' "$T/trace" || fail 'strace saw nothing'
    ! grep -hE "= [0-9]+<$T/outside" "$T/trace" "$T/trace.start" || fail 'opened a file outside of the rootfs'
    ! grep -hE "execve\(\"$T/outside" "$T/trace" "$T/trace.start" || fail 'executed a file outside of the rootfs'
}

expect_old_kernel() {
    expect_root 'select(.path == "/guest/kernel") | .inode' "$KERNEL"
}

# hook POINT: a hook of that kind is the script on standard input.
hook() {
    { printf '#!/bin/bash\nset -e\ncd %q\n' "$T/bundle"; cat; } >"$T/hook"
    chmod 755 "$T/hook"
    edit "$T/bundle" ".hooks.$1 = [{path: \$path}]" --arg path "$T/hook"
}

@test "every file that the bundle names becomes a symlink to the host, and config.json asks for more" {
    local initrd block
    mkdir "$T/bundle/rootfs/etc"
    printf 'nameserver 192.0.2.1\n' >"$T/bundle/rootfs/etc/resolv.conf"
    printf 'initrd' >"$T/bundle/rootfs/initrd"
    truncate -s 1M "$T/bundle/rootfs/block" "$T/outside/block"
    printf '#!/bin/sh\ntouch %s/ran\n' "$T" >"$T/outside/hook"
    chmod +x "$T/outside/hook"
    initrd=$(stat -c %i "$T/bundle/rootfs/initrd") block=$(stat -c %i "$T/bundle/rootfs/block")
    annotate initrd /initrd
    annotate block /block
    edit "$T/bundle" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [{names: ["kexec_load"], action: "SCMP_ACT_ERRNO"}]}'
    create_traced
    ln -sf "$T/outside/boot/kernel" "$T/bundle/rootfs/boot/kernel"
    ln -sf "$T/outside/boot/kernel" "$T/bundle/rootfs/initrd"
    ln -sf "$T/outside/block" "$T/bundle/rootfs/block"
    ln -sf "$T/outside/etc/resolv.conf" "$T/bundle/rootfs/etc/resolv.conf"
    printf '{"com.urunc.unikernel.binary": "%s"}' "$(printf /boot/other | base64)" >"$T/bundle/rootfs/urunc.json"
    edit "$T/bundle" '.hooks = {startContainer: [{path: $hook}], poststart: [{path: $hook}], poststop: [{path: $hook}]} |
        .annotations["com.urunc.unikernel.binary"] = "/boot/other" | del(.linux.seccomp) | .root.path = $outside' \
        --arg hook "$T/outside/hook" --arg outside "$T/outside"
    start_traced
    expect_old_kernel
    expect_root 'select(.path == "/guest/initrd") | .inode' "$initrd"
    expect_reported "[.descriptors[] | select(.inode == $block)] | length" 1
    expect_reported .seccomp 2
    expect_unopened
    [[ ! -e $T/ran ]]
}

@test "the kernel's directory and the whole bundle become symlinks to the host" {
    create_traced
    mv "$T/bundle/rootfs/boot" "$T/bundle/rootfs/old"
    ln -s "$T/outside/boot" "$T/bundle/rootfs/boot"
    mv "$T/bundle" "$T/old"
    mkdir "$T/outside/rootfs"
    ln -s "$T/outside" "$T/bundle"
    start_traced
    expect_old_kernel
    expect_unopened
    rm "$T/bundle"
    mv "$T/old" "$T/bundle"
}

@test "the network namespace's path leads to another one" {
    make_network
    join_network "$T/bundle"
    create_traced
    local first
    first=$(stat -Lc %i "/run/netns/$NETNS")
    exec 8<"/run/netns/$NETNS" # it lives on without its name
    umount --lazy "/run/netns/$NETNS"
    mount --bind "/run/netns/$CLIENT" "/run/netns/$NETNS"
    start_traced
    expect_equal "$(namespace "$PID" net)" "net:[$first]"
    expect_equal "$(ip -n "$CLIENT" -br link | grep -c urunc)" 0
    expect_unopened
    # delete leaves the other one alone as well: its link is there.
    ip -n "$CLIENT" link show veth0 >/dev/null
    exec 8<&-
    umount "/run/netns/$NETNS"
}

@test "the path of a namespace leads to a file, a device, a FIFO by the time of create" {
    local kind
    for kind in file fifo device; do
        rm -f "$T/namespace"
        case $kind in
        file) : >"$T/namespace" ;;
        fifo) mkfifo "$T/namespace" ;;
        device) mknod "$T/namespace" c 1 5 ;;
        esac
        edit "$T/bundle" '.linux.namespaces = [{type: "ipc", path: $path}]' --arg path "$T/namespace"
        fails strace_to "$T/trace" "$URUNC" --root "$T/root" --config "$T/urunc.json" create --bundle "$T/bundle" "$ID"
        expect_one_error 'namespace: not a namespace'
        ! grep -E 'O_(RDONLY|RDWR).*= [0-9]+<.*/namespace>' <(grep -v O_PATH "$T/trace") || fail "opened the $kind"
    done
    rm "$T/namespace"
}

@test "during create: a hook exchanges the kernel for a symlink to the host" {
    hook createRuntime <<END
cat >/dev/null
mv rootfs/boot/kernel old
ln -s $T/outside/boot/kernel rootfs/boot/kernel
END
    create_traced
    start_traced
    expect_old_kernel
    expect_unopened
}

@test "during create: a hook exchanges the rootfs for a symlink to the host" {
    hook createRuntime <<END
cat >/dev/null
mv rootfs old
ln -s $T/outside rootfs
END
    create_traced
    start_traced
    expect_old_kernel
    expect_unopened
}

@test "during create: a rootfs exchanged before startContainer hooks is found, and they do not run" {
    hook createRuntime <<END
cat >/dev/null
mv rootfs old
ln -s $T/outside rootfs
END
    edit "$T/bundle" '.hooks.startContainer = [{path: "/bin/hook"}]'
    fails urunc create --bundle "$T/bundle" "$ID" </dev/null
    expect_one_error 'startContainer hooks: .*/rootfs was replaced during create'
    expect_nothing_left
}

@test "startContainer hooks are those of the rootfs that create saw" {
    local static
    static=$(command -v busybox) || skip "busybox is not installed"
    mkdir -p "$T/bundle/rootfs/bin" "$T/outside/bin"
    cp "$static" "$T/bundle/rootfs/bin/busybox"
    cp "$static" "$T/outside/bin/busybox"
    edit "$T/bundle" '.hooks.startContainer = [{path: "/bin/busybox", args: ["busybox", "touch", "/ran"]}]'
    create_traced
    mv "$T/bundle/rootfs" "$T/bundle/old"
    ln -s "$T/outside" "$T/bundle/rootfs"
    start_traced
    [[ -e $T/bundle/old/ran && ! -e $T/outside/ran ]]
    expect_unopened
}
