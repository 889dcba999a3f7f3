#!/usr/bin/env bats
# The guest's files beside the image's: what the monitor's initrd holds, and what nobody else sees.
load standin

# refused PATTERN: run fails with one line like the pattern, and leaves nothing.
refused() {
    local status=0
    urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || status=$?
    ((status != 0)) || fail 'it is not refused'
    expect_one_error "$1"
}

# The initrd that the monitor was given is in the directory $T/initrd, its bytes in $T/initrd.cpio.
run_and_unpack() {
    urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/initrd.cpio" 2>"$T/stderr" || fail "$(cat "$T/stderr")"
    rm -rf "$T/initrd"
    mkdir "$T/initrd"
    (cd "$T/initrd" && cpio -idmu --quiet --no-absolute-filenames <"$T/initrd.cpio")
}

# An image's initrd with the files of $T/image.
image_initrd() {
    mkdir -p "$T/image/etc"
    printf 'hosts of the image\n' >"$T/image/etc/hosts"
    ln -s etc "$T/image/settings"
    (cd "$T/image" && find . | sort | cpio -o -H newc --quiet) >"$T/bundle/rootfs/boot/initrd"
    annotate initrd /boot/initrd
}

mount_config() {
    mkdir -p "$T/config/..1"
    printf 'value' >"$T/config/..1/key"
    chmod 440 "$T/config/..1/key"
    chown 12:34 "$T/config/..1/key"
    ln -s ..1 "$T/config/..data"
    ln -s ..data/key "$T/config/key"
    printf 'hosts of the pod\n' >"$T/hosts"
    edit "$T/bundle" '.mounts = [
        {destination: "/etc/hosts", type: "bind", source: ($t + "/hosts"), options: ["rbind", "rw"]},
        {destination: "/etc/app", type: "bind", source: ($t + "/config"), options: ["rbind", "ro"]}]' --arg t "$T"
}

unikraft_bundle() {
    cp "$URUNC_BIN/tests/guests/multiboot.elf" "$T/bundle/rootfs/boot/kernel"
    annotate unikernelType unikraft
    edit "$T/bundle" '.process.args = ["standin:quiet", "standin:print=/guest/initrd"]'
    image_initrd
    mount_config
}

@test "urunc's init gets the variables, the mounts and itself behind the image's initrd, and no command line tells" {
    linux_bundle
    image_initrd
    mount_config
    edit "$T/bundle" '.process.env = [range(71) | "SERVICE_\(.)=10.0.0.\(.)"] + ["PASSWORD=hidden"] |
        .process.args = ["/urunc-init", "standin:print=/guest/initrd", "standin:quiet", "standin:exit=513"]'
    sha256sum "$T/bundle/rootfs/boot/initrd" >"$T/sum"
    run_and_unpack
    sha256sum --check --quiet "$T/sum"
    expect_equal "$(cat "$T/initrd/etc/hosts")" 'hosts of the image'
    cmp -n "$(stat -c %s "$T/bundle/rootfs/boot/initrd")" "$T/initrd.cpio" "$T/bundle/rootfs/boot/initrd"
    mkdir "$T/added"
    tail -c +$(($(stat -c %s "$T/bundle/rootfs/boot/initrd") + 5)) "$T/initrd.cpio" | (cd "$T/added" && cpio -id --quiet)
    expect_equal "$(cd "$T/added" && find . -type f | sort | paste -sd ' ')" \
        './.urunc/settings ./.urunc/trees/0 ./.urunc/trees/1/..1/key ./.urunc/urunc-init'
    expect_equal "$(stat -c '%a %u:%g' "$T/added/.urunc/trees/1/..1/key")" '440 12:34'
    tr '\0' '\n' <"$T/added/.urunc/settings" >"$T/settings"
    expect_line env=PASSWORD=hidden "$T/settings"
    expect_line env=SERVICE_70=10.0.0.70 "$T/settings"
    expect_line mount=tree:0:o:/etc/hosts "$T/settings"
    expect_line mount=tree:1:r:/etc/app "$T/settings"
}

@test "neither the monitor's command line nor its environment nor the state has a variable or a mount's text" {
    linux_bundle
    mount_config
    edit "$T/bundle" '.process.env = ["PASSWORD=hidden"] | .process.args = ["/urunc-init", "program", "standin:wait"]'
    urunc create --bundle "$T/bundle" --pid-file "$T/pid" "$ID" </dev/null >"$T/console" 2>"$T/stderr"
    urunc start "$ID"
    within 60 has_report
    take_report
    tr '\0' '\n' <"/proc/$(cat "$T/pid")/cmdline" >"$T/seen"
    tr '\0' '\n' <"/proc/$(cat "$T/pid")/environ" >>"$T/seen"
    cat "$T/root/$ID"/*.json >>"$T/seen"
    ! grep -E 'hidden|value|hosts of' "$T/seen" || fail 'it is seen'
    expect_root 'select(.path == "/guest/initrd") | "\(.mode) \(.mount)"' '0444 ro,nosuid,nodev,noexec'
}

@test "an initrd of a guest that reads one archive is merged with the mounts: one trailer" {
    unikraft_bundle
    run_and_unpack
    expect_equal "$(grep -aoc 'TRAILER!!!' "$T/initrd.cpio")" 1
    expect_equal "$(cat "$T/initrd/etc/hosts")" 'hosts of the pod'
    expect_equal "$(cat "$T/initrd/etc/app/key")" value
    expect_equal "$(stat -c '%a %u:%g' "$T/initrd/etc/app/..1/key")" '440 12:34'
    expect_equal "$(cpio -it --quiet <"$T/initrd.cpio" | grep -cx etc)" 1
}

@test "an initrd that nothing can be added to is an error for a ConfigMap, and not for the engine's own mounts" {
    unikraft_bundle
    gzip -n "$T/bundle/rootfs/boot/initrd"
    mv "$T/bundle/rootfs/boot/initrd.gz" "$T/bundle/rootfs/boot/initrd"
    refused '/boot/initrd: not one uncompressed cpio archive'
    edit "$T/bundle" 'del(.mounts[1])'
    urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/initrd.cpio" 2>"$T/stderr"
    cmp "$T/initrd.cpio" "$T/bundle/rootfs/boot/initrd"
}

@test "a mount that a guest cannot have is an error that names it, and nothing is left" {
    mount_config
    refused 'config.json: mounts: /etc/app \(bind mount of .*/config\): this guest takes no files'
    edit "$T/bundle" '.mounts[1].options = ["bind"]'
    refused '/etc/app .*cannot share a directory'
    edit "$T/bundle" 'del(.mounts[1])'
    orders exit=0
    run_standin
    expect_equal "$STATUS" 0
}

@test "more than files_mib is refused by the name of the setting" {
    linux_bundle
    mount_config
    jq '.files_mib = 1' "$T/urunc.json" >"$T/urunc.json.new"
    mv "$T/urunc.json.new" "$T/urunc.json"
    truncate -s 2M "$T/large"
    edit "$T/bundle" '.mounts[1].source = $t + "/large"' --arg t "$T"
    refused '/etc/app .*files_mib'
}

@test "what changes between create and start changes nothing" {
    linux_bundle
    mount_config
    edit "$T/bundle" '.process.args = ["/urunc-init", "standin:quiet", "standin:print=/guest/initrd", "standin:exit=513"]'
    urunc create --bundle "$T/bundle" --pid-file "$T/pid" "$ID" </dev/null >"$T/initrd.cpio" 2>"$T/stderr"
    printf 'changed' >"$T/config/..1/key"
    ln -sfn /etc/passwd "$T/hosts"
    urunc start "$ID"
    within 60 status_is stopped
    grep -qa 'hosts of the pod' "$T/initrd.cpio"
    ! grep -qaE 'changed|root:x:0:0' "$T/initrd.cpio" || fail 'what was put there later is in it'
}

@test "urunit gets its file in the initrd, or in place of one" {
    linux_bundle
    edit "$T/bundle" '.process.args = ["/urunit", "standin:quiet", "standin:print=/guest/initrd"] |
        .process.env = ["A=b c"] | .process.user = {uid: 0, gid: 7} | .process.cwd = "/srv"'
    truncate -s 4096 "$T/bundle/rootfs/boot/disk"
    annotate block /boot/disk
    printf 'UES\nA=b c\nUEE\nUCS\nUID:0\nGID:7\nWD:/srv\nUCE\n' >"$T/expected"
    urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/printed" 2>"$T/stderr" || fail "$(cat "$T/stderr")"
    cmp "$T/printed" "$T/expected"
    edit "$T/bundle" 'del(.annotations["com.urunc.unikernel.block"])'
    image_initrd
    run_and_unpack
    cmp "$T/initrd/urunit.conf" "$T/expected"
    expect_equal "$(cat "$T/initrd/etc/hosts")" 'hosts of the image'
}

@test "an initrd that the container's user may not read is refused, although the monitor gets a copy" {
    linux_bundle
    image_initrd
    edit "$T/bundle" '.process.user = {uid: 1000, gid: 1000}'
    chmod 0640 "$T/bundle/rootfs/boot/initrd"
    refused '/boot/initrd: the container.s user 1000:1000 may not read it \(mode 0640, owner 0:0\)'
    chown 1000 "$T/bundle/rootfs/boot/initrd"
    edit "$T/bundle" '.process.args = ["/urunc-init", "standin:quiet", "standin:exit=513"]'
    urunc run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || fail "$(cat "$T/stderr")"
}
