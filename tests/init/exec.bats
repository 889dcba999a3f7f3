#!/usr/bin/env bats
# Further programs in a guest (urunc exec): the guest's side, with terminals in place of the ports.
load guest

# beside WORD...: beside a program that ends with its input, once port 1 was taken.
beside() {
    guest '-- /programs/sh -c "echo ready; cat; exit 5"' until:ready exec:1:1 answer "$@"
}

# shell NUMBER SCRIPT: words that start a shell on that port.
shell() {
    SHELL_WORDS=("item:$1:a/programs/sh" "item:$1:a-c" "item:$1:a$2" "start:$1")
}

# The lines that tell of further programs.
told() {
    grep '^exec' "$T/answers"
}

@test "a program runs beside the main one, with its own output, error and status" {
    shell 1 'echo out; echo err >&2; exit 7'
    beside "${SHELL_WORDS[@]}" ended:1
    expect_equal "$(head -n 1 "$T/answers")" 'done 1 0'
    expect_equal "$(told)" "exec 1: started output 'out\\n' error 'err\\n' exited 7"
    expect_equal "$(cat "$T/stdout")" ready
}

@test "a program has the arguments, variables, directory, user and groups of its request, and nothing else" {
    beside 'item:1:a/programs/sh' 'item:1:a-c' 'item:1:aecho "$0" "$1" "$A" "$B" $PWD $(id -u) $(id -g) $(id -G) $HOME' \
        'item:1:atwo  words' 'item:1:a' 'item:1:eA=1=2' 'item:1:eB=a\nb' item:1:d/made/here item:1:u1000:1001 item:1:g27 item:1:g28 \
        start:1 ended:1 exec:2:2 answer item:2:a/bin/env 'item:2:eA=1=2' item:2:eHOME= start:2 ended:2
    expect_equal "$(told | head -n 1)" \
        "exec 1: started output 'two  words  1=2 a\\nb /made/here 1000 1001 1001 27 28 /home/guest\\n' exited 0"
    expect_equal "$(told | tail -n 1)" "exec 2: started output 'A=1=2\\nHOME=/root\\n' exited 0"
}

@test "a program has the limits of its request, as far as the kernel grants them" {
    beside item:1:a/programs/sh item:1:a-c 'item:1:aulimit -Sn; ulimit -Hn; ulimit -c' item:1:l7:64:128 item:1:l4:0:0 \
        item:1:u1000:1001 start:1 ended:1 \
        exec:2:2 answer item:2:a/programs/sh item:2:a-c 'item:2:aulimit -Hn' item:2:l7:9:18446744073709551615 start:2 ended:2
    expect_equal "$(told | head -n 1)" "exec 1: started output '64\\n128\\n0\\n' exited 0"
    expect_match "^exec 2: started output '[0-9]+.n' exited 0" <(told | tail -n 1)
}

@test "a program is looked for in the PATH of its request" {
    beside item:1:ePATH=/nowhere:/programs item:1:ash item:1:a-c 'item:1:aecho found' start:1 ended:1
    expect_equal "$(told)" "exec 1: started output 'found\\n' exited 0"
}

@test "a request may be as long as the kernel takes" {
    local words=() i long
    long=$(printf 'x%.0s' {1..100000})
    for i in {1..10}; do words+=("item:1:eLONG$i=$long"); done
    beside "${words[@]}" item:1:a/programs/sh item:1:a-c 'item:1:aecho ${#LONG1} ${#LONG10}' start:1 ended:1
    expect_equal "$(told)" "exec 1: started output '100000 100000\\n' exited 0"
}

@test "what cannot be started is told with its errno and the step" {
    printf 'no program\n' >"$T/rootfs/programs/text"
    printf x >"$T/rootfs/file"
    beside item:1:a/programs/nothing start:1 ended:1 \
        exec:2:2 answer item:2:a/programs/text start:2 ended:2 \
        exec:3:3 answer item:3:anothing start:3 ended:3 \
        exec:4:4 answer item:4:a/programs/sh item:4:d/file/below start:4 ended:4 \
        exec:5:5 answer item:5:a/programs/sh item:5:u4000000000:1 start:5 ended:5
    expect_equal "$(told | paste -sd,)" \
        'exec 1: failed 2 at 4,exec 2: failed 13 at 4,exec 3: failed 2 at 4,exec 4: failed 20 at 2,exec 5: failed 22 at 3'
}

@test "requests that are none are refused" {
    beside start:1 ended:1 \
        exec:2:2 answer item:2:d/ start:2 ended:2 \
        exec:3:3 answer item:3:a/programs/sh item:3:u1 start:3 ended:3 \
        exec:4:4 answer item:4:a/programs/sh item:4:u1:4294967295 start:4 ended:4 \
        exec:5:5 answer item:5:a/programs/sh item:5:drelative start:5 ended:5 \
        exec:6:6 answer item:6:a/programs/sh item:6:e=x start:6 ended:6 \
        exec:7:7 answer item:7:a/programs/sh item:7:zunknown start:7 ended:7 \
        exec:8:8 answer exec-bytes:8:1000000001000000611100000000000000 ended:8
    expect_equal "$(told | sed 's/^exec [1-8]: //' | sort -u)" 'failed 22 at 0'
    expect_equal "$(told | wc -l)" 8
}

@test "input arrives and ends" {
    shell 1 'cat; echo end'
    beside "${SHELL_WORDS[@]}" 'input:1:one\n' 'heard:1:one' 'input:1:two\n' input-end:1 ended:1
    expect_equal "$(told)" "exec 1: started output 'one\\ntwo\\nend\\n' exited 0"
}

@test "input may come before the program has started" {
    shell 1 cat
    beside 'input:1:early\n' input-end:1 "${SHELL_WORDS[@]}" ended:1
    expect_equal "$(told)" "exec 1: started output 'early\\n' exited 0"
}

@test "4 MB go in and out byte for byte" {
    python3 -c 'import random, sys; sys.stdout.buffer.write(random.Random(2).randbytes(4000000))' >"$T/data"
    shell 1 cat
    beside "${SHELL_WORDS[@]}" "input-feed:1:$T/data" input-end:1 "output:1:$T/copy"
    cmp "$T/data" "$T/copy"
}

@test "input that a program does not read keeps no signal waiting" {
    local i words=()
    for i in {1..16}; do words+=("input:1:$(printf 'x%.0s' {1..4096})"); done
    shell 1 'trap "exit 6" TERM; echo ready; while :; do sleep 0.1; done'
    beside "${SHELL_WORDS[@]}" heard:1:ready "${words[@]}" exec-signal:1:15 ended:1
    expect_equal "$(told)" "exec 1: started output 'ready\\n' exited 6"
}

# watching WORD...: beside a program that says "alive" once there is a process of which /pid tells, and then "gone".
watching() {
    guest '-- /programs/sh -c "until test -s /pid; do sleep 0.1; done; echo alive; while kill -0 $(cat /pid) 2>/dev/null; do sleep 0.1; done; echo gone; cat"' \
        exec:1:1 answer "$@"
}

@test "a host that sends more input than it may is left, and its program killed" {
    shell 1 'echo $$ >/pid; exec sleep 1000'
    watching "${SHELL_WORDS[@]}" until:alive exec-flood:1:282 until:gone
}

@test "a client that leaves ends its program" {
    shell 1 'echo $$ >/pid; exec sleep 1000'
    watching "${SHELL_WORDS[@]}" until:alive exec-leave:1 until:gone
}

@test "a program that a signal ends has the status that a shell gives" {
    shell 1 'echo ready; exec sleep 1000'
    beside "${SHELL_WORDS[@]}" heard:1:ready exec-signal:1:9 ended:1
    expect_equal "$(told)" "exec 1: started output 'ready\\n' exited 137"
}

@test "a terminal has its size, is the controlling one, and its window can change" {
    beside item:1:t30x100 item:1:u1000:1000 item:1:a/programs/sh item:1:a-c \
        'item:1:atty; stty size; trap "stty size; exit 3" WINCH; echo ready >/dev/tty; while :; do sleep 0.1; done' \
        start:1 heard:1:ready exec-window:1:40:132 ended:1
    expect_equal "$(told)" "exec 1: started output '/dev/pts/0\\r\\n30 100\\r\\nready\\r\\n40 132\\r\\n' exited 3"
}

@test "a terminal's characters do what they do" {
    beside item:1:t0x0 item:1:a/programs/sh item:1:a-c 'item:1:atrap "echo interrupted" INT; cat; cat; exit 4' start:1 \
        'input:1:one\n' 'heard:1:one\r\none' 'input:1:\x03' heard:1:interrupted 'input:1:two\n' 'heard:1:two\r\ntwo' 'input:1:\x04' ended:1
    expect_match 'exited 4$' "$T/answers"
}

@test "ten at once keep apart" {
    local words=() number
    for number in 2 3 4 5 6 7 8 9 10; do words+=("exec:$number:$number" answer); done
    for number in 1 2 3 4 5 6 7 8 9 10; do
        shell "$number" "read -r line; echo \"\$line of $number\"; exit $number"
        words+=("${SHELL_WORDS[@]}")
    done
    for number in 10 9 8 7 6 5 4 3 2 1; do words+=("input:$number:input\\n"); done
    for number in 1 2 3 4 5 6 7 8 9 10; do words+=("ended:$number"); done
    beside "${words[@]}"
    for number in 1 2 3 4 5 6 7 8 9 10; do
        expect_line "exec $number: started output 'input of $number\\n' exited $number" "$T/answers"
    done
}

@test "the main program's end ends the others, and tells their clients" {
    shell 1 'echo ready; exec sleep 1000'
    beside "${SHELL_WORDS[@]}" heard:1:ready eof ended:1
    expect_equal "$(told)" "exec 1: started output 'ready\\n' exited 137"
    expect_equal "$(head -c 1282 "$T/dev/port" | tail -c 1 | od -An -tu1 | tr -d ' \n')" 5
}

@test "a client that reads nothing keeps neither the others nor the machine's end" {
    shell 1 'exec yes'
    local words=("${SHELL_WORDS[@]}")
    shell 2 'echo on'
    beside "${words[@]}" exec:2:2 answer "${SHELL_WORDS[@]}" ended:2
    expect_equal "$(told)" "exec 2: started output 'on\\n' exited 0"
}

@test "what was written last is heard, though somebody else holds the output open" {
    shell 1 'sleep 1000 & seq 20000; exit 3'
    beside "${SHELL_WORDS[@]}" "output:1:$T/seq" ended:1
    seq 20000 | cmp - "$T/seq"
    expect_match 'exited 3$' "$T/answers"
}

@test "ports that are not there, that were taken, and frames that are no numbers are refused" {
    guest '-- /programs/sh -c "echo ready; cat"' until:ready exec:1:99 answer exec:2:0 answer exec:3:1 answer exec:4:1 answer \
        bytes:0500050000000000 answer
    expect_equal "$(grep -v powered "$T/answers" | paste -sd,)" 'done 1 2,done 2 2,done 3 0,done 4 16,done 5 22'
}

@test "a port that comes late is found" {
    guest '-- /programs/sh -c "echo ready; read line; echo urunc.exec.12 >/sys/class/virtio-ports/vport0p16/name; echo there; cat"' \
        until:ready exec:1:12 answer 'type:go\n' until:there exec:2:12 answer item:12:a/programs/sh item:12:a-c 'item:12:aecho late' start:12 ended:12
    expect_equal "$(head -n 3 "$T/answers" | paste -sd,)" "done 1 2,done 2 0,exec 12: started output 'late\\n' exited 0"
}

@test "without new privileges" {
    beside item:1:n item:1:a/programs/sh item:1:a-c 'item:1:agrep NoNewPrivs /proc/self/status' start:1 ended:1
    expect_equal "$(told)" "exec 1: started output 'NoNewPrivs:\\t1\\n' exited 0"
}
