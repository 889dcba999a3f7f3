#!/usr/bin/env bats
# The language of a spec, where builders differ or are silently wrong: what ends up in the image, and what is said.
load helpers

prepare() {
    mkdir -p "$T/context/dir"
    cp "$GUESTS/multiboot.elf" "$T/context/kernel"
    printf 'one\n' >"$T/context/dir/one"
    printf 'two\n' >"$T/context/two"
}

# image [OPTION...]: builds the stages on standard input with a unikernel behind them into $T/out; warnings are in
# $T/warnings.
image() {
    {
        cat
        printf 'UNIKERNEL generic\nMONITOR qemu\nKERNEL kernel\n'
    } >"$T/context/Containerfile"
    rm -rf "$T/out"
    "$URUNC_BUILD" build -q "$@" -t language:1 -o "type=oci,dest=$T/out" "$T/context" >/dev/null 2>"$T/warnings"
}

blob() {
    printf '%s/blobs/%s\n' "$T/out" "$(jq -r "$1" "$2" | tr : /)"
}

config() {
    blob .config.digest "$(blob '.manifests[0].digest' "$T/out/index.json")"
}

env_of() {
    jq -r '.config.Env[]?' "$(config)"
}

# Every entry of all layers: mode, owner, time and name.
entries() {
    local layer
    for layer in $(jq -r '.layers[].digest' "$(blob '.manifests[0].digest' "$T/out/index.json")"); do
        TZ=UTC tar -tvzf "$T/out/blobs/${layer/://}" --numeric-owner --full-time
    done
}

# refused MESSAGE [OPTION...]: the stages on standard input are refused in one line that begins so; no image.
refused() {
    local message=$1
    shift
    cat >"$T/context/Containerfile"
    rm -rf "$T/out"
    fails "$URUNC_BUILD" build -q "$@" -t language:1 -o "type=oci,dest=$T/out" -f "$T/context/Containerfile" "$T/context"
    expect_one_error "$message"
    [[ ! -e $T/out/index.json ]] || fail "an image was written"
}

@test "a stage inherits the arguments of the stage that it is built on, and no others" {
    image --build-arg GIVEN=2 <<'SPEC'
FROM scratch AS other
ARG SECRET=3
FROM scratch AS base
ARG DEFAULT=1
ARG GIVEN
FROM base
ENV A=$DEFAULT B=$GIVEN C=${SECRET-unset}
SPEC
    expect_equal "$(env_of | tr '\n' ' ')" 'A=1 B=2 C=unset '
}

@test "of ARG and ENV the later wins in what words expand to, and ENV alone is in the image" {
    image --build-arg V=given <<'SPEC'
FROM scratch
ENV V=env
ENV FIRST=$V
ARG V
ENV SECOND=$V
ENV V=last
ENV THIRD=$V
SPEC
    expect_equal "$(env_of | tr '\n' ' ')" 'V=last FIRST=env SECOND=given THIRD=last '
}

@test "PATH has its usual value before ENV sets it, and is in the image where ENV does" {
    image <<'SPEC'
FROM scratch
ENV PATH=/x:$PATH
SPEC
    expect_equal "$(env_of)" PATH=/x:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    image <<'SPEC'
FROM scratch
SPEC
    expect_equal "$(env_of)" ''
}

@test "TARGETSTAGE is the target's name, or default" {
    image <<'SPEC'
FROM scratch AS first
FROM scratch
ARG TARGETSTAGE
ENV STAGE=$TARGETSTAGE
SPEC
    expect_equal "$(env_of)" STAGE=default
    image --target last <<'SPEC'
FROM scratch AS last
ARG TARGETSTAGE
ENV STAGE=$TARGETSTAGE
SPEC
    expect_equal "$(env_of)" STAGE=last
}

# epoch_is SECONDS: the image's time, the time of its files and what its ARG saw.
epoch_is() {
    expect_equal "$(jq -r .created "$(config)")" "$(date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ)"
    [[ $(entries | grep -c "$(date -u -d "@$1" '+%Y-%m-%d %H:%M:%S')") -eq $(entries | wc -l) ]] || fail "$(entries)"
}

@test "SOURCE_DATE_EPOCH is the time of the image and an argument, from option, environment or spec" {
    local spec='ARG SOURCE_DATE_EPOCH=1000
FROM scratch
ARG SOURCE_DATE_EPOCH
ENV E=$SOURCE_DATE_EPOCH
COPY two /new/dir/'
    image <<<"$spec"
    epoch_is 1000
    expect_equal "$(env_of)" E=1000
    SOURCE_DATE_EPOCH=2000 image <<<"$spec"
    epoch_is 2000
    expect_equal "$(env_of)" E=2000
    SOURCE_DATE_EPOCH=2000 image --build-arg SOURCE_DATE_EPOCH=3000 <<<"$spec"
    epoch_is 3000
    expect_equal "$(env_of)" E=3000
    SOURCE_DATE_EPOCH=2000 image --timestamp 4000 <<<"$spec"
    epoch_is 4000
    expect_equal "$(env_of)" E=2000
    refused 'Containerfile:1: ARG SOURCE_DATE_EPOCH: soon: must be seconds' <<<"ARG SOURCE_DATE_EPOCH=soon
FROM scratch"
    refused '^urunc-build: --build-arg SOURCE_DATE_EPOCH: soon: must be' --build-arg SOURCE_DATE_EPOCH=soon <<<'FROM scratch'
}

@test "WORKDIR makes a directory that belongs to the USER of its line, and its path is normal" {
    printf 'web:x:33:44::/:/bin/sh\n' >"$T/context/passwd"
    image <<'SPEC'
FROM scratch
COPY passwd /etc/passwd
WORKDIR /root/
USER 7:8
WORKDIR /srv//seven/./
USER web
WORKDIR web/
SPEC
    expect_equal "$(jq -r .config.WorkingDir "$(config)")" /srv/seven/web
    entries >"$T/list"
    expect_match '^drwxr-xr-x 0/0 .* root/$' "$T/list"
    expect_match '^drwxr-xr-x 7/8 .* srv/$' "$T/list"
    expect_match '^drwxr-xr-x 7/8 .* srv/seven/$' "$T/list"
    expect_match '^drwxr-xr-x 33/44 .* srv/seven/web/$' "$T/list"
}

@test "WORKDIR of a user that the stage does not know belongs to root, which is said" {
    image <<'SPEC'
FROM scratch
USER nobody
WORKDIR /srv
SPEC
    expect_match 'Containerfile:3: warning: WORKDIR: /srv belongs to root: nobody' "$T/warnings"
    entries >"$T/list"
    expect_match '^drwxr-xr-x 0/0 .* srv/$' "$T/list"
}

@test "COPY --chmod is the mode of directories that it makes, and of no other" {
    image <<'SPEC'
FROM scratch
WORKDIR /there
COPY --chmod=0711 two /there/new/two
COPY --chmod=0750 dir /tree
SPEC
    entries >"$T/list"
    expect_match '^drwxr-xr-x .* there/$' "$T/list"
    expect_match '^drwx--x--x .* there/new/$' "$T/list"
    expect_match '^-rwx--x--x .* there/new/two$' "$T/list"
    expect_match '^drwxr-x--- .* tree/$' "$T/list"
    expect_match '^-rwxr-x--- .* tree/one$' "$T/list"
}

@test "several sources go into a directory that exists, with a slash behind it or without" {
    image <<'SPEC'
FROM scratch
WORKDIR /there
COPY two dir/one /there
SPEC
    entries >"$T/list"
    expect_match ' there/one$' "$T/list"
    expect_match ' there/two$' "$T/list"
    refused 'Containerfile:2: COPY: /new: several sources need a directory' <<<'FROM scratch
COPY two dir/one /new'
}

@test "names of variables take several digits and letters of any script" {
    image --build-arg 12=twelve <<'SPEC'
FROM scratch
ARG 12 größe=L 名前=name
ENV A=$12 B=$größe C=$名前。
SPEC
    expect_equal "$(env_of | tr '\n' ' ')" 'A=twelve B=L C=name。 '
}

@test "a variable that nothing set gets a warning with its line, and one that may be unset gets none" {
    image <<'SPEC'
FROM scratch
ARG declared
ENV VERSION=1
LABEL a=$VERSOIN b=$declared c=${unset:-default} d='$unset' \
      e=$other
CMD ["$unset"]
SPEC
    expect_equal "$(grep -c 'is not set' "$T/warnings")" 2
    expect_match 'Containerfile:4: warning: \$VERSOIN is not set; did you mean \$VERSION\?' "$T/warnings"
    expect_match 'Containerfile:4: warning: \$other is not set and expands to nothing' "$T/warnings"
}

@test "text that is not UTF-8 is refused by the option or line that it comes from" {
    refused '^urunc-build: build: --build-arg V=\\xff: not UTF-8' --build-arg V=$'\xff' <<<'FROM scratch'
    V=$'a\xc3' refused '^urunc-build: build: --build-arg V: not UTF-8' --build-arg V <<<'FROM scratch'
    refused '^urunc-build: build: --label l=\\xff: not UTF-8' --label l=$'\xff' <<<'FROM scratch'
    refused '^urunc-build: build: --annotation \\xff=a: not UTF-8' --annotation $'\xff=a' <<<'FROM scratch'
    refused 'Containerfile:2: this line is not UTF-8' <<<$'FROM scratch\nENV A=\xff'
}

@test "a path in the image that is not UTF-8 is refused, and does not vanish from the annotations" {
    mkdir "$T/context/dir/"$'\xff'
    ln -s $'\xff' "$T/context/dir/link"
    touch "$T/context/dir/"$'\xff'/file
    refused 'Containerfile:5: .*com.urunc.unikernel.binary: "/\\xff/kernel": must be UTF-8' <<'SPEC'
FROM scratch
COPY dir /
UNIKERNEL generic
MONITOR qemu
KERNEL --dest=/link/kernel kernel
SPEC
}
