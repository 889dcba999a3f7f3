#!/bin/bash
# run.sh BUILD_DIR [SECTION]...: measures us side by side with the programs that people use today.
#
# Sections: cpio, ext2, layer, run, memory, many, initrd, spt, channel, rootfs. Each row is the median of BENCH_REPEAT runs (5; 40 for
# `run`), taken in turns, on the same tree, in one go. Ratios count: absolute times are this host's. Wants 3 GB under TMPDIR; most
# of what is about urunc needs root. What is not installed is skipped with a line that says so.
set -euo pipefail

[[ $# -ge 1 ]] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
# What is mounted for it is nobody else's.
[[ $(id -u) -ne 0 || -n ${URUNC_BENCH_PRIVATE:-} ]] || exec unshare --mount env URUNC_BENCH_PRIVATE=1 "$0" "$@"
BUILD=$(cd "$1" && pwd)
shift
SECTIONS=("$@")
[[ $# -gt 0 ]] || SECTIONS=(cpio ext2 layer run memory many initrd spt channel rootfs)
BENCH=$BUILD/tests/bench
REPEAT=${BENCH_REPEAT:-5}
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"

W=$(mktemp -d "${TMPDIR:-/tmp}/urunc-bench.XXXXXX")
trap 'cd / && umount -Rq "$W/cgroup" "$W/states" || true; rm -rf --one-file-system "$W"' EXIT
TREE=$W/tree
# shellcheck source=tests/bench/lifecycle.sh
. "$(dirname "$0")/lifecycle.sh"

has() {
    command -v "$1" >/dev/null && return
    echo "  ($1 is not installed: skipped)"
    return 1
}

# The tree is made once, and read once, so that nobody pays for a cold cache.
need_tree() {
    [[ ! -d $TREE ]] || return 0
    "$BENCH/bench-tree" "$TREE"
    find "$TREE" -type f -exec cat {} + >/dev/null
    echo "tree: $(find "$TREE" -type f | wc -l) files, $(($(find "$TREE" -type f -printf '%s+')0)) bytes"
}

# once LABEL COMMAND...: one run; the files that it made are removed before.
once() {
    local label=$1
    shift
    rm -rf "$W/out" && mkdir "$W/out"
    sync
    "$BENCH/bench-measure" "$W/times.$label" "$@" >"$W/log" 2>&1 </dev/null || {
        echo "  ($label failed: $(tail -n 1 "$W/log"))"
        return 1
    }
}

# median LABEL COLUMN
median() {
    cut -d' ' -f"$2" "$W/times.$1" | sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'
}

maximum() {
    cut -d' ' -f"$2" "$W/times.$1" | sort -n | tail -n 1
}

# report OURS OTHER...: ratios are the first to each.
report() {
    local ours=$1 label wall cpu
    printf '  %-22s %10s %10s %12s %12s %12s\n' '' 'wall ms' 'CPU ms' 'resident KiB' 'ours/wall' 'ours/CPU'
    for label; do
        [[ -s $W/times.$label ]] || continue
        wall=$(median "$label" 1) cpu=$(median "$label" 2)
        awk -v label="$label" -v wall="$wall" -v cpu="$cpu" -v memory="$(maximum "$label" 3)" \
            -v our_wall="$(median "$ours" 1)" -v our_cpu="$(median "$ours" 2)" 'BEGIN {
            printf "  %-22s %10.1f %10.1f %12d %12.2f %12.2f\n", label, wall / 1000, cpu / 1000, memory,
                   our_wall / (wall ? wall : 1), our_cpu / (cpu ? cpu : 1)}'
    done
}

bench_cpio() {
    echo 'cpio: at most half of the time of GNU cpio'
    need_tree
    has cpio || return 0
    for ((i = 0; i < REPEAT; i++)); do
        once pack-cpio "$BENCH/bench-pack" cpio "$TREE" "$W/out/archive"
        once GNU-cpio sh -c 'cd "$1" && find . | cpio -o -H newc --quiet >"$2"' sh "$TREE" "$W/out/archive"
    done
    report pack-cpio GNU-cpio
}

# mke2fs syncs what it writes; so does pack here.
bench_ext2() {
    echo 'ext2: at most half of the time of mke2fs -d'
    need_tree
    local genext2fs=0
    has mke2fs || return 0
    has genext2fs && genext2fs=1
    for ((i = 0; i < REPEAT; i++)); do
        once pack-ext2 "$BENCH/bench-pack" -s ext2 "$TREE" "$W/out/image"
        once mke2fs-d mke2fs -q -t ext2 -d "$TREE" "$W/out/image" 600M
        # It takes long, and is not the bar: once is enough.
        ((i > 0 || !genext2fs)) || once genext2fs genext2fs -B 4096 -b 153600 -N 20000 -d "$TREE" "$W/out/image"
    done
    report pack-ext2 mke2fs-d genext2fs
}

# A bundle with the tree in it, made by umoci itself; `umoci repack` then writes one layer of it.
prepare_umoci() {
    umoci init --layout "$W/layout"
    umoci new --image "$W/layout:base"
    umoci unpack --image "$W/layout:base" "$W/bundle"
    cp -a "$TREE/." "$W/bundle/rootfs/"
}

bench_layer() {
    echo 'layer: a third of the time of umoci is the aim, once layers are compressed on all cores; 64 MiB resident'
    need_tree
    local umoci=0
    has umoci && prepare_umoci >"$W/log" 2>&1 && umoci=1
    for ((i = 0; i < REPEAT; i++)); do
        once pack-layer "$BENCH/bench-pack" layer "$TREE" "$W/out/layer"
        once pack-layer-zstd "$BENCH/bench-pack" layer-zstd "$TREE" "$W/out/layer"
        once tar-gzip sh -c 'tar -C "$1" -c . | gzip -6 >"$2"' sh "$TREE" "$W/out/layer"
        ((!umoci)) || once umoci-repack umoci repack --image "$W/layout:new$i" "$W/bundle"
    done
    report pack-layer pack-layer-zstd tar-gzip umoci-repack
    rm -rf "$W/layout" "$W/bundle"
}

# ---- spt: the built-in tender beside solo5-spt, with the same guests ----

SPT=$BUILD/runtime/urunc-spt
GUESTS=$BUILD/tests/guests
DISK_BLOCKS=131072 ROUND_TRIPS=20000 FRAMES=300000

# spt_row LABEL UNIT OURS THEIRS: numbers of which less is better.
spt_row() {
    awk -v label="$1" -v unit="$2" -v ours="$3" -v theirs="${4:-}" 'BEGIN {
        printf "  %-34s %10.2f %10s %-5s %8s\n", label, ours, theirs == "" ? "-" : theirs, unit,
               theirs == "" ? "-" : sprintf("%.2f", ours / theirs)}'
}

# spt_time LABEL COLUMN: the median in milliseconds, or nothing.
spt_time() {
    [[ ! -s $W/times.$1 ]] || awk -v us="$(median "$1" "$2")" 'BEGIN {printf "%.2f", us / 1000}'
}

# spt_compare LABEL REPEAT: runs ours_run and theirs_run in turns.
spt_compare() {
    rm -f "$W/times.ours" "$W/times.theirs"
    for ((i = 0; i < $2; i++)); do
        ours_run
        ((!has_solo5)) || theirs_run
    done
    spt_row "$1" ms "$(spt_time ours 1)" "$(spt_time theirs 1)"
    spt_row '    CPU' ms "$(spt_time ours 2)" "$(spt_time theirs 2)"
}

spt_start() {
    ours_run() { "$BENCH/bench-measure" "$W/times.ours" "$SPT" --mem=64 --kernel=@3 -- exit 3<"$GUESTS/solo5-work-0.elf"; }
    theirs_run() { "$BENCH/bench-measure" "$W/times.theirs" solo5-spt --mem=64 -- "$GUESTS/solo5-work-0.elf" exit; }
    spt_compare 'start to exit of an empty guest' "${BENCH_REPEAT:-200}"
}

# resident FIELD COMMAND...: KiB of that field of smaps_rollup while the guest waits.
resident() {
    local field=$1
    shift
    "$@" >/dev/null &
    sleep 0.3
    awk -v field="$field:" '$1 == field {print $2}' "/proc/$!/smaps_rollup"
    kill -KILL $!
    wait $! 2>/dev/null || true
}

spt_resident() {
    local field ours theirs=
    for field in Rss Anonymous; do
        ours=$(resident $field "$SPT" --mem=64 --kernel=@3 -- pause:5000 3<"$GUESTS/solo5-work-0.elf")
        ((!has_solo5)) || theirs=$(resident $field solo5-spt --mem=64 -- "$GUESTS/solo5-work-0.elf" pause:5000)
        spt_row "resident memory: $field" KiB "$ours" "$theirs"
    done
}

spt_block() {
    local kernel=$GUESTS/solo5-work-1.elf size work
    truncate -s 64M "$W/disk"
    for size in 512 4096; do
        for work in read write; do
            ours_run() {
                "$BENCH/bench-measure" "$W/times.ours" "$SPT" --mem=64 --kernel=@3 --block:device=@4 \
                    --block-sector-size:device=$size -- "$work:$DISK_BLOCKS" 3<"$kernel" 4<>"$W/disk"
            }
            theirs_run() {
                "$BENCH/bench-measure" "$W/times.theirs" solo5-spt --mem=64 --block:device="$W/disk" \
                    --block-sector-size:device=$size -- "$kernel" "$work:$DISK_BLOCKS"
            }
            spt_compare "$work of $DISK_BLOCKS blocks of $size" "$REPEAT"
        done
    done
}

# echo_time COMMAND...: microseconds of a round trip while the command echoes on the tap.
echo_time() {
    "$@" >/dev/null 2>&1 &
    "$BENCH/bench-tap" echo benchtap $ROUND_TRIPS
    kill -KILL $! 2>/dev/null || true
    wait $! 2>/dev/null || true
}

# In a network namespace of its own.
spt_net() {
    local kernel=$GUESTS/solo5-work-2.elf i
    local ours=("$BENCH/bench-tap" attach benchtap 4 "$SPT" --mem=64 --kernel=@3 --net:device=@4 --)
    local theirs=(solo5-spt --mem=64 --net:device=benchtap -- "$kernel")
    exec 3<"$kernel"
    ip tuntap add benchtap mode tap
    ip link set benchtap up
    ours_run() { "$BENCH/bench-measure" "$W/times.ours" "${ours[@]}" "send:$FRAMES" >/dev/null; }
    theirs_run() { "$BENCH/bench-measure" "$W/times.theirs" "${theirs[@]}" "send:$FRAMES" >/dev/null; }
    spt_compare "sending $FRAMES frames of 1514 bytes" "$REPEAT"
    : >"$W/times.ours" >"$W/times.theirs"
    for ((i = 0; i < REPEAT; i++)); do
        echo_time "${ours[@]}" echo:100000000 >>"$W/times.ours"
        ((!has_solo5)) || echo_time "${theirs[@]}" echo:100000000 >>"$W/times.theirs"
    done
    spt_row 'round trip of a frame' us "$(median ours 1)" "$(median theirs 1)"
}

bench_spt() {
    echo 'spt: the built-in tender at most as long as solo5-spt'
    [[ -e $GUESTS/solo5-work-0.elf ]] || { echo '  (its guests are built for x86-64 only: skipped)'; return 0; }
    local has_solo5=0
    has solo5-spt && has_solo5=1
    printf '  %-34s %10s %10s %-5s %8s\n' '' ours solo5-spt '' ratio
    spt_start
    spt_resident
    spt_block
    [[ $(id -u) -eq 0 ]] || { echo '  (the network needs root: skipped)'; return 0; }
    # The functions go along by the shell's own text.
    export -f spt_net spt_compare spt_row spt_time echo_time median
    has_solo5=$has_solo5 BENCH=$BENCH SPT=$SPT GUESTS=$GUESTS W=$W REPEAT=$REPEAT FRAMES=$FRAMES ROUND_TRIPS=$ROUND_TRIPS \
        unshare --net bash -c 'set -euo pipefail; spt_net'
}

# ---- channel: a Linux guest's streams by its ports, and by the serial port ----

CHANNEL_MIB=${BENCH_CHANNEL_MIB:-1024} # through standard input and output
OUTPUT_MIB=100
SERIAL_MIB=2

# channel_bundle NAME MODULE...: busybox in an initrd, on a kernel with these drivers.
channel_bundle() {
    local context=$W/$1 samples
    samples=$(dirname "$0")/../../Containerfile-samples/linux
    shift
    mkdir -p "$context/rootfs/bin" "$context/rootfs/etc"
    cp "$(command -v busybox)" "$context/rootfs/bin/busybox"
    ln -s busybox "$context/rootfs/bin/sh"
    printf '%s\n' "$@" >"$context/rootfs/etc/modules"
    cp "$samples/debian/vmlinuz" "$context/"
    cp -r "$samples/debian/modules/." "$context/rootfs/"
    cat >"$context/Containerfile" <<'SPEC'
FROM scratch AS rootfs
COPY rootfs /
FROM scratch
UNIKERNEL linux
MONITOR qemu
KERNEL vmlinuz
INITRD --from=rootfs /
ENV PATH=/bin
CMD ["sh"]
SPEC
    "$BUILD/builder/urunc-build" build -t bench -o "type=oci,dest=$context/image" "$context" >"$W/log" 2>&1
    "$BUILD/builder/urunc-build" bundle "$context/image:bench" "$context/bundle"
}

# channel_run NAME SCRIPT: runs it in a guest; prints the milliseconds.
channel_run() {
    local bundle=$W/$1/bundle begin
    jq --arg script "$2" '.process.args = [.process.args[0], "sh", "-c", $script]' "$bundle/config.json" >"$bundle/new"
    mv "$bundle/new" "$bundle/config.json"
    begin=$(date +%s%N)
    "$BUILD/runtime/urunc" --root "$W/state" --config "$W/tcg.json" run --bundle "$bundle" bench-channel 2>"$W/log" | cat >/dev/null
    echo $((($(date +%s%N) - begin) / 1000000))
}

# channel_row LABEL MS MIB: without the time that a guest takes that does nothing.
channel_row() {
    awk -v label="$1" -v ms="$2" -v boot="$boot" -v mib="$3" 'BEGIN {
        printf "  %-44s %8.1f s, %8.1f MB/s beyond the boot\n", label, ms / 1000, mib * 1048.576 / (ms > boot ? ms - boot : 1)}'
}

bench_channel() {
    echo 'channel: 1 GB from standard input to standard output at 100 MB/s, 100 MB of output in 3 s'
    [[ $(id -u) -eq 0 ]] || { echo '  (needs root: skipped)'; return 0; }
    has busybox && has jq && has qemu-system-x86_64 || return 0
    [[ -e $(dirname "$0")/../../Containerfile-samples/linux/debian/vmlinuz ]] ||
        { echo '  (Containerfile-samples/linux/prepare.sh has not fetched a kernel: skipped)'; return 0; }
    printf '{"monitors": {"qemu": {"acceleration": "tcg"}}}\n' >"$W/tcg.json"
    local boot
    channel_bundle ports virtio_pci virtio_console
    channel_bundle serial virtio_pci
    boot=$(channel_run ports true </dev/null)
    echo "  boot and end: $boot ms"
    channel_row "$CHANNEL_MIB MiB from input to output" \
        "$(head -c "${CHANNEL_MIB}M" /dev/zero | channel_run ports 'busybox cat')" "$CHANNEL_MIB"
    channel_row "$OUTPUT_MIB MiB of output" \
        "$(channel_run ports "busybox dd if=/dev/zero bs=1M count=$OUTPUT_MIB" </dev/null)" $OUTPUT_MIB
    boot=$(channel_run serial true </dev/null)
    channel_row "$SERIAL_MIB MiB of output by the serial port" \
        "$(channel_run serial "busybox dd if=/dev/zero bs=1M count=$SERIAL_MIB" </dev/null)" $SERIAL_MIB
}

# ---- rootfs: the container's rootfs as the guest's root ----

# bzimage FILE: what the runtime takes for a Linux kernel.
bzimage() {
    head -c 4096 /dev/zero >"$1"
    printf 'HdrS\x0f\x02' | dd of="$1" bs=1 seek=514 conv=notrunc status=none
    printf '\x55\xaa' | dd of="$1" bs=1 seek=510 conv=notrunc status=none
    printf '\x01' | dd of="$1" bs=1 seek=529 conv=notrunc status=none
    printf '\x01' | dd of="$1" bs=1 seek=566 conv=notrunc status=none
}

# rootfs_create TIMES: creates a container of the bundle and deletes it.
rootfs_create() {
    "$BENCH/bench-measure" "$W/times.$1" "$BUILD/runtime/urunc" --root "$W/state" --config "$W/rootfs.json" \
        create --bundle "$W/rootfs" bench-rootfs >"$W/log" 2>&1 </dev/null || { echo "  (create failed: $(tail -n 1 "$W/log"))"; return 1; }
    "$BUILD/runtime/urunc" --root "$W/state" delete --force bench-rootfs >>"$W/log" 2>&1 ||
        { echo "  (delete failed: $(tail -n 1 "$W/log"))"; return 1; }
}

# rootfs_row LABEL: the first create, which makes the image, and the median of later ones, less what a small rootfs costs.
rootfs_row() {
    rm -f "$W/times.first" "$W/times.later"
    rootfs_create first || return 0
    for ((i = 0; i < REPEAT; i++)); do rootfs_create later || return 0; done
    awk -v label="$1" -v first="$(median first 1)" -v later="$(median later 1)" -v small="${small:-0}" 'BEGIN {
        printf "  %-38s %8.1f ms, again %6.1f ms, of that for its size %6.1f ms\n", label, first / 1000, later / 1000,
               (small > 0 ? (later - small) / 1000 : 0)}'
}

bench_rootfs() {
    echo "rootfs: a second start of an image of 500 MB costs at most 20 ms"
    [[ $(id -u) -eq 0 ]] || { echo '  (needs root: skipped)'; return 0; }
    local small='' store=$W/io.containerd.snapshotter.v1.overlayfs/snapshots
    mkdir -p "$W/rootfs/rootfs/boot" "$store/1/fs" "$store/2/fs" "$store/2/work"
    bzimage "$W/rootfs/rootfs/boot/kernel"
    printf '{"ociVersion": "1.1.0", "process": {"args": ["/init"], "cwd": "/", "user": {"uid": 0, "gid": 0}}, "root": {"path": "rootfs"},
        "linux": {"namespaces": [{"type": "pid"}, {"type": "mount"}]}, "annotations": {"com.urunc.unikernel.unikernelType": "linux",
        "com.urunc.unikernel.hypervisor": "qemu", "com.urunc.unikernel.binary": "/boot/kernel",
        "com.urunc.unikernel.mountRootfs": "true"}}\n' >"$W/rootfs/config.json"
    printf '{"monitors": {"qemu": {"path": "%s"}}, "rootfs_cache": {"path": "%s"}}\n' "$BENCH/bench-program" "$W/cache" >"$W/rootfs.json"
    rootfs_row "a small one"
    small=$(median later 1)
    need_tree
    cp -a "$TREE" "$W/rootfs/rootfs/tree"
    rootfs_row "a directory"
    mv "$W"/rootfs/rootfs/* "$store/1/fs/"
    mount -t overlay overlay -o "lowerdir=$store/1/fs,upperdir=$store/2/fs,workdir=$store/2/work" "$W/rootfs/rootfs" || return 0
    rootfs_row "an engine's overlay"
    umount "$W/rootfs/rootfs"
}

# ---- initrd: a large one beside a small one ----

# initrd_bundle NAME MIB: a Linux guest whose initrd has about that size, and that gets a file beside it.
initrd_bundle() {
    local bundle=$W/initrd-$1
    mkdir -p "$bundle/rootfs/boot" "$bundle/tree"
    head -c "$2M" /dev/urandom >"$bundle/tree/data"
    (cd "$bundle/tree" && find . | cpio -o -H newc --quiet) >"$bundle/rootfs/boot/initrd"
    bzimage "$bundle/rootfs/boot/kernel"
    jq -n '{ociVersion: "1.1.0", process: {args: ["/init"], env: ["A=b"], cwd: "/", user: {uid: 0, gid: 0}}, root: {path: "rootfs"},
        linux: {namespaces: [{type: "pid"}, {type: "mount"}]},
        mounts: [{destination: "/etc/hostname", source: "/etc/hostname", type: "bind", options: ["rbind", "ro"]}],
        annotations: ({unikernelType: "linux", hypervisor: "qemu", binary: "/boot/kernel", initrd: "/boot/initrd"}
            | with_entries(.key |= "com.urunc.unikernel." + .))}' >"$bundle/config.json"
}

bench_initrd() {
    echo "initrd: create with one of 30 MB beside one of 1 MB; the monitor gets it with the container's files behind it"
    prepare_lifecycle && has cpio || return 0
    local name i
    initrd_bundle small 1
    initrd_bundle large 30
    rm -f "$W"/times.*
    for ((i = 0; i < ${BENCH_REPEAT:-20}; i++)); do
        for name in small large; do
            MEASURE=("$BENCH/bench-measure" "$W/times.$name")
            call urunc wait create --bundle "$W/initrd-$name" --pid-file "$W/pid" bench-initrd ||
                { echo "  (create failed: $(tail -n 1 "$W/log"))"; return 0; }
            add_process_time "$W/times.$name" "$(process_time "$(<"$W/pid")")"
            MEASURE=()
            call urunc wait delete --force bench-initrd || return 0
        done
    done
    report large small
}

for section in "${SECTIONS[@]}"; do
    declare -F "bench_$section" >/dev/null || { echo "run.sh: no section $section" >&2; exit 2; }
    "bench_$section"
done
