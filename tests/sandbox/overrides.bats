# Single annotations of a container, laid over the set that its image carries in /urunc.json.
load standin

# The image's set is in the rootfs, base64 as builders write it; config.json has none.
prepare_more() {
    printf '{"monitors":{"qemu":{"path":"%s","acceleration":"tcg"}},"fallback_runtime":"%s"}\n' \
        "$T/qemu/bin/standin" /usr/bin/true >"$T/urunc.json"
    jq '.annotations | map_values(@base64)' "$T/bundle/config.json" >"$T/bundle/rootfs/urunc.json"
    edit "$T/bundle" 'del(.annotations)'
    edit "$T/bundle" '.process.args = ["unikernel"]'
}

refused() {
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error "config.json: annotations: com\\.urunc\\.unikernel\\.$1: $2"
}

guest_line() {
    jq -r '.argv as $words | $words[($words | index("-append")) + 1]' "$T/report"
}

@test "the image's own set boots without any annotation of the container" {
    run_standin
    expect_equal "$(guest_line)" unikernel
}

@test "an annotation that is allowed replaces the image's" {
    annotate cmdline 'of the pod'
    run_standin
    expect_equal "$(guest_line)" 'of the pod'
}

@test "another file, monitor or framework is refused by its key" {
    local key
    for key in binary:/boot/other initrd:/etc/motd hypervisor:spt unikernelType:linux solo5NetDev:service; do
        edit "$T/bundle" 'del(.annotations)'
        annotate "${key%%:*}" "${key#*:}"
        refused "${key%%:*}" 'differs from the image'
    done
}

@test "the configuration says what may be replaced" {
    jq '.overrides = []' "$T/urunc.json" >"$T/new"
    mv "$T/new" "$T/urunc.json"
    annotate cmdline 'of the pod'
    refused cmdline 'differs from the image'
    cp "$T/bundle/rootfs/boot/kernel" "$T/bundle/rootfs/boot/other"
    jq '.overrides = ["binary"]' "$T/urunc.json" >"$T/new"
    mv "$T/new" "$T/urunc.json"
    edit "$T/bundle" 'del(.annotations)'
    annotate binary /boot/other
    run_standin
    expect_equal "$(guest_line)" unikernel
}

@test "a whole set in config.json is taken without looking at the image's" {
    printf 'not JSON' >"$T/bundle/rootfs/urunc.json"
    annotate unikernelType generic
    annotate hypervisor qemu
    annotate binary /boot/kernel
    run_standin
    expect_equal "$(guest_line)" unikernel
}

@test "an image's broken set is an error, not overlaid" {
    printf 'not JSON' >"$T/bundle/rootfs/urunc.json"
    annotate cmdline 'of the pod'
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error '/urunc.json'
}

@test "a pod's single annotations on a container that is no unikernel leave it to the other runtime" {
    rm "$T/bundle/rootfs/urunc.json"
    annotate cmdline 'of the pod'
    urunc create --bundle "$T/bundle" "$ID"
    annotate binary /boot/kernel
    refused unikernelType missing
}
