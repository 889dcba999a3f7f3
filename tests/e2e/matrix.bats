#!/usr/bin/env bats
# Every framework on every monitor with every storage, by trying: a pair that exists is booted with a guest of ours, or,
# where its monitor is not here, planned up to the monitor's start, whose place the stand-in takes; a pair that does not
# exist is refused by the builder. The matrix is written to tests/matrix.txt in the build directory.
load helpers

STANDIN=$URUNC_BIN/tests/sandbox/standin
MATRIX=$URUNC_BIN/tests/matrix.txt

prepare() {
    need_root
    need_program qemu-system-x86_64
    make_network
    configure_monitors
    urunc check --json >"$T/host" || true
}

# spt is the tender that comes with urunc. Monitors that only this shell's PATH has are used, too.
configure_monitors() {
    local name program words
    words=$(jq -nc --arg spt "$URUNC_BIN/runtime/urunc-spt" --arg cache "$T/cache" \
        '{rootfs_cache: {path: $cache}, monitors: {qemu: {acceleration: "tcg", memory_mib: 512}, spt: {path: $spt}}}')
    for name in firecracker cloud-hypervisor hvt=solo5-hvt; do
        program=$(command -v "${name#*=}") || continue
        words=$(jq -c --arg name "${name%%=*}" --arg path "$program" '.monitors[$name].path = $path' <<<"$words")
    done
    printf '%s\n' "$words" >"$T/urunc.json"
}

# ---- an image of the pair ----

# The test guest that speaks what the monitor loads and the framework's kernels are.
kernel_for() {
    case $2 in
    hvt | spt) printf 'solo5-%s.elf' "$2" ;;
    qemu) case $1 in includeos | mewz | mirage | hermit) printf multiboot.elf ;; *) printf pvh.elf ;; esac ;;
    *) printf pvh.elf ;;
    esac
}

# The initrd of two is an application.
storage_lines() {
    case $2 in
    initrd) if [[ $1 == hermit || $1 == includeos ]]; then echo 'INITRD kernel'; else echo 'INITRD files'; fi ;;
    block) if [[ $1 == nanos ]]; then echo 'BLOCK disk'; else echo 'BLOCK files'; fi ;;
    9p | rootfs-disk) echo 'LABEL com.urunc.unikernel.mountRootfs=true' ;;
    esac
}

# A disk of 1 MiB whose boot sector says so on the first serial port and ends by the keyboard controller's reset: Nanos is
# started from its disk where the machine is a PC.
boot_disk() {
    {
        printf '\x31\xc0\x8e\xd8\xbe\x19\x7c\xba\xf8\x03' # ds = 0, si = the text, dx = the port
        printf '\xac\x84\xc0\x74\x03\xee\xeb\xf8'         # out each byte of it
        printf '\xb0\xfe\xe6\x64\xf4\xeb\xfd'             # reset
        printf 'boot sector of disk0: runs\r\n'
        head -c 457 /dev/zero
        printf '\x55\xaa'
        head -c $(((1 << 20) - 512)) /dev/zero
    }
}

# Two guests have their arguments elsewhere. A guest with a share is told what to read of it.
command_line() {
    case $1/$2 in
    nanos/* | includeos/initrd) ;;
    */9p) echo 'CMD ["matrix", "read=/urunc.json"]' ;;
    *) echo 'CMD ["matrix"]' ;;
    esac
}

# write_context FRAMEWORK MONITOR STORAGE: what urunc-build is given, in $T/context.
write_context() {
    rm -rf "$T/context"
    mkdir -p "$T/context/files/etc"
    cp "$GUESTS/$(kernel_for "$1" "$2")" "$T/context/kernel"
    printf 'hello\n' >"$T/context/files/etc/motd"
    boot_disk >"$T/context/disk"
    {
        printf 'FROM scratch\nUNIKERNEL %s\nMONITOR %s\nKERNEL kernel\n' "$1" "$2"
        storage_lines "$1" "$3"
        command_line "$1" "$3"
    } >"$T/context/Containerfile"
}

make_bundle() {
    rm -rf "$T/bundle" "$T/out"
    if [[ $1/$2 == linux/qemu && -e $SAMPLES/linux/debian/vmlinuz && ($3 == initrd || $3 == block) ]]; then
        busybox_bundle "$T/bundle" "$3" || return
        arguments "$T/bundle" cat /proc/mounts
    else
        write_context "$1" "$2" "$3"
        build -t matrix -o "type=oci,dest=$T/out" "$T/context" || return
        unpack "$T/out" "$T/bundle" || return
    fi
    join_network "$T/bundle"
}

# ---- what a guest shows of its storage, and what a stand-in does ----

# guest_shows STORAGE: the guest ran and has it; 2: no guest of ours looks at that storage.
guest_shows() {
    local sign
    case $1 in
    initrd) sign='^initrd: |^[a-z]+ / (rootfs|tmpfs) ' ;;
    rootfs-disk) sign='^disk0: magic 53ef' ;;
    block) sign='^disk0: magic 53ef|^boot sector of disk0: runs|^disk0: sectors 2048$|^block [a-z]+: bytes [0-9]+ magic 53ef|^/dev/[a-z]+ / ext' ;;
    9p) sign='^share0: /urunc\.json: ' ;;
    none) sign='^memory: ' ;;
    *) return 2 ;;
    esac
    tr -d '\r' <"$T/console" | grep -qE "$sign"
}

# The monitor was started, and its root holds the guest's storage.
standin_shows() {
    local file
    case $1 in initrd) file=/guest/initrd ;; block | rootfs-disk) file=/guest/disk0 ;; 9p) file=/guest/share0 ;; *) file=/guest/kernel ;; esac
    [[ $(jq -r --arg file "$file" '[.. | .path? // empty | select(. == $file)] | length' "$T/console") -ge 1 ]]
}

boot() {
    new_id
    timeout "$BOOT_TIMEOUT" "$URUNC" --root "$T/root" --config "${1:-$T/urunc.json}" run --bundle "$T/bundle" "$ID" \
        </dev/null >"$T/console" 2>"$T/stderr" || true
}

# The same with the stand-in in the monitor's place.
plan() {
    local bin=$T/standin-$1/bin
    if [[ ! -d $bin ]]; then
        mkdir -p "$bin" "$T/standin-$1/share/qemu"
        cp "$STANDIN" "$bin/standin"
        printf 'firmware\n' >"$T/standin-$1/share/qemu/bios-256k.bin"
        jq --arg name "$1" --arg path "$bin/standin" '.monitors[$name].path = $path' "$T/urunc.json" >"$T/$1.json"
    fi
    boot "$T/$1.json"
}

# unit_tests_pass FRAMEWORK MONITOR: the golden tests of both drivers are there and pass.
unit_tests_pass() {
    local monitor=${2//-/_} test
    [[ $monitor != hvt && $monitor != spt ]] || monitor=tender
    for test in "guest_$1" "monitor_$monitor"; do
        "$URUNC_BIN/tests/test_runtime_$test" >"$T/unit.log" 2>&1 || return 1
    done
}

# ---- the cells ----

problem_of() {
    jq -r --arg f "$1" --arg m "$2" '.pairs[] | select(.framework == $f and .hypervisor == $m) | .problem // ""' "$T/host"
}

golden() {
    plan "$2"
    standin_shows "$3" || { printf 'FAILED: not planned: %s' "$(head -n 1 "$T/stderr")"; return; }
    unit_tests_pass "$1" "$2" || { printf 'FAILED: no golden tests that pass'; return; }
    printf 'golden only (%s)' "$4"
}

possible_cell() {
    local problem status=0
    make_bundle "$1" "$2" "$3" >"$T/stdout" || { printf 'FAILED: not built: %s' "$(head -n 1 "$T/build.log")"; return; }
    problem=$(problem_of "$1" "$2")
    if [[ -n $problem ]]; then
        golden "$1" "$2" "$3" "$problem"
        return
    fi
    boot
    guest_shows "$3" || status=$?
    case $status in
    0) printf 'booted here' ;;
    2) golden "$1" "$2" "$3" "no test guest looks at $3" ;;
    *) printf 'FAILED: %s' "$(head -n 1 "$T/stderr") $(tail -n 2 "$T/console" | tr -d '\r' | tr '\n' ' ')" ;;
    esac
}

impossible_cell() {
    write_context "$1" "$2" "$3"
    if "$URUNC_BUILD" build -q -t matrix -o "type=oci,dest=$T/none" "$T/context" >"$T/stdout" 2>"$T/build.log"; then
        printf 'FAILED: urunc-build takes it'
        rm -rf "$T/none"
    else
        printf 'impossible (%s)' "$(sed -E '1s/^.*Containerfile:[0-9]+: //' "$T/build.log" | head -n 1)"
    fi
}

# The kinds of storage that a pair has, "none" where it has none; nothing where it does not exist.
storage_of() {
    jq -r --arg f "$1" --arg m "$2" '.pairs[] | select(.framework == $f and .hypervisor == $m) | .storage |
        if . == [] then "none" else .[] end' "$T/host"
}

# The rootfs reaches a guest in one way: as a disk where the pair has that (9p is then for the bundle's mounts alone), else
# by 9p.
other_way_to_rootfs() {
    case $3 in
    9p) storage_of "$1" "$2" | grep -qx rootfs-disk ;;
    rootfs-disk) storage_of "$1" "$2" | grep -qx 9p && ! storage_of "$1" "$2" | grep -qx rootfs-disk ;;
    *) return 1 ;;
    esac
}

cell() {
    if other_way_to_rootfs "$@"; then
        return
    elif storage_of "$1" "$2" | grep -qx "$3"; then
        possible_cell "$1" "$2" "$3"
    elif [[ $3 != none ]]; then
        impossible_cell "$1" "$2" "$3"
    fi
}

@test "every pair that exists boots or is planned, every other is refused" {
    local framework monitor storage result
    : >"$MATRIX.new"
    for framework in $(jq -r '[.pairs[].framework] | unique[]' "$T/host"); do
        for monitor in $(jq -r '.monitors[].name' "$T/host"); do
            for storage in $(jq -r '[.pairs[].storage[]] | unique[]' "$T/host") none; do
                result=$(cell "$framework" "$monitor" "$storage")
                [[ -z $result ]] || printf '%-10s %-16s %-11s  %s\n' "$framework" "$monitor" "$storage" "$result" |
                    tee -a "$MATRIX.new"
            done
        done
    done
    mv "$MATRIX.new" "$MATRIX"
    [[ $(grep -c ' booted here$' "$MATRIX") -ge 10 ]]
    ! grep 'FAILED' "$MATRIX" || fail "$(grep -c FAILED "$MATRIX") cells are neither booted nor golden"
}
