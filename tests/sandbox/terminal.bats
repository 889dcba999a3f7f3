#!/usr/bin/env bats
# The container's terminal.
load standin

# console_run EXPECT SEND...: creates and starts the container with a console socket; what the terminal says is in
# $T/console.
console_run() {
    "$TOOLS/console.py" "$T/console.sock" 20 "$@" >"$T/console" 2>"$T/console.log" 3>&- &
    local helper=$!
    printf '%s\n' "$helper" >>"$T/processes"
    within 10 test -S "$T/console.sock"
    urunc create --bundle "$T/bundle" --console-socket "$T/console.sock" "$ID"
    urunc start "$ID"
    wait "$helper" || fail "$(cat "$T/console.log" "$T/console")"
}

@test "standard input, output and error are the container's controlling terminal, of the size that the bundle gives" {
    edit "$T/bundle" '.process.terminal = true | .process.consoleSize = {height: 41, width: 101}'
    console_run
    : >"$T/stderr"
    take_report
    expect_reported '.terminal | [.rows, .columns, .stdout, .stderr]' '[41,101,true,true]'
    expect_reported '.terminal.session == .process.session and .process.session == .process.pid' true
    expect_reported '[.descriptors[] | .fd]' '[0,1,2]'
    expect_reported '[.descriptors[].inode] | unique | length' 1
}

@test "what is typed reaches the monitor, and what it prints the terminal" {
    edit "$T/bundle" '.process.terminal = true'
    orders quiet say=ready echo
    console_run ready 'some words' 'some words' $'\004'
    expect_match 'some words' "$T/console"
}

@test "the terminal belongs to the container's user" {
    edit "$T/bundle" '.process.terminal = true | .process.user = {uid: 1234, gid: 1234}'
    orders quiet say=ready wait
    "$TOOLS/console.py" "$T/console.sock" 20 ready >"$T/console" 2>"$T/console.log" 3>&- &
    printf '%s\n' "$!" >>"$T/processes"
    within 10 test -S "$T/console.sock"
    urunc create --bundle "$T/bundle" --console-socket "$T/console.sock" --pid-file "$T/pid" "$ID"
    urunc start "$ID"
    within 10 grep -q ready "$T/console"
    expect_equal "$(stat -Lc %u "/proc/$(cat "$T/pid")/fd/0")" 1234
}

@test "without a terminal there is none, and no controlling one of the caller's" {
    script -qec "'$URUNC' --root '$T/root' --config '$T/urunc.json' run --bundle '$T/bundle' '$ID' </dev/null >'$T/console'" \
        /dev/null >/dev/null
    : >"$T/stderr"
    take_report
    expect_reported .terminal null
    expect_reported '.process.session == .process.pid' true
}

@test "a terminal needs a console socket where nobody attends it, and a console socket a terminal" {
    fails urunc create --bundle "$T/bundle" --console-socket "$T/nowhere.sock" "$ID"
    expect_one_error 'console-socket.*process.terminal'
    edit "$T/bundle" '.process.terminal = true'
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'console-socket'
    fails urunc create --bundle "$T/bundle" --console-socket "$T/nowhere.sock" "$ID"
    expect_one_error 'nowhere.sock'
    fails urunc create --bundle "$T/bundle" --console-socket "$T/$(printf 'x%.0s' {1..150})" "$ID"
    expect_one_error 'longer than 107 bytes'
    expect_nothing_left
}

@test "run relays its own terminal" {
    edit "$T/bundle" '.process.terminal = true'
    orders quiet say=ready echo
    { sleep 1; printf 'typed\n'; sleep 0.3; printf '\004'; sleep 0.2; } | script -qec \
        "'$URUNC' --root '$T/root' --config '$T/urunc.json' run --bundle '$T/bundle' '$ID'" /dev/null >"$T/console"
    expect_match '^ready' "$T/console"
    expect_match '^typed' "$T/console"
    expect_nothing_left
}

@test "a caller that does not read what the terminal says can still end the guest" {
    edit "$T/bundle" '.process.terminal = true | .linux.namespaces |= map(select(.type != "pid"))'
    orders quiet many=1000000000
    mkfifo "$T/unread"
    sleep 1000 <"$T/unread" 3>&- &
    local reader=$!
    printf '%s\n' "$reader" >>"$T/processes"
    "$URUNC" --root "$T/root" --config "$T/urunc.json" run --bundle "$T/bundle" --pid-file "$T/pid" "$ID" \
        </dev/null >"$T/unread" 2>"$T/stderr" 3>&- &
    local runner=$!
    printf '%s\n' "$runner" >>"$T/processes"
    within 60 waits_for_reader "$runner"
    kill -TERM "$runner"
    within 60 test ! -e "/proc/$(cat "$T/pid")"
    kill "$reader"
    wait "$runner" || true
    expect_nothing_left
}

# Its standard output takes nothing any more: the pipe has been full for a while, and the guest runs.
waits_for_reader() {
    local before
    [[ -s $T/pid ]] && status_is running || return 1
    before=$(awk '/^wchar/ {print $2}' "/proc/$1/io")
    ((before >= 4096)) || return 1
    sleep 0.3
    [[ $(awk '/^wchar/ {print $2}' "/proc/$1/io") == "$before" ]]
}
