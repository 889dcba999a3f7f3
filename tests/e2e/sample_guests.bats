#!/usr/bin/env bats
# The samples other than Linux, as far as this version runs them. Their kernels are the stand-ins of tests/guests.
load helpers

prepare() {
    need_root
    need_program qemu-system-x86_64
    new_id
}

# sample NAME: its image as a bundle in $T/bundle; skipped where somebody's own kernel lies there.
sample() {
    [[ -e $SAMPLES/$1/.stand-in ]] || skip "the kernel in the sample $1 is not the stand-in"
    build -t "$1" -o "type=oci,dest=$T/image" "$SAMPLES/$1"
    unpack "$T/image" "$T/bundle"
}

run_guest() {
    STATUS=0
    urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || STATUS=$?
}

@test "unikraft: the command line, the network and the initrd in Unikraft's way" {
    sample unikraft
    make_network
    join_network "$T/bundle"
    edit "$T/bundle" '.process.env = ["MODE=test run"]'
    run_guest
    expect_equal "$STATUS" 0
    local line='cmdline: /guest/kernel Unikraft netdev.ip=10.77.0.2/24:10.77.0.1'
    line+=' vfs.fstab=[ "initrd0:/:extract::ramfs=2:" ] env.vars=[ "MODE=test run" ] -- -c /nginx/conf/nginx.conf'
    expect_line "$line" "$T/console"
    expect_match '^initrd: /nginx/conf/nginx.conf ' "$T/console"
    expect_match '^net0: mac ' "$T/console"
}

@test "unikraft before 0.16.1 has other names for it" {
    sample unikraft
    make_network
    join_network "$T/bundle"
    edit "$T/bundle" '.annotations["com.urunc.unikernel.unikernelVersion"] = "0.15.0" | .process.env = []'
    run_guest
    expect_equal "$STATUS" 0
    expect_match '^cmdline: .*netdev.ipv4_addr=10\.77\.0\.2 .*netdev.ipv4_gw_addr=10\.77\.0\.1 ' "$T/console"
    expect_match '^cmdline: .*netdev.ipv4_subnet_mask=255\.255\.255\.0 ' "$T/console"
    expect_match '^cmdline: .*vfs.rootfs=initrd -- -c ' "$T/console"
    edit "$T/bundle" '.annotations["com.urunc.unikernel.unikernelVersion"] = "0.12.0" | .process.env = ["K=V"]'
    run_guest
    expect_equal "$STATUS" 0
    expect_match '^cmdline: .*vfs.rootfs=initrd -- -c ' "$T/console"
}

@test "unikraft: an image with the cmdline annotation names its program first, without one and without a command it has none" {
    sample unikraft
    # The mark of older tools is a cmdline without mountRootfs.
    edit "$T/bundle" '.annotations["com.urunc.unikernel.cmdline"] = "nginx" | .process.env = [] |
        del(.annotations["com.urunc.unikernel.mountRootfs"])'
    run_guest
    expect_equal "$STATUS" 0
    expect_match '^cmdline: /guest/kernel -c vfs.* -- /nginx/conf/nginx.conf$' "$T/console"
    edit "$T/bundle" 'del(.annotations["com.urunc.unikernel.cmdline"]) | .process.args = []'
    run_guest
    expect_equal "$STATUS" 0
    expect_match '^cmdline: /guest/kernel Unikraft vfs.* --$' "$T/console"
}

# ends STATUS WORD: the container ends with the status where the guest's command line has the word.
ends() {
    arguments "$T/bundle" program "$2"
    run_guest
    expect_equal "$STATUS" "$1"
}

@test "exit statuses: Unikraft writes 41 or 42, Mewz the status itself" {
    sample unikraft
    ends 0 exit=41
    ends 1 exit=42
    rm -r "$T/bundle" "$T/image"
    sample mewz
    ends 0 exit=0
    ends 1 exit=1
    ends 200 exit=200
}

@test "mewz: its address, and 512 MiB of memory" {
    sample mewz
    make_network
    join_network "$T/bundle"
    run_guest
    expect_equal "$STATUS" 0
    expect_line 'cmdline: /guest/kernel ip=10.77.0.2/24 gateway=10.77.0.1 webserver' "$T/console"
    expect_match '^net0: mac ' "$T/console"
    (($(sed -n 's/^memory: \([0-9]*\) KiB$/\1/p' "$T/console") > 500 * 1024))
}

@test "bima: the command line of the label" {
    sample bima
    run_guest
    expect_equal "$STATUS" 0
    expect_match '^cmdline: /guest/kernel hello .*-- from a label$' "$T/console"
}

@test "annotations in base64, as the older tools wrote them, in urunc.json or in config.json" {
    sample bima
    edit "$T/bundle" '.annotations |= del(.[keys[] | select(startswith("com.urunc.unikernel."))])'
    run_guest
    expect_equal "$STATUS" 0
    edit "$T/bundle" '.annotations += ($set[0])' --slurpfile set "$T/bundle/rootfs/urunc.json"
    rm "$T/bundle/rootfs/urunc.json"
    run_guest
    expect_equal "$STATUS" 0
    expect_match '^cmdline: /guest/kernel hello .*-- from a label$' "$T/console"
}

@test "what this version does not run is refused with one line that names it" {
    local name
    for name in mirage:hvt rumprun:spt; do
        sample "${name%:*}"
        fails urunc create --bundle "$T/bundle" "$ID"
        expect_one_error "${name%:*}|${name#*:}"
        rm -r "$T/bundle" "$T/image"
    done
    expect_nothing_left
}
