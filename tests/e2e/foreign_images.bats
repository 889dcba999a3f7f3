#!/usr/bin/env bats
# Images as bima and bunny make them, rebuilt by a script of ours around our own guest: they boot as they are, and the
# guest hears what their makers meant.
load helpers

prepare() {
    need_root
    need_program qemu-system-x86_64
    new_id
    mkdir -p "$T/files/etc"
    printf 'hello\n' >"$T/files/etc/motd"
    (cd "$T/files" && find . | sort | cpio --quiet -o -H newc) >"$T/initrd"
}

# keys KEY=VALUE...: annotations of the contract, as a JSON object.
keys() {
    local pair object='{}'
    for pair; do
        object=$(jq -c --arg key "com.urunc.unikernel.${pair%%=*}" --arg value "${pair#*=}" '.[$key] = $value' <<<"$object")
    done
    printf '%s\n' "$object"
}

base64_of() {
    jq -c 'map_values(@base64)' <<<"$1"
}

# image DESCRIPTION: the layout $T/image, unpacked into $T/bundle; jq makes the description, with $kernel and $initrd.
image() {
    rm -rf "$T/image" "$T/bundle"
    jq -n --arg kernel "$GUESTS/multiboot.elf" --arg initrd "$T/initrd" "${@:2}" "$1" |
        "$TOOLS/foreign_image.py" "$T/image"
    unpack "$T/image" "$T/bundle"
}

# bima: a layer for each file, all of mode 0000; base64 in the manifest's annotations (a tar file of it has none) and in
# /urunc.json; no label; the kernel's path as the image's command.
bima_image() {
    local set
    set=$(base64_of "$(keys unikernelType=unikraft unikernelVersion=0.16.3 hypervisor=qemu binary=/unikernel/app \
        initrd=/unikernel/initrd "cmdline=$1")")
    image '{
        layers: [[{path: "/unikernel/app", file: $kernel, mode: "0000"}],
                 [{path: "/unikernel/initrd", file: $initrd, mode: "0000"}],
                 [{path: "/urunc.json", text: ($set | tojson), mode: "0000"}]],
        annotations: (if $annotated then $set else {} end),
        config: {Cmd: ["/unikernel/app"]}}' --argjson set "$set" --argjson annotated "$2"
}

# bunny, from a bunnyfile: files under /.boot, plain text in annotations and labels, base64 in /urunc.json, mountRootfs
# and cmdline always. By --LLB nothing but /urunc.json: no annotation, no label, no command.
bunny_image() {
    local set
    set=$(keys unikernelType=unikraft unikernelVersion=0.16.3 hypervisor=qemu binary=/.boot/kernel initrd=/.boot/rootfs \
        mountRootfs=false "cmdline=$1")
    image '{
        layers: [[{path: ".boot/kernel", file: $kernel}, {path: ".boot/rootfs", file: $initrd}],
                 [{path: "urunc.json", text: ($set | map_values(@base64) | tojson)}]],
        annotations: (if $where == "base64" then ($set | map_values(@base64))
                      elif $where == "plain" then $set else {} end),
        config: ($config + (if $where == "labels" then {Labels: $set} else {} end))}' \
        --argjson set "$set" --arg where "$2" --argjson config "$3"
}

run_guest() {
    STATUS=0
    urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || STATUS=$?
}

# expect_guest LINE: it booted with this command line and its initrd. (Its own exit status is not that of Unikraft.)
expect_guest() {
    run_guest
    expect_line "cmdline: /guest/kernel $1" "$T/console"
    expect_match '^initrd: /?etc/motd 6: hello' "$T/console"
}

FSTAB='vfs.fstab=[ "initrd0:/:extract::ramfs=2:" ]'

# The environment that an unpacked bundle has is a parameter of its own.
without_environment() {
    edit "$T/bundle" '.process.env = []'
}

@test "bima: base64 annotations, files that nobody may read, the older convention" {
    bima_image 'app -c /app.conf' true
    expect_equal "$(stat -c %a "$T/bundle/rootfs/unikernel/app")" 0
    without_environment
    expect_guest "app $FSTAB -- -c /app.conf"
}

@test "bima through an engine that drops annotations: /urunc.json, which nobody may read" {
    bima_image 'app  -c "/a b"' false
    expect_equal "$(jq -c '[.annotations | keys[] | select(startswith("com.urunc"))]' "$T/bundle/config.json")" '[]'
    without_environment
    expect_guest "app $FSTAB --  -c \"/a b\""
}

@test "pun: the words of the cmdline as the command" {
    bima_image 'app -c /app.conf' true
    without_environment
    edit "$T/bundle" '.process.args = ["app", "-c", "/app.conf"]'
    expect_guest "app $FSTAB -- -c /app.conf"
}

@test "bima: a command that is the container's own wins" {
    bima_image 'app -c /app.conf' true
    without_environment
    edit "$T/bundle" '.process.args = ["app", "-v"]'
    expect_guest "app $FSTAB -- -v"
}

@test "bunny: plain annotations, a cmdline beside the command, the newer convention" {
    bunny_image '-c /nginx/conf/nginx.conf' plain '{"Cmd": ["-c", "/nginx/conf/nginx.conf"], "Env": ["MODE=x y"]}'
    edit "$T/bundle" '.process.env |= map(select(startswith("MODE=")))'
    expect_guest "Unikraft $FSTAB env.vars=[ \"MODE=x y\" ] -- -c /nginx/conf/nginx.conf"
}

@test "bunny: base64 annotations; labels alone; /urunc.json alone" {
    local where
    for where in base64 labels json; do
        bunny_image '/chttp' "$where" '{"Cmd": ["/chttp"]}'
        without_environment
        new_id
        expect_guest "Unikraft $FSTAB -- /chttp"
    done
}

@test "bunny: arguments with blanks are the command's, not the cmdline's" {
    bunny_image '-c a b' plain '{"Cmd": ["-c", "a b"]}'
    without_environment
    expect_guest "Unikraft $FSTAB -- -c 'a b'"
}

# bunny_plain_image KEY=VALUE...: one without storage, of a kernel that is the whole program.
bunny_plain_image() {
    local set
    set=$(keys unikernelType=mewz hypervisor=qemu binary=/.boot/kernel "$@" | jq -c '. + {"bunny.urunit": "false"}')
    image '{
        layers: [[{path: ".boot/kernel", file: $kernel}],
                 [{path: "urunc.json", text: ($set | map_values(@base64) | tojson)}]],
        config: {Labels: $set}}' --argjson set "$set"
}

@test "bunny: mountRootfs of an image without storage, where the framework has no file system" {
    bunny_plain_image mountRootfs=true 'cmdline=one two'
    without_environment
    run_guest
    expect_match '^cmdline: .*one two' "$T/console"
}

@test "bunny: an initrd of no name, where a Unikraft image has no rootfs" {
    bunny_plain_image unikernelType=unikraft unikernelVersion=0.16.3 mountRootfs=false initrd= 'cmdline=-c /x'
    without_environment
    run_guest
    expect_match '^cmdline: /guest/kernel Unikraft .*-- -c /x$' "$T/console"
}

@test "no command at all" {
    bunny_image '' plain '{}'
    without_environment
    expect_guest "Unikraft $FSTAB --"
}

@test "single annotations of a pod over the image's /urunc.json" {
    bunny_image '/chttp' json '{}'
    without_environment
    edit "$T/bundle" '.annotations["com.urunc.unikernel.cmdline"] = "/chttp --port 8080"'
    expect_guest "Unikraft $FSTAB -- /chttp --port 8080"
    edit "$T/bundle" '.annotations["com.urunc.unikernel.initrd"] = "/.boot/kernel"'
    fails urunc run --bundle "$T/bundle" "$ID"
    expect_one_error "unikernel\.initrd: differs from the image's"
}

@test "umoci's bundle of such an image boots like ours" {
    need_program umoci
    bunny_image '-c /x' plain '{"Cmd": ["-c", "/x"]}'
    rm -rf "$T/bundle"
    umoci unpack --image "$T/image:v1" "$T/bundle" >"$T/stdout" 2>&1
    edit "$T/bundle" '.process.env = [] | .process.terminal = false | del(.process.rlimits)'
    expect_guest "Unikraft $FSTAB -- -c /x"
}

# linux_image ENTRYPOINT COMMAND: as bunny makes it of a Containerfile: Debian's kernel under /.boot, the root as an
# initrd with busybox and a stand-in for urunit.
linux_image() {
    need_kernel
    local set root=$T/root-files
    set=$(keys unikernelType=linux hypervisor=qemu binary=/.boot/kernel initrd=/.boot/rootfs mountRootfs=false)
    rm -rf "$root"
    mkdir -p "$root/bin" "$root/dev"
    cp "$(command -v busybox)" "$root/bin/busybox"
    ln -s busybox "$root/bin/sh"
    mknod "$root/dev/console" c 5 1
    printf '#!/bin/sh\necho "urunit runs: $*"\nexec "$@"\n' >"$root/urunit"
    printf '#!/bin/sh\necho "the program runs: $*"\nbusybox poweroff -f\n' >"$root/bin/app"
    chmod 755 "$root/urunit" "$root/bin/app"
    (cd "$root" && find . | sort | cpio --quiet -o -H newc) >"$T/initrd"
    image '{
        layers: [[{path: ".boot/kernel", file: $debian}, {path: ".boot/rootfs", file: $initrd}],
                 [{path: "urunc.json", text: ($set | map_values(@base64) | tojson)}]],
        annotations: $set, config: {Entrypoint: $entrypoint, Cmd: $command}}' \
        --argjson set "$set" --argjson entrypoint "$1" --argjson command "$2" --arg debian "$SAMPLES/linux/debian/vmlinuz"
}

@test "bunny's Linux images: with urunit as their init, and without one" {
    linux_image '["/urunit"]' '["/bin/app", "one"]'
    run_guest
    expect_match 'urunit runs: /bin/app one$' "$T/console"
    expect_match 'the program runs: one$' "$T/console"
    linux_image null '["/bin/app", "two"]'
    new_id
    run_guest
    expect_match 'the program runs: two$' "$T/console"
}
