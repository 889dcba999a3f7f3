#!/usr/bin/env bats
# The Linux guest: its init, what reaches the program in it, and how the program's end reaches the host.
load helpers

prepare() {
    need_root
    need_program qemu-system-x86_64 busybox
    need_kernel
    new_id
}

# in_guest ARG...: runs a program in a guest of the bundle $T/bundle; console in $T/console, status in $STATUS.
in_guest() {
    STATUS=0
    arguments "$T/bundle" "$@"
    urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || STATUS=$?
}

@test "exit status 0 and 7, the root in an initrd" {
    busybox_bundle "$T/bundle" initrd
    in_guest sh -c 'echo "my pid is $$"; exit 0'
    expect_equal "$STATUS" 0
    expect_match '^my pid is [0-9]+$' "$T/console"
    in_guest sh -c 'exit 7'
    expect_equal "$STATUS" 7
}

@test "exit status 0 and 7, the root on a disk" {
    busybox_bundle "$T/bundle" block
    in_guest sh -c 'grep " / " /proc/mounts; exit 0'
    expect_equal "$STATUS" 0
    expect_match '^/dev/vda / ext[24] rw' "$T/console"
    in_guest sh -c 'exit 7'
    expect_equal "$STATUS" 7
}

@test "every exit status is exactly the program's" {
    busybox_bundle "$T/bundle" initrd
    local status
    for status in 1 127 128 200 255; do
        in_guest sh -c "exit $status"
        expect_equal "$STATUS" "$status"
    done
}

@test "a program that a signal ends, that cannot run, that is not there" {
    busybox_bundle "$T/bundle" initrd
    in_guest sh -c 'kill -TERM $$'
    expect_equal "$STATUS" 143
    in_guest /etc/passwd
    expect_equal "$STATUS" 126
    in_guest /no/such/program
    expect_equal "$STATUS" 127
    expect_match '/no/such/program' "$T/stderr"
}

@test "arguments with blanks, quotes and stars arrive as they are" {
    busybox_bundle "$T/bundle" initrd
    # shellcheck disable=SC2016 # nothing may expand on the way
    in_guest sh -c 'for a; do printf "<%s>\n" "$a"; done' name 'two words' "it's" '"quoted"' '*' '$HOME' '' 'a=b' '--' \
        'back\slash' 'init=/bin/false'
    expect_equal "$STATUS" 0
    local word
    for word in 'two words' "it's" '"quoted"' '*' "\$HOME" '' 'a=b' '--' 'back\slash' 'init=/bin/false'; do
        expect_line "<$word>" "$T/console"
    done
}

@test "the environment arrives, with blanks and with names that the kernel would take for its own" {
    busybox_bundle "$T/bundle" initrd
    edit "$T/bundle" '.process.env =
        ["PATH=/bin", "GREETING=good day to you", "debug=1", "quiet=no", "EMPTY=", $quote]' \
        --arg quote "QUOTE=a\"b'c"
    in_guest env
    expect_equal "$STATUS" 0
    local line
    for line in 'GREETING=good day to you' debug=1 quiet=no "QUOTE=a\"b'c" EMPTY= PATH=/bin; do
        expect_line "$line" "$T/console"
    done
}

@test "user, groups, working directory and host name arrive" {
    busybox_bundle "$T/bundle" initrd
    edit "$T/bundle" '.process.user = {uid: 1000, gid: 1000, additionalGids: [5, 6]} | .process.cwd = "/tmp" |
        .hostname = "guest-host"'
    chmod -R a+rX "$T/bundle/rootfs/boot"
    in_guest sh -c 'id -u; id -g; id -G; pwd; hostname'
    expect_equal "$STATUS" 0
    expect_equal "$(tr -d '\r' <"$T/console" | tail -n 5 | paste -sd,)" '1000,1000,1000 5 6,/tmp,guest-host'
}

@test "a child that outlives its parent is reaped, and the guest ends with its program" {
    busybox_bundle "$T/bundle" initrd
    in_guest sh -c '(sleep 0.2 &) ; (sleep 1000 &) ; sleep 0.5; for s in /proc/[0-9]*/stat; do cat $s; done; exit 5'
    expect_equal "$STATUS" 5
    ! grep -qE '\) Z ' "$T/console" || fail "a zombie: $(cat "$T/console")"
}

@test "what is written to the disk is there afterwards" {
    busybox_bundle "$T/bundle" block
    in_guest sh -c 'echo persistent >/written; exit 0'
    expect_equal "$STATUS" 0
    local disk=$T/bundle/rootfs/boot/rootfs.ext2
    e2fsck -fn "$disk"
    expect_equal "$(debugfs -R 'cat /written' "$disk" 2>/dev/null)" persistent
}

@test "a read-only rootfs makes the disk read-only" {
    busybox_bundle "$T/bundle" block
    edit "$T/bundle" '.root.readonly = true'
    local disk=$T/bundle/rootfs/boot/rootfs.ext2
    sha256sum "$disk" >"$T/sum"
    in_guest sh -c 'touch /written || exit 9'
    expect_equal "$STATUS" 9
    sha256sum --check --quiet "$T/sum"
}

@test "the kernel reads an initrd of 10,000 files with every kind of name and link" {
    busybox_bundle "$T/bundle" initrd # makes the context
    local context=$T/context
    cp -r "$F/busybox-initrd" "$context"
    rm -r "$context/image"
    "$TOOLS/make_tree.py" "$context/rootfs/tree"
    rm -rf "$context/rootfs/tree"/deep-*
    local applet
    for applet in find md5sum readlink sort stat xargs; do
        ln -sf busybox "$context/rootfs/bin/$applet"
    done
    # One line: the kernel's command line has no other.
    # shellcheck disable=SC2016 # expands in the guest
    local script='cd /tree; (find . -type f -print0 | xargs -0 md5sum'
    # shellcheck disable=SC2016
    script+='; find . -type l | while read -r l; do readlink "$l"; done'
    script+='; find . ! -type d -print0 | xargs -0 stat -c "%n %a %h %F") | sort | md5sum'
    build -t tree -o "type=oci,dest=$T/image" "$context"
    unpack "$T/image" "$T/tree-bundle"
    rm -r "$T/bundle" && mv "$T/tree-bundle" "$T/bundle"
    in_guest sh -c "$script"
    expect_equal "$STATUS" 0
    expect_line "$(cd "$context/rootfs" && busybox sh -c "${script/\/tree/tree}")" "$T/console"
}

@test "the monitor's own exit status is the program's, for whoever reaps it" {
    busybox_bundle "$T/bundle" initrd
    local code
    for code in 0 7 128 255; do
        arguments "$T/bundle" sh -c "exit $code"
        new_id
        "$TOOLS/subreaper.py" "$T/pid" "$BOOT_TIMEOUT" \
            "$URUNC" --root "$T/root" --config "$T/urunc.json" create --bundle "$T/bundle" --pid-file "$T/pid" "$ID" \
            -- "$URUNC" --root "$T/root" --config "$T/urunc.json" start "$ID" </dev/null >"$T/status" 2>"$T/console"
        expect_line "exited $code" "$T/status"
        status_is stopped
        urunc delete "$ID"
    done
}

@test "a kernel that panics is not success" {
    busybox_bundle "$T/bundle" initrd
    edit "$T/bundle" '.annotations |= del(.["com.urunc.unikernel.initrd"])'
    rm "$T/bundle/rootfs/urunc.json"
    in_guest true
    ((STATUS != 0)) || fail "status $STATUS"
}

@test "a guest with a network reaches its gateway and is reached" {
    busybox_bundle "$T/bundle" initrd
    make_network
    join_network "$T/bundle"
    in_guest sh -c 'ip -4 address show eth0; ip route; ping -c 1 -W 10 10.77.0.1 && exit 4'
    expect_equal "$STATUS" 4
    expect_match 'inet 10\.77\.0\.2/24' "$T/console"
    expect_match 'default via 10\.77\.0\.1 dev eth0' "$T/console"
}
