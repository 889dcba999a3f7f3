#!/usr/bin/env bats
# Bundles of an enemy: they boot nothing, and no file outside of the rootfs is opened.
load ../e2e/helpers

prepare() {
    need_root
    need_program qemu-system-x86_64
    multiboot_bundle "$T/bundle"
    rm "$T/bundle/rootfs/urunc.json"
    arguments "$T/bundle" guest
    mkdir "$T/outside"
    cp "$GUESTS/multiboot.elf" "$T/outside/canary"
    new_id
}

annotate() {
    edit "$T/bundle" '.annotations["com.urunc.unikernel." + $key] = $value' --arg key "$1" --arg value "$2"
}

# refused [MESSAGE]: create fails with one bounded line, the guest never runs, nothing is left.
refused() {
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error "${1-.}"
    [[ $(wc -c <"$T/stderr") -lt 2000 ]] || fail "a message of $(wc -c <"$T/stderr") bytes"
    expect_nothing_left
}

# refused_unopened: as above, and no system call of the runtime gives a descriptor of anything in $T/outside.
refused_unopened() {
    refused "$@"
    need_program strace
    strace -f -y -qq -o "$T/trace" -e trace=open,openat,openat2,open_tree,execve \
        "$URUNC" --root "$T/root" --config "$T/urunc.json" create --bundle "$T/bundle" "$ID" >/dev/null 2>&1 || true
    grep -q config.json "$T/trace"
    ! grep -E "= [0-9]+<$T/outside" "$T/trace" || fail "opened a file outside of the rootfs"
    expect_nothing_left
}

@test "paths with dots" {
    local key value
    for key in binary initrd block; do
        for value in ../../../outside/canary /../../outside/canary "/boot/../../../outside/canary" /boot/.. ..; do
            cp "$T/bundle/config.json" "$T/saved"
            annotate "$key" "$value"
            refused "$key"
            mv "$T/saved" "$T/bundle/config.json"
        done
    done
}

@test "an absolute symlink that leaves the rootfs" {
    ln -sf "$T/outside/canary" "$T/bundle/rootfs/boot/link"
    local key
    for key in binary initrd block; do
        cp "$T/bundle/config.json" "$T/saved"
        annotate "$key" /boot/link
        refused_unopened /boot/link
        mv "$T/saved" "$T/bundle/config.json"
    done
}

@test "a relative symlink that leaves the rootfs" {
    ln -sf ../../../outside/canary "$T/bundle/rootfs/boot/link"
    annotate binary /boot/link
    refused_unopened /boot/link
}

@test "a directory that is a symlink out of the rootfs" {
    ln -s "$T/outside" "$T/bundle/rootfs/directory"
    annotate initrd /directory/canary
    refused_unopened /directory/canary
}

@test "a symlink through /proc/self/root" {
    mkdir -p "$T/bundle/rootfs/proc"
    ln -s "/proc/self/root$T/outside/canary" "$T/bundle/rootfs/link"
    annotate initrd /link
    refused_unopened /link
    # The same with a /proc that really is one.
    mount -t proc proc "$T/bundle/rootfs/proc"
    refused_unopened /link
    annotate initrd "/proc/self/root$T/outside/canary"
    refused_unopened
    annotate initrd "/proc/1/cwd/$T/outside/canary"
    refused_unopened
    umount "$T/bundle/rootfs/proc"
}

@test "a symlink that ends in itself" {
    ln -s link "$T/bundle/rootfs/link"
    annotate binary /link
    refused /link
}

@test "what is no regular file" {
    local path
    mkfifo "$T/bundle/rootfs/fifo"
    mknod "$T/bundle/rootfs/null" c 1 3
    mkdir "$T/bundle/rootfs/directory"
    for path in /fifo /null /directory /; do
        annotate initrd "$path"
        refused initrd
    done
}

@test "a urunc.json that is a symlink out of the rootfs, a device, too long, no JSON" {
    printf '{"com.urunc.unikernel.binary":"L2Jvb3Qva2VybmVs"}' >"$T/outside/urunc.json"
    edit "$T/bundle" '.annotations = {}'
    ln -s "$T/outside/urunc.json" "$T/bundle/rootfs/urunc.json"
    refused_unopened
    rm "$T/bundle/rootfs/urunc.json"
    mkfifo "$T/bundle/rootfs/urunc.json"
    refused urunc.json
    rm "$T/bundle/rootfs/urunc.json"
    local document
    for document in '' '{' '[1]' '{"com.urunc.unikernel.binary": 1}' '{"com.urunc.unikernel.binary":"%%%"}' \
        '{"com.urunc.unikernel.binary":"L2Jvb3Qva2VybmVs"}'; do
        printf '%s' "$document" >"$T/bundle/rootfs/urunc.json"
        refused
    done
    truncate -s 10G "$T/bundle/rootfs/urunc.json"
    refused urunc.json
}

@test "NUL, newline and other control characters in paths" {
    local value
    for value in '/boot/kernel\u0000' '/boot\u0000/kernel' '/boot/ker\nnel' '/boot/kernel\u001b[2J' '/boot/\u007f'; do
        cp "$T/bundle/config.json" "$T/saved"
        # jq would write a NUL as it should be written; so do we.
        jq --arg mark @VALUE@ '.annotations["com.urunc.unikernel.binary"] = $mark' "$T/saved" |
            sed "s|@VALUE@|${value//\\/\\\\}|" >"$T/bundle/config.json"
        refused
        ! LC_ALL=C grep -q '[[:cntrl:]]' <(tr -d '\n' <"$T/stderr") || fail "a control character in the message"
        mv "$T/saved" "$T/bundle/config.json"
    done
}

@test "NUL in an argument, in the environment, in the command line annotation" {
    local filter
    for filter in '.process.args = ["@VALUE@"]' '.process.env = ["A=@VALUE@"]' \
        '.annotations["com.urunc.unikernel.cmdline"] = "@VALUE@" | .process.args = ["unikernel"]'; do
        cp "$T/bundle/config.json" "$T/saved"
        jq "$filter" "$T/saved" | sed 's|@VALUE@|a\\u0000b|' >"$T/bundle/config.json"
        refused
        mv "$T/saved" "$T/bundle/config.json"
    done
}

@test "values of 1 MB" {
    local key
    head -c 1000000 /dev/zero | tr '\0' x >"$T/long"
    for key in binary initrd block unikernelType hypervisor; do
        cp "$T/bundle/config.json" "$T/saved"
        jq --rawfile value "$T/long" --arg key "com.urunc.unikernel.$key" '.annotations[$key] = "/" + $value' \
            "$T/saved" >"$T/bundle/config.json"
        refused "$key"
        mv "$T/saved" "$T/bundle/config.json"
    done
}

@test "a command line of 1 MB boots nothing, or boots the guest with exactly it" {
    head -c 1000000 /dev/zero | tr '\0' x >"$T/long"
    jq --rawfile value "$T/long" '.process.args = [$value]' "$T/bundle/config.json" >"$T/new"
    mv "$T/new" "$T/bundle/config.json"
    local status=0
    urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || status=$?
    if ((status == 0)); then
        expect_equal "$(tr -d '\r' <"$T/console" | sed -n 's,^cmdline: /guest/kernel ,,p')" "$(cat "$T/long")"
    else
        [[ $(wc -l <"$T/stderr") -eq 1 && $(wc -c <"$T/stderr") -lt 2000 ]] || fail "$(head -c 3000 "$T/stderr")"
        ! grep '^cmdline:' "$T/console" || fail 'the guest ran'
    fi
}

@test "a config.json of 100 MB, deeply nested, or a FIFO" {
    cp "$T/bundle/config.json" "$T/saved"
    head -c 100000000 /dev/zero | tr '\0' ' ' >>"$T/bundle/config.json"
    refused config.json
    head -c 1000000 /dev/zero | tr '\0' '[' >"$T/bundle/config.json"
    refused config.json
    rm "$T/bundle/config.json"
    mkfifo "$T/bundle/config.json"
    refused config.json
}

@test "kernels that lie about themselves" {
    local kernel=$T/bundle/rootfs/boot/kernel size
    cp "$kernel" "$T/kernel"
    for size in 0 1 4 52 100 4096; do
        head -c "$size" "$T/kernel" >"$kernel"
        local status=0
        urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || status=$?
        ((status != 0)) || fail "$size bytes of a kernel: status 0"
        ((status != 134 && status != 139)) || fail "$size bytes of a kernel: a crash"
        ! grep '^cmdline:' "$T/console" || fail 'the guest ran'
        urunc delete --force "$ID"
    done
}

@test "unknown keys under the prefix are ignored, and other people's annotations are not ours" {
    annotate somethingNew '../../x'
    edit "$T/bundle" '.annotations["com.example.binary"] = "/etc/passwd"'
    local status=0
    urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || status=$?
    expect_equal "$status" 0
    expect_line 'cmdline: /guest/kernel guest' "$T/console"
}
