#!/usr/bin/env bats
# A build that is interrupted leaves the old image or the new one, and builds at the same time do not harm each other.
load helpers

prepare() {
    mkdir -p "$T/context/tree"
    cp "$GUESTS/multiboot.elf" "$T/context/kernel"
    local number
    for number in $(seq 200); do
        head -c 50000 /dev/urandom >"$T/context/tree/$number"
    done
    printf '%s\n' 'FROM scratch' 'UNIKERNEL generic' 'MONITOR qemu' 'KERNEL kernel' 'COPY tree /tree' 'ARG TAG=none' \
        'LABEL tag=$TAG' >"$T/context/Containerfile"
}

# Every name in the layout's index leads to a manifest, a config and layers that are there, whole.
expect_whole() {
    local digest name
    for digest in $(jq -r '.manifests[].digest' "$1/index.json"); do
        for name in "$digest" $(jq -r '.config.digest, .layers[].digest' "$1/blobs/${digest/://}"); do
            printf '%s  %s\n' "${name#sha256:}" "$1/blobs/${name/://}"
        done
    done | sha256sum --check --quiet
}

# interrupt SIGNAL: builds into $T/out again and again, each time ended a little later, until one build is not.
interrupt() {
    local delay=1 builder status
    while :; do
        "$URUNC_BUILD" build -q --build-arg "TAG=$delay" -t web:1 -o "type=oci,dest=$T/out" "$T/context" \
            >/dev/null 2>&1 3>&- &
        builder=$!
        sleep "$((delay / 1000)).$(printf '%03d' $((delay % 1000)))"
        kill "-$1" "$builder" 2>/dev/null || true
        status=0
        wait "$builder" 2>/dev/null || status=$?
        expect_whole "$T/out"
        ((status != 0)) || break
        # On a busy machine a build takes many seconds.
        delay=$((delay + 17 + delay / 8))
        ((delay < 60000)) || break
    done
    ((status == 0)) || fail 'no build came to its end'
}

@test "killed at any moment" {
    build -t web:1 -o "type=oci,dest=$T/out" "$T/context"
    interrupt KILL
    jq -e '.manifests | length == 1' "$T/out/index.json"
}

@test "interrupted from the keyboard: no temporary file stays" {
    build -t web:1 -o "type=oci,dest=$T/out" "$T/context"
    interrupt INT
    [[ -z $(find "$T/out" -type f ! -name index.json ! -name oci-layout ! -path "$T/out/blobs/sha256/*") ]] ||
        fail "left: $(find "$T/out" -type f)"
    (cd "$T/out/blobs/sha256" && for name in *; do printf '%s  %s\n' "$name" "$name"; done | sha256sum --check --quiet)
}

@test "an archive that exists is replaced whole or not at all" {
    build -t web:1 -o "type=oci-archive,dest=$T/image.tar" "$T/context"
    cp "$T/image.tar" "$T/before.tar"
    "$URUNC_BUILD" build -q --build-arg TAG=new -t web:1 -o "type=oci-archive,dest=$T/image.tar" "$T/context" \
        >/dev/null 2>&1 3>&- &
    local builder=$!
    sleep 0.02
    kill -KILL "$builder" 2>/dev/null || true
    wait "$builder" 2>/dev/null || true
    tar -tf "$T/image.tar" >/dev/null
    expect_equal "$(tar -xOf "$T/image.tar" oci-layout)" "$(tar -xOf "$T/before.tar" oci-layout)"
}

@test "many builds into one layout at the same time: every name is there" {
    local number builders=()
    for number in 1 2 3 4 5 6 7 8; do
        "$URUNC_BUILD" build -q --build-arg "TAG=$number" -t "web:$number" -o "type=oci,dest=$T/out" "$T/context" \
            >/dev/null 2>"$T/log.$number" 3>&- &
        builders+=("$!")
    done
    for number in "${!builders[@]}"; do
        wait "${builders[number]}" || fail "$(cat "$T"/log.*)"
    done
    expect_equal "$(jq -r '.manifests[].annotations["org.opencontainers.image.ref.name"]' "$T/out/index.json" | sort |
        paste -sd' ')" '1 2 3 4 5 6 7 8'
    expect_whole "$T/out"
}

@test "a disk that is full: one line, and the old image stays" {
    need_root
    mkdir "$T/small"
    mount -t tmpfs -o size=14m small "$T/small"
    build -t web:1 -o "type=oci,dest=$T/small/out" "$T/context"
    cp -a "$T/small/out" "$T/before"
    head -c 8000000 /dev/urandom >"$T/context/tree/more"
    fails "$URUNC_BUILD" build -q -t web:1 -o "type=oci,dest=$T/small/out" "$T/context"
    expect_one_error '[Nn]o space'
    diff -r "$T/before" "$T/small/out"
    umount "$T/small"
}
