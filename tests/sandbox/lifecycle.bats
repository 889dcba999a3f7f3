#!/usr/bin/env bats
# A container's life, as an engine leads it: create, start, state, kill, delete, list.
load standin

has_ended() {
    [[ ! -e /proc/$1 ]]
}

started() {
    start_standin
    status_is running
}

@test "created, running, stopped, deleted" {
    orders wait
    create_standin
    status_is created
    [[ ! -s $T/console ]] || fail "the monitor ran before start: $(cat "$T/console")"
    expect_equal "$(urunc state "$ID" | jq -r .pid)" "$PID"
    urunc start "$ID"
    status_is running
    expect_equal "$(urunc state "$ID" | jq -r .pid)" "$PID"
    urunc kill "$ID" KILL
    within 10 status_is stopped
    expect_equal "$(urunc state "$ID" | jq -r .pid)" 0
    urunc delete "$ID"
    fails urunc state "$ID"
    expect_one_error "container \"$ID\" does not exist"
}

@test "state says what the specification asks for, and what runc says beyond it" {
    orders wait
    create_standin
    urunc state "$ID" >"$T/state"
    expect_equal "$(jq -c '[.ociVersion, .id, .status, .bundle, .rootfs, .owner]' "$T/state")" \
        "[\"1.1.0\",\"$ID\",\"created\",\"$T/bundle\",\"$T/bundle/rootfs\",\"root\"]"
    expect_equal "$(jq -r '.annotations["com.urunc.unikernel.binary"]' "$T/state")" /boot/kernel
    expect_equal "$(date -d "$(jq -r .created "$T/state")" +%Y)" "$(date -u +%Y)"
}

@test "the pid file has the number of the process, and is whole when it appears" {
    create_standin
    expect_equal "$(cat "$T/pid")" "$(urunc state "$ID" | jq -r .pid)"
    [[ ! -e $T/pid.tmp ]]
}

@test "a pid file that cannot be written fails the creation and leaves nothing" {
    fails urunc create --bundle "$T/bundle" --pid-file "$T/nowhere/pid" "$ID"
    expect_one_error "--pid-file $T/nowhere/pid"
    expect_nothing_left
}

@test "a FIFO beside the pid file does not make create wait, and one in its place is refused" {
    mkfifo "$T/pid.tmp" "$T/pid"
    fails urunc create --bundle "$T/bundle" --pid-file "$T/pid" "$ID"
    expect_one_error "--pid-file $T/pid: is no regular file"
    [[ -p $T/pid ]]
    rm "$T/pid"
    urunc create --bundle "$T/bundle" --pid-file "$T/pid" "$ID" </dev/null >"$T/console" 2>&1
    [[ -f $T/pid && -p $T/pid.tmp ]]
    [[ -e /proc/$(cat "$T/pid") ]]
    urunc delete --force "$ID"
}

@test "kill sends what it is asked to, by name and by number, TERM by default" {
    started
    fails urunc kill "$ID" 0
    fails urunc kill "$ID" NOSUCHSIGNAL
    expect_one_error 'NOSUCHSIGNAL'
    urunc kill "$ID" SIGCONT
    urunc kill "$ID" 18
    urunc kill "$ID" cont
    status_is running
    urunc kill "$ID"
    within 10 status_is stopped
    fails urunc kill "$ID"
    expect_one_error 'not running'
    urunc kill --all "$ID"
}

@test "a monitor that ignores TERM ends by KILL" {
    orders deaf
    create_standin
    urunc start "$ID"
    within 60 ignores_term
    urunc kill "$ID" TERM
    sleep 0.2
    status_is running
    urunc kill "$ID" 9
    within 10 status_is stopped
}

@test "kill --all reaches every process of the container" {
    edit "$T/bundle" '.linux.namespaces = (.linux.namespaces | map(select(.type != "pid")))'
    orders fork=3 wait
    create_standin
    urunc start "$ID"
    within 10 has_children 3
    local children
    children=$(pgrep -P "$PID")
    urunc kill --all "$ID" KILL
    within 10 status_is stopped
    local child
    for child in $children; do
        within 5 has_ended "$child"
    done
}

has_children() {
    [[ $(pgrep -P "$PID" | wc -l) -eq $1 ]]
}

@test "a waiting process ends by the signals that end one" {
    local name
    for name in TERM INT HUP QUIT USR1; do
        create_standin
        urunc kill "$ID" "$name"
        within 10 status_is stopped
        urunc delete "$ID"
    done
}

@test "start once, and only what was created" {
    fails urunc start "$ID"
    expect_one_error 'does not exist'
    started
    fails urunc start "$ID"
    expect_one_error 'already running'
    urunc kill "$ID" KILL
    within 10 status_is stopped
    fails urunc start "$ID"
    expect_one_error 'stopped'
}

@test "of two starts at once one starts the monitor" {
    orders wait
    create_standin
    local first=0 second=0
    urunc start "$ID" >"$T/one" 2>&1 3>&- &
    local racer=$!
    urunc start "$ID" >"$T/two" 2>&1 || second=$?
    wait "$racer" || first=$?
    (((first == 0) + (second == 0) == 1)) || fail "first $first, second $second: $(cat "$T/one" "$T/two")"
    within 10 has_report
}

@test "two containers cannot have one name" {
    create_standin
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error "\"$ID\" already exists"
    status_is created
}

@test "delete takes what has stopped or was not started, with --force everything, and --force what is not there" {
    started
    fails urunc delete "$ID"
    expect_one_error 'not stopped: running'
    status_is running
    urunc delete --force "$ID"
    within 5 has_ended "$PID"
    expect_nothing_left
    urunc delete --force "$ID"
    fails urunc delete "$ID"
    expect_one_error 'does not exist'
    create_standin
    urunc delete "$ID"
    within 5 has_ended "$PID"
}

@test "a waiting process that was killed leaves a container that has stopped" {
    create_standin
    kill -KILL "$PID"
    within 10 status_is stopped
    fails urunc start "$ID"
    urunc delete "$ID"
    expect_nothing_left
}

@test "a start that fails leaves a container that has stopped, and says why" {
    edit "$T/bundle" '.hooks = {startContainer: [{path: "/bin/none"}]}'
    create_standin
    fails urunc start "$ID"
    expect_one_error 'startContainer hook: /bin/none: .*No such file'
    status_is stopped
    urunc delete "$ID"
    expect_nothing_left
}

@test "a command line that is longer than an argument may be fails the start and says so" {
    head -c 140000 /dev/zero | tr '\0' x >"$T/long"
    edit "$T/bundle" '.process.args = [$text]' --rawfile text "$T/long"
    create_standin
    fails urunc start "$ID"
    expect_one_error 'command line is longer'
}

@test "list shows running and created containers, as a table, as JSON and as names" {
    expect_equal "$(urunc list --quiet)" ''
    expect_equal "$(urunc list --format json)" '[]'
    started
    local running=$ID
    new_id
    create_standin
    urunc list >"$T/list"
    expect_match '^ID +PID +STATUS +BUNDLE +CREATED +OWNER$' "$T/list"
    expect_match "^$running +[0-9]+ +running +$T/bundle +[^ ]+ +root$" "$T/list"
    expect_match "^$ID +$PID +created +$T/bundle" "$T/list"
    expect_equal "$(urunc list --quiet | sort)" "$(printf '%s\n' "$running" "$ID" | sort)"
    expect_equal "$(urunc list --format json | jq -c 'map(.status) | sort')" '["created","running"]'
    fails urunc list --format yaml
    expect_one_error 'yaml'
}

@test "a caller's descriptors are not held by a container that waits" {
    exec 8>"$T/held"
    create_standin
    exec 8>&-
    ! readlink "/proc/$PID"/fd/* | grep -F "$T/held" || fail 'held'
}

@test "closed standard streams of the caller do not become the monitor's files" {
    orders wait
    "$URUNC" --root "$T/root" --config "$T/urunc.json" create --bundle "$T/bundle" --pid-file "$T/pid" "$ID" \
        <&- 2>"$T/stderr" >&-
    PID=$(cat "$T/pid")
    urunc start "$ID"
    expect_equal "$(readlink "/proc/$PID/fd/0")" /dev/null
    expect_equal "$(readlink "/proc/$PID/fd/1")" /dev/null
}
