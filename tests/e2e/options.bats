#!/usr/bin/env bats
# The options of urunc-build: what is refused and how, and what --annotation and --platform write. No guest is booted.
load helpers

prepare() {
    mkdir "$T/context"
    cp "$GUESTS/multiboot.elf" "$T/context/kernel"
    printf '%s\n' 'FROM scratch' 'UNIKERNEL generic' 'MONITOR qemu' 'KERNEL kernel' >"$T/context/Containerfile"
}

# refused MESSAGE OPTION...: the build fails with one line like MESSAGE and writes nothing.
refused() {
    local message=$1
    shift
    fails "$URUNC_BUILD" build -t x:1 -o "type=oci,dest=$T/out" "$@" "$T/context"
    expect_one_error "^urunc-build: build: $message"
    [[ ! -e $T/out ]]
}

@test "long options are not abbreviated" {
    refused 'unknown option --plat; did you mean --platform\?' --plat linux/amd64
    refused 'unknown option --platfor; did you mean --platform\?' --platfor linux/amd64
}

@test "an option of another builder is refused by name, and does not take the context for its value" {
    refused 'unknown option --compress: .*--compression' --compress
    refused 'unknown option --push: .*skopeo' --push
    refused 'unknown option --secret: nothing is executed' --secret id=x
    refused 'unknown option --pull: no base image' --pull=always
}

@test "a platform that cannot be is refused, in the option and in FROM" {
    refused '--platform lniux/amd65: unknown operating system "lniux"; did you mean "linux"\?' --platform lniux/amd65
    refused '--platform linux/amd65: unknown architecture "amd65"; did you mean "amd64"\?' --platform linux/amd65
    refused '--platform windows/amd64: a unikernel image is for linux' --platform windows/amd64
    refused '--platform linux/amd64,linux/arm64: .*one platform at a time' --platform linux/amd64,linux/arm64
    sed -i '1s/.*/FROM --platform=windows\/amd64 scratch/' "$T/context/Containerfile"
    fails "$URUNC_BUILD" build -q -t x:1 -o "type=oci,dest=$T/out" "$T/context"
    expect_one_error 'Containerfile:1: FROM: --platform=windows/amd64: a unikernel image is for linux'
    [[ ! -e $T/out ]]
}

@test "an annotation goes to the document that its type names" {
    build -t x:1 -o "type=oci,dest=$T/out" --annotation a=1 --annotation manifest:b=2 \
        --annotation index,manifest-descriptor:c=3 "$T/context"
    jq -e '.annotations == {"c": "3"} and .manifests[0].annotations.c == "3" and
        .manifests[0].annotations["org.opencontainers.image.ref.name"] == "1"' "$T/out/index.json"
    local digest
    digest=$(jq -r '.manifests[0].digest' "$T/out/index.json")
    jq -e '.annotations | .a == "1" and .b == "2" and has("c") == false' "$T/out/blobs/${digest/://}"
    build -t y:2 -o "type=oci,dest=$T/out" --annotation index:d=4 "$T/context"
    jq -e '.annotations == {"c": "3", "d": "4"} and (.manifests | length) == 2' "$T/out/index.json"
}

@test "an oci-archive has the same annotations" {
    build -t x:1 -o "type=oci-archive,dest=$T/image.tar" --annotation index,manifest-descriptor:c=3 "$T/context"
    tar -xOf "$T/image.tar" index.json |
        jq -e '.annotations == {"c": "3"} and .manifests[0].annotations.c == "3"'
}

@test "an annotation that has no place is refused by name" {
    refused '--annotation index-descriptor:k=v: .*nothing describes it' --annotation index-descriptor:k=v
    refused '--annotation .*an image has one platform; leave \[linux/amd64\] out' --annotation 'manifest[linux/amd64]:k=v'
    refused '--annotation manifst:k=v: unknown type "manifst"; did you mean "manifest"\?' --annotation manifst:k=v
    fails "$URUNC_BUILD" build -t x:1 -o "type=docker-archive,dest=$T/out" --annotation k=v "$T/context"
    expect_one_error 'a docker-archive has no place for it; write --label k=v'
    fails "$URUNC_BUILD" build -t x:1 -o "type=docker-archive,dest=$T/out" --annotation index:k=v "$T/context"
    expect_one_error 'a docker-archive has no index'
    [[ ! -e $T/out ]]
}

@test "every command explains itself" {
    "$URUNC_BUILD" --help >"$T/help"
    expect_match '^  build ' "$T/help"
    expect_match '^  bundle ' "$T/help"
    "$URUNC_BUILD" help build >"$T/help"
    expect_match '--annotation \[TYPE:\]KEY=VALUE' "$T/help"
    ! grep -e --compress "$T/help" | grep -qv -e --compression || fail 'a refused option is listed'
    "$URUNC_BUILD" bundle --help >"$T/help"
    expect_match '^Usage: urunc-build bundle ' "$T/help"
    fails "$URUNC_BUILD"
    expect_one_error 'a command is missing'
    fails "$URUNC_BUILD" push
    expect_one_error 'unknown command "push"'
}
