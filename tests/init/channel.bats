#!/usr/bin/env bats
# The guest's side of the channel, with FIFOs and a terminal in place of the ports.
load guest
load settings

# The first COUNT answers, in one line; "powered off" comes in between.
answers() {
    grep -v powered "$T/answers" | head -n "$1" | paste -sd,
}

# The exit status that the program ended with.
status() {
    head -c 1282 "$T/dev/port" | tail -c 1 | od -An -tu1 | tr -d ' \n'
}

@test "standard input arrives and ends, output and error stand apart" {
    guest '-- /programs/sh -c "cat; echo error >&2; exit 42"' 'type:one\ntwo\n'
    expect_equal "$(cat "$T/stdout")" $'one\ntwo'
    expect_equal "$(cat "$T/stderr")" error
    expect_equal "$(status)" 42
    [[ ! -s $T/dev/console ]]
}

@test "every exit status is the program's, and the host is told before the machine stops" {
    local status
    for status in 1 127 255; do
        guest "-- /programs/sh -c \"exit $status\"" answer
        expect_equal "$(answers 1)" "exited 0 $status"
        ((status == 255)) || expect_equal "$(status)" "$status" # one byte has no room for 255: power.c
    done
    guest '-- /programs/nothing' answer
    expect_equal "$(answers 1)" 'exited 0 127'
    expect_equal "$(cat "$T/stderr")" 'urunc-init: /programs/nothing: not found'
}

@test "an init that starts no program tells the host so" {
    settings user=everybody
    guest '-- /programs/sh -c "echo ran"' answer
    expect_equal "$(answers 1)" 'exited 0 125'
    expect_match 'user= names no user' "$T/stderr"
    [[ ! -s $T/stdout ]]
}

@test "64 MB go through byte for byte" {
    head -c 64000000 /dev/urandom >"$T/data"
    guest '-- /programs/sh -c cat' "feed:$T/data"
    cmp "$T/data" "$T/stdout"
}

@test "a reader that is late loses nothing of what the program wrote last" {
    guest '-- /programs/sh -c "seq 120000; exit 3"' hold pause:2 release
    seq 120000 | cmp - "$T/stdout"
    expect_equal "$(status)" 3
    guest '-- /programs/sh -c "seq 400000"' hold pause:2 release
    seq 400000 | cmp - "$T/stdout"
}

@test "processes that the program left do not go on writing" {
    guest '-- /programs/sh -c "yes & sleep 0.5; exit 3"'
    expect_equal "$(status)" 3
    [[ -s $T/stdout ]]
}

@test "standard input that the program does not read does not keep it" {
    guest '-- /programs/sh -c "exec </dev/null; echo ready; sleep 1; echo on"' until:ready 'type:some\n' pause:0.1 'type:more\n'
    expect_equal "$(paste -sd, "$T/stdout")" ready,on
}

@test "the standard streams can be opened again by name, by the program's user too" {
    settings user=1000:1000
    guest '-- /programs/sh -c "echo a >/dev/stdout; echo b >/proc/self/fd/1; echo c >/dev/stderr; cat /dev/stdin"' \
        'type:d\n'
    expect_equal "$(paste -sd, "$T/stdout")" a,b,d
    expect_equal "$(cat "$T/stderr")" c
}

@test "a signal reaches the program, and the answer repeats the session" {
    guest "-- /programs/sh -c 'trap \"echo got; exit 9\" TERM; echo ready; while :; do sleep 0.1; done'" \
        until:ready hello:7 answer signal:513:15 answer answer
    expect_equal "$(answers 3)" 'state 7 running 0,done 513 0,exited 0 9'
    expect_equal "$(paste -sd, "$T/stdout")" ready,got
}

@test "a signal reaches the program alone" {
    guest "-- /programs/sh -c '(trap \"echo child\" USR1; until test -e /told; do sleep 0.1; done) & trap \"echo >/told\" USR1; echo ready; wait; wait; exit 5'" \
        until:ready signal:1:10 answer answer
    expect_equal "$(cat "$T/stdout")" ready
    expect_equal "$(status)" 5
}

@test "a signal that the program does not handle ends it" {
    guest '-- /programs/sh -c "echo ready; exec sleep 60"' until:ready signal:1:15 answer answer
    expect_equal "$(answers 2)" 'done 1 0,exited 0 143'
}

@test "signals that there are none are refused" {
    guest '-- /programs/sh -c "echo ready; cat"' until:ready signal:1:0 answer signal:2:65 answer signal:3:4294967295 answer \
        bytes:63000400040000000f000000 bytes:0200040000000000 answer bytes:02000500030000000f0000 answer
    expect_equal "$(answers 5)" 'done 1 22,done 2 22,done 3 22,done 4 22,done 5 22'
    expect_equal "$(status)" 255 # BOOT_EXIT_BYTE_ZERO
}

@test "frames of unknown types, overlong ones and rubbish are passed over" {
    local filler
    filler=$(printf '00%.0s' {1..4097})
    guest '-- /programs/sh -c "echo ready; cat"' until:ready bytes:63000100020000004142 "bytes:0200020001100000$filler" \
        hello:9 answer
    expect_equal "$(answers 1)" 'state 9 running 0'
    python3 -c 'import random, sys; sys.stdout.buffer.write(random.Random(1).randbytes(30000))' >"$T/noise"
    guest '-- /programs/sh -c "echo ready; cat"' until:ready "bytes:$(od -An -v -tx1 "$T/noise" | tr -d ' \n')" \
        'type:still\n'
    expect_equal "$(paste -sd, "$T/stdout")" ready,still
}

@test "without a terminal a window size is refused" {
    guest '-- /programs/sh -c "echo ready; cat"' until:ready window:1:24:80 answer bytes:0300020002000000ffff answer
    expect_equal "$(answers 2)" 'done 1 25,done 2 22'
}

@test "an orderly end is SIGTERM, and SIGKILL for whoever stays" {
    guest "-- /programs/sh -c 'trap \"echo saved; exit 0\" TERM; echo ready; while :; do sleep 0.1; done'" \
        until:ready power-off:3 answer answer
    expect_equal "$(answers 2)" 'done 3 0,exited 0 0'
    expect_equal "$(paste -sd, "$T/stdout")" ready,saved
    local before=$SECONDS
    guest '-- /programs/sh -c "trap : TERM; echo ready; while :; do sleep 0.1; done"' until:ready power-off:3 answer answer
    expect_equal "$(answers 2)" 'done 3 0,exited 0 137'
    ((SECONDS - before >= 10))
}

@test "a power-off does not wait for a reader that never comes" {
    guest '-- /programs/sh -c "echo ready; exec seq 10000000"' until:ready hold pause:1 power-off:3 answer answer release
    expect_equal "$(answers 2)" 'done 3 0,exited 0 143'
}

@test "a terminal has the size that the host says, at the start and later" {
    guest "urunc.terminal urunc.size=30x100 -- /programs/sh -c 'stty size; trap \"stty size; exit\" WINCH; echo ready; while :; do sleep 0.1; done'" \
        until:ready window:1:40:132 answer answer
    expect_equal "$(tr -d '\r' <"$T/stdout" | paste -sd,)" '30 100,ready,40 132'
    expect_equal "$(answers 1)" 'done 1 0'
    [[ ! -s $T/stderr ]]
}

@test "sizes that an engine sets come by a port of their own, also those from before the agent reads it" {
    guest "urunc.terminal urunc.size=30x100 -- /programs/sh -c 'until stty size | grep -q \"40 132\"; do sleep 0.1; done; trap \"stty size; exit 3\" WINCH; echo ready; while :; do sleep 0.1; done'" \
        resize:40:132 until:ready resize:50:99 answer
    expect_equal "$(tr -d '\r' <"$T/stdout" | paste -sd,)" 'ready,50 99'
    expect_equal "$(answers 1)" 'exited 0 3' # and no answer to a size
    [[ ! -s $T/stderr ]]
}

@test "nothing but sizes is taken from the port of sizes" {
    local filler size=030000000400000028008400 # 40x132
    filler=$(printf '00%.0s' {1..4097})
    # After it: a signal, a power-off, a size of two bytes, one whose rows are all of its payload, an overlong frame.
    guest "urunc.terminal urunc.size=30x100 -- /programs/sh -c 'echo ready; until ! stty size | grep -q \"30 100\"; do sleep 0.1; done; sleep 0.5; stty size; read line; exit 3'" \
        until:ready "sizes:${size}0200000004000000090000000400000000000000030000000200000009000300000001100000$filler" \
        'until:40 132' 'type:\n' answer
    expect_equal "$(answers 1)" 'exited 0 3'
    guest "urunc.terminal urunc.size=30x100 -- /programs/sh -c 'echo ready; until stty size | grep -q \"40 132\"; do sleep 0.1; done; exit 4'" \
        until:ready "sizes:0300000001100000$filler$size" answer
    expect_equal "$(answers 1)" 'exited 0 4'
}

@test "without a terminal a size that comes changes nothing" {
    guest '-- /programs/sh -c "echo ready; cat; exit 5"' until:ready resize:40:132 'type:still\n'
    expect_equal "$(paste -sd, "$T/stdout")" ready,still
    expect_equal "$(status)" 5
}

@test "a terminal is the program's controlling one, and it can be opened by its names" {
    settings user=1000:1000
    guest 'urunc.terminal -- /programs/sh -c "tty; echo a >/dev/tty; echo b >/dev/stderr; test -t 0 && test -t 1 && test -t 2 && echo all"' until:all
    expect_equal "$(tr -d '\r' <"$T/stdout" | paste -sd,)" /dev/pts/0,a,b,all
}

@test "Ctrl-C interrupts, Ctrl-D ends the input, Ctrl-Z does not stop the program itself" {
    guest "urunc.terminal -- /programs/sh -c 'trap \"echo interrupted\" INT; cat; cat; echo status \$?'" \
        'type:one\n' $'until:one\r\none' 'type:\x1a' 'type:two\n' $'until:two\r\ntwo' 'type:\x03' until:interrupted \
        'type:line\n' $'until:line\r\nline' 'type:\x04' 'until:status 0'
    expect_match '^line' "$T/stdout"
    expect_match 'interrupted$' "$T/stdout"
}

@test "a terminal that the host closes hangs up" {
    guest 'urunc.terminal -- /programs/sh -c "echo ready; exec sleep 60"' until:ready eof answer
    expect_equal "$(answers 1)" 'exited 0 129'
}

@test "a host without the ports gets the console" {
    timeout 60 "$URUNC_SOURCE/tests/init/guest.py" "$INIT" "$T/rootfs" "$T/dev" \
        'urunc.channel urunc.exit -- /programs/sh -c "echo hello; exit 4"' >"$T/answers"
    expect_match 'urunc.stdin: the port did not come up within five seconds' "$T/dev/console"
    expect_line hello "$T/dev/console"
    expect_equal "$(status)" 4
}

@test "a frame that stays incomplete for a second is forgotten" {
    guest '-- /programs/sh -c "echo ready; cat"' until:ready bytes:02000100 taken pause:2 hello:9 answer \
        bytes:02000100ffffffff taken pause:2 hello:8 answer
    expect_equal "$(answers 2)" 'state 9 running 0,state 8 running 0'
}
