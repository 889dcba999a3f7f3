#!/usr/bin/env bats
# What the options of urunc-build do, seen from outside.
load helpers

prepare() {
    mkdir -p "$T/context/files/sub"
    cp "$GUESTS/multiboot.elf" "$T/context/kernel"
    printf 'one\n' >"$T/context/files/one"
    printf 'two\n' >"$T/context/files/sub/two"
    cat >"$T/context/Containerfile" <<'SPEC'
ARG WHO=nobody
FROM scratch AS files
COPY files/ /srv/

FROM scratch AS small
ARG WHO
UNIKERNEL generic
MONITOR qemu
KERNEL kernel
LABEL who=$WHO
CMD ["small"]

FROM small AS large
COPY --from=files --chown=12:34 --chmod=0640 /srv/one /etc/one
COPY --from=files /srv /srv
ENV A=1 B="two words"
WORKDIR /srv
USER 1000:1001
EXPOSE 80/tcp
CMD ["large", "two words"]
SPEC
}

manifest() {
    local digest
    digest=$(jq -r --arg tag "$2" \
        '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $tag) | .digest' "$1/index.json")
    printf '%s/blobs/%s\n' "$1" "${digest/://}"
}

config() {
    local digest
    digest=$(jq -r .config.digest "$(manifest "$1" "$2")")
    printf '%s/blobs/%s\n' "$1" "${digest/://}"
}

@test "the image's config holds what the instructions say" {
    build -t web:1 -o "type=oci,dest=$T/out" "$T/context"
    jq -e '.architecture == "amd64" and .os == "linux" and .config.User == "1000:1001" and
        .config.WorkingDir == "/srv" and .config.Cmd == ["large", "two words"] and
        (.config.Env | contains(["A=1", "B=two words"])) and .config.ExposedPorts == {"80/tcp": {}} and
        .config.Labels.who == "nobody"' "$(config "$T/out" 1)"
}

@test "files have the owners and modes that COPY says" {
    build -t web:1 -o "type=oci,dest=$T/out" "$T/context"
    local layer
    for layer in $(jq -r '.layers[].digest' "$(manifest "$T/out" 1)"); do
        tar -tvzf "$T/out/blobs/${layer/://}" --numeric-owner
    done >"$T/list"
    expect_match '^-rw-r----- 12/34 +4 .* etc/one$' "$T/list"
    expect_match '^-rw-r--r-- 0/0 +4 .* srv/sub/two$' "$T/list"
}

@test "--target, --build-arg, --label, --annotation and --iidfile" {
    build -t web:1 --target small --build-arg WHO=me --label colour=red --annotation org.example.note=yes \
        --iidfile "$T/id" -o "type=oci,dest=$T/out" "$T/context"
    jq -e '.config.Labels.who == "me" and .config.Labels.colour == "red" and .config.Cmd == ["small"]' \
        "$(config "$T/out" 1)"
    jq -e '.annotations["org.example.note"] == "yes"' "$(manifest "$T/out" 1)"
    expect_equal "$(cat "$T/id")" "sha256:$(basename "$(config "$T/out" 1)")"
}

@test "several names of one image and several images in one layout" {
    build -t web:1 -t web:latest -o "type=oci,dest=$T/out" "$T/context"
    build -t web:2 --target small -o "type=oci,dest=$T/out" "$T/context"
    expect_equal "$(manifest "$T/out" 1)" "$(manifest "$T/out" latest)"
    [[ $(manifest "$T/out" 1) != "$(manifest "$T/out" 2)" ]]
    jq -e '.config.Cmd == ["small"]' "$(config "$T/out" 2)"
}

@test "the same name again replaces the image in a layout" {
    build -t web:1 -o "type=oci,dest=$T/out" "$T/context"
    build -t web:1 --target small -o "type=oci,dest=$T/out" "$T/context"
    expect_equal "$(jq '.manifests | length' "$T/out/index.json")" 1
    jq -e '.config.Cmd == ["small"]' "$(config "$T/out" 1)"
}

@test "ignored files stay out of the image" {
    printf 'files/sub\n' >"$T/context/.containerignore"
    build -t web:1 -o "type=oci,dest=$T/out" "$T/context"
    unpack "$T/out" "$T/bundle"
    [[ -e $T/bundle/rootfs/srv/one && ! -e $T/bundle/rootfs/srv/sub ]]
}

@test "an archive on standard output" {
    build -t web:1 -o type=oci-archive,dest=- "$T/context" >"$T/stdout.tar"
    build -t web:1 -o "type=oci-archive,dest=$T/file.tar" "$T/context"
    cmp "$T/stdout.tar" "$T/file.tar"
}

@test "compression is as asked, and the diff IDs do not depend on it" {
    local compression
    for compression in none gzip zstd; do
        build -t web:1 --compression "$compression" -o "type=oci,dest=$T/$compression" "$T/context"
    done
    jq -e 'all(.layers[].mediaType; . == "application/vnd.oci.image.layer.v1.tar")' "$(manifest "$T/none" 1)"
    jq -e 'all(.layers[].mediaType; . == "application/vnd.oci.image.layer.v1.tar+gzip")' "$(manifest "$T/gzip" 1)"
    jq -e 'all(.layers[].mediaType; . == "application/vnd.oci.image.layer.v1.tar+zstd")' "$(manifest "$T/zstd" 1)"
    cmp "$(config "$T/none" 1)" "$(config "$T/gzip" 1)"
    cmp "$(config "$T/none" 1)" "$(config "$T/zstd" 1)"
}

@test "SOURCE_DATE_EPOCH and --timestamp set the times" {
    SOURCE_DATE_EPOCH=86400 build -t web:1 -o "type=oci,dest=$T/epoch" "$T/context"
    build -t web:1 --timestamp 86400 -o "type=oci,dest=$T/timestamp" "$T/context"
    diff -r "$T/epoch" "$T/timestamp"
    expect_equal "$(jq -r .created "$(config "$T/epoch" 1)")" 1970-01-02T00:00:00Z
}

@test "a bundle of each kind of output is the same" {
    build -t web:1 -o "type=oci,dest=$T/out" "$T/context"
    build -t web:1 -o "type=oci-archive,dest=$T/oci.tar" "$T/context"
    build -t web:1 -o "type=docker-archive,dest=$T/docker.tar" "$T/context"
    unpack "$T/out:1" "$T/a"
    unpack "$T/oci.tar" "$T/b"
    unpack "$T/docker.tar" "$T/c"
    diff -r "$T/a/rootfs" "$T/b/rootfs"
    diff -r "$T/a/rootfs" "$T/c/rootfs"
    cmp "$T/a/config.json" "$T/b/config.json"
    cmp "$T/a/config.json" "$T/c/config.json"
}

@test "a bundle's config.json is valid and carries the image's process and annotations" {
    need_schemas
    build -t web:1 -o "type=oci,dest=$T/out" "$T/context"
    unpack "$T/out" "$T/bundle"
    "$TOOLS/validate.py" "$SCHEMAS/runtime-spec/config-schema.json" "$T/bundle/config.json"
    jq -e '.process.args == ["large", "two words"] and .process.cwd == "/srv" and .process.user.uid == 1000 and
        .process.user.gid == 1001 and .annotations["com.urunc.unikernel.binary"] == "/boot/kernel"' \
        "$T/bundle/config.json"
}

@test "cmake --install lays out programs, manual pages and samples" {
    DESTDIR=$T/installed cmake --install "$URUNC_BIN" --prefix /usr >"$T/install.log" || fail "$(cat "$T/install.log")"
    [[ -x $T/installed/usr/bin/urunc && -x $T/installed/usr/bin/urunc-build ]]
    [[ -s $T/installed/usr/share/man/man1/urunc-build.1 ]]
    [[ -x $T/installed/usr/share/urunc/Containerfile-samples/linux/prepare.sh ]]
    rm -r "$T/installed"
}
