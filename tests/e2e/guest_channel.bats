#!/usr/bin/env bats
# The guest's side of the channel on QEMU's own ports, without urunc: what FIFOs in place of ports (tests/init) cannot show.
load helpers

prepare_file() {
    [[ $(id -u) -eq 0 && -e $SAMPLES/linux/debian/vmlinuz ]] || return 0
    local root=$F/root applet
    mkdir -p "$root/bin" "$root/etc"
    cp -r "$SAMPLES/linux/debian/modules/." "$root/"
    printf 'virtio_pci\n' >"$root/etc/modules"
    cp "$URUNC_BIN/runtime/urunc-init" "$root/urunc-init"
    cp "$(command -v busybox)" "$root/bin/busybox"
    for applet in cat head ls sh sleep sha256sum stty tty; do
        ln -s busybox "$root/bin/$applet"
    done
    (cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null) >"$F/initrd"
}

prepare() {
    need_root
    need_program qemu-system-x86_64 busybox python3
    need_kernel
}

# machine COMMAND_LINE WORD...: see machine.py. What it prints is in $T/answers.
machine() {
    local line=$1
    shift
    timeout -s KILL 200 "$URUNC_SOURCE/tests/init/machine.py" "$SAMPLES/linux/debian/vmlinuz" "$F/initrd" \
        "rdinit=/urunc-init urunc.channel $line" "$T" "$@" >"$T/answers" 2>"$T/machine.log" ||
        fail "$(tail -n 20 "$T/machine.log" "$T/console" "$T/stdout" "$T/stderr" "$T/answers")"
    rm -f "$T/control.sock"
}

answers() {
    paste -sd, "$T/answers"
}

with_exit_port() {
    machine "urunc.exit $1" --option '-device isa-debug-exit,iobase=0x501,iosize=0x02' "${@:2}"
}

@test "input that was written before the guest was up arrives and ends; a port cannot be opened again, /dev/stdout can" {
    with_exit_port "-- sh -c 'cat; echo error >&2; echo again >/dev/stdout; cat /dev/vport0p2; cat /dev/vport0p4; exit 42'" \
        'type:one\ntwo\n'
    expect_equal "$(paste -sd, "$T/stdout")" one,two,again
    expect_equal "$(paste -sd, "$T/stderr")" \
        "error,cat: can't open '/dev/vport0p2': Device or resource busy,cat: can't open '/dev/vport0p4': Device or resource busy"
    expect_equal "$(answers)" "status $(((0x100 | 42) * 2 + 1 & 0xff))"
    ! grep -v '^\[' "$T/console" | grep . || fail 'the console is for the kernel'
}

@test "64 MB go through byte for byte" {
    head -c 64000000 /dev/urandom >"$T/data"
    with_exit_port '-- cat' "feed:$T/data"
    cmp "$T/data" "$T/stdout"
}

@test "a reader that is late when the guest has ended loses nothing" {
    with_exit_port "-- sh -c 'echo ready; cat; head -c 4000000 /dev/zero; echo end'" until:ready hold eof pause:4 release
    expect_equal "$(stat -c %s "$T/stdout")" $((6 + 4000000 + 4))
    expect_equal "$(tail -c 4 "$T/stdout")" end
}

@test "clients of the control port come early, leave, leave in the middle of a frame, and send rubbish" {
    with_exit_port "-- sh -c 'echo ready; exec sleep 100'" hello:1 answer until:ready hello:2 leave \
        connect pause:0.5 bytes:0200 leave connect pause:1.5 hello:3 answer \
        bytes:ff00ffff000001000000 leave connect pause:1.5 hello:4 answer \
        signal:5:15 answer answer
    grep -v '^state 2 ' "$T/answers" >"$T/own" # the second client had left when its answer came
    expect_equal "$(paste -sd, "$T/own")" \
        "state 1 running 0,state 3 running 0,state 4 running 0,done 5 0,exited 0 143,status $(((0x100 | 143) * 2 + 1 & 0xff))"
}

@test "a terminal: its size, Ctrl-C, and no echo lost" {
    # The pause: ^C discards output that the terminal has not passed on yet.
    with_exit_port "urunc.terminal urunc.size=30x100 -- sh -c 'stty size; tty; trap \"stty size\" WINCH; trap \"echo interrupted; exit 5\" INT; echo ready; while :; do sleep 0.2; done'" \
        until:ready window:1:40:132 answer 'until:40 132' pause:1 'type:\x03' until:interrupted answer
    expect_equal "$(tr -d '\r' <"$T/stdout" | paste -sd,)" '30 100,/dev/pts/0,ready,40 132,^Cinterrupted'
    expect_equal "$(sed -n 2p "$T/answers")" 'exited 0 5'
}

@test "without an exit port a failure ends the monitor by a panic, and success does not" {
    machine "-- sh -c 'echo out; exit 3'"
    expect_equal "$(answers)" 'status 1'
    expect_equal "$(cat "$T/stdout")" out
    machine '-- sh -c "echo out"'
    expect_equal "$(answers)" 'status 0'
    expect_equal "$(cat "$T/stdout")" out
}
