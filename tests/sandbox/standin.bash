# What the tests with the stand-in monitor share. A test file says: load standin. The stand-in is put in QEMU's place
# by urunc's configuration and prints what it was given as one line of JSON (tests/sandbox/standin/main.c).
# shellcheck shell=bash
load ../e2e/helpers

STANDIN=$URUNC_BIN/tests/sandbox/standin

# The monitor at $T/qemu/bin/standin, with beside it the files that QEMU needs, and a bundle at $T/bundle.
prepare() {
    need_root
    mkdir -p "$T/qemu/bin" "$T/qemu/share/qemu"
    cp "$STANDIN" "$T/qemu/bin/standin"
    printf 'firmware\n' >"$T/qemu/share/qemu/bios-256k.bin"
    printf '{"monitors":{"qemu":{"path":"%s","acceleration":"tcg"}}}\n' "$T/qemu/bin/standin" >"$T/urunc.json"
    make_bundle "$T/bundle"
    new_id
    if declare -F prepare_more >/dev/null; then
        prepare_more
    fi
}

# The smallest bundle of a unikernel: a kernel of 12 bytes (a multiboot header), and what an engine's config.json has
# at least. The guest's command line is process.args.
make_bundle() {
    mkdir -p "$1/rootfs/boot"
    printf '\x02\xb0\xad\x1b\x00\x00\x00\x00\xfe\x4f\x52\xe4' >"$1/rootfs/boot/kernel"
    jq -n '{
        ociVersion: "1.1.0",
        process: {user: {uid: 0, gid: 0}, args: ["guest"], env: ["SECRET=of the container"], cwd: "/"},
        root: {path: "rootfs"},
        annotations: ({unikernelType: "generic", hypervisor: "qemu", binary: "/boot/kernel"}
            | with_entries(.key |= "com.urunc.unikernel." + .)),
        linux: {namespaces: [{type: "pid"}, {type: "mount"}, {type: "ipc"}, {type: "uts"}, {type: "network"}]}
    }' >"$1/config.json"
}

annotate() {
    edit "$T/bundle" '.annotations["com.urunc.unikernel." + $key] = $value' --arg key "$1" --arg value "$2"
}

# orders WORD...: what the stand-in does after its report.
orders() {
    arguments "$T/bundle" "${@/#/standin:}"
}

# Runs the container to its end; the report is in $T/report. The arguments are options of `run`.
run_standin() {
    STATUS=0
    urunc run --bundle "$T/bundle" "$@" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || STATUS=$?
    take_report
}

# Starts the container and leaves the stand-in waiting; $PID is its process.
start_standin() {
    orders wait
    urunc create --bundle "$T/bundle" --pid-file "$T/pid" "$@" "$ID" </dev/null >"$T/console" 2>"$T/stderr" ||
        fail "create: $(cat "$T/stderr" "$T/console")"
    urunc start "$ID" || fail "start: $(cat "$T/stderr" "$T/console")"
    # shellcheck disable=SC2034 # the tests use it
    PID=$(cat "$T/pid")
    within 10 has_report || fail "no report: $(cat "$T/stderr" "$T/console")"
    take_report
}

create_standin() {
    urunc create --bundle "$T/bundle" --pid-file "$T/pid" "$@" "$ID" </dev/null >"$T/console" 2>"$T/stderr" ||
        fail "create: $(cat "$T/stderr" "$T/console")"
    # shellcheck disable=SC2034 # the tests use it
    PID=$(cat "$T/pid")
}

# The stand-in has come to the order `deaf`: what it said before does not tell that.
ignores_term() {
    (($((0x$(status_line "$PID" SigIgn))) & 0x4000))
}

has_report() {
    [[ $(wc -l <"$T/console") -ge 1 ]]
}

# The socket on which the monitor is managed is `.management`, and not among the descriptors.
take_report() {
    head -n 1 "$T/console" | jq -c '
        [.argv[] | capture("^socket,id=manage,fd=(?<fd>[0-9]+),").fd | tonumber] as $named
        | .management = [.descriptors[] | select(.fd | IN($named[]))]
        | .descriptors |= map(select(.fd | IN($named[]) | not))' >"$T/report" 2>/dev/null
    [[ -s $T/report ]] && jq -e .argv "$T/report" >/dev/null 2>&1 || fail "no report; status ${STATUS-}: $(cat "$T/stderr" "$T/console")"
}

# reported FILTER: the report's value as compact JSON, or plain text where it is a string.
reported() {
    jq -rc "$1" "$T/report"
}

# expect_reported FILTER VALUE
expect_reported() {
    local got
    got=$(reported "$1")
    [[ $got == "$2" ]] || fail "$(printf '%s is %s, not %s' "$1" "$got" "$2")"
}

# expect_root FILTER VALUES: what the filter gives for the entries of the private root, sorted, with blanks between. The
# paths of the stand-in and its firmware, which are below a temporary directory, begin with @.
expect_root() {
    expect_reported "[.root[] | .path |= sub(\"^$T/qemu\"; \"@\") | $1 | tostring] | sort | join(\" \")" "$2"
}

# The namespace of a process: namespace PID KIND ("net", "mnt", ...).
namespace() {
    readlink "/proc/$1/ns/$2"
}

# status_line PID NAME: a field of /proc/PID/status.
status_line() {
    sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"
}

# A bundle whose guest is Linux: the header of a bzImage, and urunc's init, which reports a program's exit status.
linux_bundle() {
    python3 - "$T/bundle/rootfs/boot/kernel" <<'PYTHON'
import sys
image = bytearray(4096)
image[0x1fe:0x200] = b"\x55\xaa"
image[0x202:0x206] = b"HdrS"
image[0x206:0x208] = b"\x0f\x02"
image[0x211] = image[0x236] = 1
open(sys.argv[1], "wb").write(image)
PYTHON
    annotate unikernelType linux
    edit "$T/bundle" '.process.args = ["/urunc-init", "program"]'
}
