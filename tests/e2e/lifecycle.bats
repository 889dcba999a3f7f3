#!/usr/bin/env bats
# What an engine sees of a container's life: states, signals, hooks, the terminal, and that nothing is left.
load helpers

prepare() {
    need_root
    need_program qemu-system-x86_64
    multiboot_bundle "$T/bundle"
    arguments "$T/bundle" hang
    new_id
}

started() {
    start "$T/bundle"
    within 30 console_has '^cmdline:'
}

gone() {
    [[ ! -e /proc/$1 ]]
}

@test "created, running, stopped, deleted" {
    urunc create --bundle "$T/bundle" --pid-file "$T/pid" "$ID" </dev/null >"$T/console" 2>&1
    status_is created
    [[ ! -s $T/console ]] || fail "the guest ran before start: $(cat "$T/console")"
    urunc start "$ID"
    within 30 console_has '^cmdline:'
    status_is running
    expect_equal "$(urunc state "$ID" | jq -r .pid)" "$(cat "$T/pid")"
    urunc kill "$ID" KILL
    within 10 status_is stopped
    urunc delete "$ID"
    fails urunc state "$ID"
    expect_one_error "$ID"
}

@test "state validates against the runtime-spec schema" {
    need_schemas
    started
    urunc state "$ID" >"$T/state.json"
    "$TOOLS/validate.py" "$SCHEMAS/runtime-spec/state-schema.json" "$T/state.json"
    expect_equal "$(jq -r .bundle "$T/state.json")" "$T/bundle"
    expect_equal "$(jq -r '.annotations["com.urunc.unikernel.hypervisor"]' "$T/state.json")" qemu
    urunc delete --force "$ID"
}

@test "features and spec validate against the runtime-spec schemas" {
    need_schemas
    urunc features >"$T/features.json"
    "$TOOLS/validate.py" "$SCHEMAS/runtime-spec/features-schema.json" "$T/features.json"
    mkdir "$T/new"
    urunc spec --bundle "$T/new"
    "$TOOLS/validate.py" "$SCHEMAS/runtime-spec/config-schema.json" "$T/new/config.json"
    fails urunc spec --bundle "$T/new"
}

@test "list shows what is there" {
    started
    urunc list >"$T/list"
    expect_match "^$ID +$(cat "$T/pid") +running +$T/bundle" "$T/list"
    expect_equal "$(urunc list --quiet)" "$ID"
    urunc list --format json | jq -e --arg id "$ID" '.[0].id == $id and .[0].status == "running"'
    urunc delete --force "$ID"
    expect_equal "$(urunc list --quiet)" ''
}

@test "TERM ends the monitor" {
    started
    urunc kill "$ID"
    within 15 status_is stopped
    urunc delete "$ID"
}

@test "signals by name and by number; unknown ones are errors" {
    started
    fails urunc kill "$ID" NOSUCHSIGNAL
    expect_one_error NOSUCHSIGNAL
    status_is running
    urunc kill "$ID" SIGKILL
    within 10 status_is stopped
    fails urunc kill "$ID" 9
    urunc delete "$ID"
}

@test "start once, and only what was created" {
    started
    fails urunc start "$ID"
    expect_one_error 'running'
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error "$ID"
    fails urunc delete "$ID"
    status_is running
    urunc delete --force "$ID"
    fails urunc start "$ID"
}

@test "delete of a created container" {
    urunc create --bundle "$T/bundle" --pid-file "$T/pid" "$ID" </dev/null >"$T/console" 2>&1
    urunc delete --force "$ID"
    within 5 gone "$(cat "$T/pid")"
}

@test "delete --force of a running container takes tap and redirects along" {
    make_network
    join_network "$T/bundle"
    started
    ip -n "$NETNS" -br link show type tun | grep -q .
    urunc delete --force "$ID"
    expect_equal "$(ip -n "$NETNS" -br link show type tun)" ''
    expect_equal "$(tc -n "$NETNS" qdisc show dev eth0 | grep -c ingress)" 0
}

@test "delete --force after the waiting process was killed" {
    urunc create --bundle "$T/bundle" --pid-file "$T/pid" "$ID" </dev/null >"$T/console" 2>&1
    kill -KILL "$(cat "$T/pid")"
    within 5 status_is stopped
    urunc delete --force "$ID"
}

@test "delete --force of a state directory without a state, with a broken one, of nothing" {
    mkdir -p "$T/root/$ID"
    urunc delete --force "$ID"
    [[ ! -e $T/root/$ID ]]
    mkdir -p "$T/root/$ID"
    printf '{"half' >"$T/root/$ID/state.json"
    urunc delete --force "$ID"
    [[ ! -e $T/root/$ID ]]
    urunc delete --force "$ID"
    fails urunc delete "$ID"
}

@test "names that are no names" {
    local name
    for name in '' . .. a/b '../x' "$(printf 'a\nb')" "$(printf 'x%.0s' {1..2000})"; do
        fails urunc create --bundle "$T/bundle" "$name"
        fails urunc state "$name"
        fails urunc delete --force "$name"
    done
    [[ -z $(ls -A --ignore='*@*' "$T/root" 2>/dev/null) ]]
}

@test "a create that fails leaves nothing" {
    rm "$T/bundle/rootfs/boot/kernel"
    fails urunc create --bundle "$T/bundle" --pid-file "$T/pid" "$ID"
    expect_one_error '/boot/kernel'
    [[ ! -e $T/pid ]]
    expect_nothing_left
}

@test "an error is also in the log, as JSON when asked" {
    rm "$T/bundle/rootfs/boot/kernel"
    fails urunc --log "$T/log" --log-format json create --bundle "$T/bundle" "$ID"
    tail -n 1 "$T/log" | jq -e '.level == "error" and (.msg | contains("/boot/kernel")) and (.time | length > 0)'
}

@test "hooks run in the order that the specification gives, with the state on their standard input" {
    cat >"$T/hook" <<SCRIPT
#!/bin/sh
status=\$(jq -r '.status + " " + .id')
echo "\$1 \$status" >>$T/hooks
SCRIPT
    chmod +x "$T/hook"
    edit "$T/bundle" '.hooks = ({prestart: 1, createRuntime: 1, createContainer: 1, poststart: 1, poststop: 1} |
        with_entries(.key as $name | .value = [{path: $hook, args: ["hook", $name], env: ["PATH=/usr/bin:/bin"]}]))' \
        --arg hook "$T/hook"
    urunc create --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>&1 || fail "$(cat "$T/console")"
    expect_equal "$(cut -d' ' -f1 "$T/hooks" | paste -sd' ')" 'prestart createRuntime createContainer'
    urunc start "$ID"
    expect_equal "$(cut -d' ' -f1 "$T/hooks" | tail -n 1)" poststart
    urunc delete --force "$ID"
    printf "%s $ID\\n" 'prestart creating' 'createRuntime creating' 'createContainer creating' 'poststart running' \
        'poststop stopped' | diff - "$T/hooks"
}

@test "a hook that fails stops the creation, and its exit is in the message" {
    edit "$T/bundle" '.hooks.createRuntime = [{path: "/bin/false"}]'
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error '/bin/false'
    expect_nothing_left
}

@test "a hook that hangs is ended by its timeout" {
    edit "$T/bundle" '.hooks.createRuntime = [{path: "/bin/sleep", args: ["sleep", "1000"], timeout: 1}]'
    local began=$SECONDS
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error '/bin/sleep'
    ((SECONDS - began < 10))
}

@test "a terminal through the console socket, whose later sizes reach the guest" {
    need_kernel
    rm -r "$T/bundle"
    busybox_bundle "$T/bundle" initrd
    edit "$T/bundle" '.process.terminal = true | .process.consoleSize = {height: 40, width: 100}'
    # shellcheck disable=SC2016 # expands in the guest
    arguments "$T/bundle" sh -c 'tty; stty -echo; stty size; trap "stty size" WINCH; echo ready; line=; until read -r line; do :; done
        echo "got $line"; until read -r line; do :; done; exit 0'
    "$TOOLS/console.py" "$T/console.sock" "$BOOT_TIMEOUT" ready resize:44:99 '44 99' resize:55:111 '55 111' 'hello there' \
        'got hello there' bye \
        >"$T/console" 2>"$T/console.log" 3>&- &
    local helper=$!
    printf '%s\n' "$helper" >>"$T/processes"
    within 10 test -S "$T/console.sock"
    urunc create --bundle "$T/bundle" --console-socket "$T/console.sock" "$ID"
    urunc start "$ID"
    wait "$helper" || fail "$(cat "$T/console.log" "$T/console")"
    expect_match '^/dev/' "$T/console"
    expect_match '^40 100' "$T/console"
    within 30 status_is stopped
    urunc delete "$ID"
}

@test "a console socket without a terminal, and a terminal without a console socket" {
    fails urunc create --bundle "$T/bundle" --console-socket "$T/nowhere.sock" "$ID"
    edit "$T/bundle" '.process.terminal = true'
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'console'
    expect_nothing_left
}

@test "run ends with its guest when it gets a signal, and leaves nothing" {
    "$URUNC" --root "$T/root" --config "$T/urunc.json" run --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>&1 \
        3>&- &
    local runner=$! status=0
    printf '%s\n' "$runner" >>"$T/processes"
    within 30 console_has '^cmdline:'
    status_is running
    kill -TERM "$runner"
    wait "$runner" || status=$?
    ((status < 200)) || fail "status $status"
    fails urunc state "$ID"
    expect_nothing_left
}

@test "run --detach returns at once and leaves the guest running" {
    urunc run --detach --bundle "$T/bundle" --pid-file "$T/pid" "$ID" </dev/null >"$T/console" 2>&1
    status_is running
    within 30 console_has '^cmdline:'
    [[ -e /proc/$(cat "$T/pid") ]]
    urunc delete --force "$ID"
}

@test "several containers at once, each with its own state" {
    local number ids=()
    for number in 1 2 3 4; do
        new_id
        ids+=("$ID")
        cp -r "$T/bundle" "$T/bundle.$number" # a disk has one guest at a time
        urunc create --bundle "$T/bundle.$number" "$ID" </dev/null >"$T/console.$number" 2>&1 3>&- &
        printf '%s\n' "$!" >>"$T/processes"
    done
    for ID in "${ids[@]}"; do
        within 20 status_is created
        urunc start "$ID"
    done
    expect_equal "$(urunc list --format json | jq 'map(select(.status == "running")) | length')" 4
    for ID in "${ids[@]}"; do
        urunc delete --force "$ID"
    done
    expect_equal "$(urunc list --quiet)" ''
}

@test "of two creations under one name one wins" {
    local first=0 second=0
    urunc create --bundle "$T/bundle" "$ID" </dev/null >"$T/one" 2>&1 3>&- &
    local racer=$!
    urunc create --bundle "$T/bundle" "$ID" </dev/null >"$T/two" 2>&1 || second=$?
    wait "$racer" || first=$?
    (((first == 0) + (second == 0) == 1)) || fail "first $first, second $second: $(cat "$T/one" "$T/two")"
    status_is created
    urunc delete --force "$ID"
}

@test "a container that is no unikernel goes to the fallback runtime" {
    need_program runc
    mkdir -p "$T/plain/rootfs/bin"
    cp "$(command -v busybox)" "$T/plain/rootfs/bin/busybox"
    (cd "$T/plain" && runc spec)
    edit "$T/plain" '.process.args = ["/bin/busybox", "sh", "-c", "echo plain; exit 6"] | .process.terminal = false'
    jq --arg runc "$(command -v runc)" '.fallback_runtime = $runc' "$T/urunc.json" >"$T/new"
    mv "$T/new" "$T/urunc.json"
    local status=0
    urunc run --bundle "$T/plain" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || status=$?
    expect_equal "$status" 6
    expect_line plain "$T/console"
}

@test "bad bundles" {
    local document
    cp "$T/bundle/config.json" "$T/good.json"
    for document in '' '{' '[]' '{}' 'null' '{"ociVersion": 7}' '{"ociVersion": "9.0.0"}'; do
        printf '%s' "$document" >"$T/bundle/config.json"
        fails urunc create --bundle "$T/bundle" "$ID"
        expect_one_error 'config\.json'
    done
    for filter in '.process.args = "x"' '.process.args = [1]' '.root.path = 5' '.linux.namespaces = {}' \
        '.process.user.uid = -1' '.process.cwd = "relative"' '.hooks = []' '.mounts = "x"' \
        '.linux.cgroupsPath = "/../../x"' '.process.capabilities.bounding = ["CAP_NONSENSE"]' \
        '.linux.resources.memory.limit = "lots"' '.linux.namespaces = [{type: "nonsense"}]'; do
        jq "$filter" "$T/good.json" >"$T/bundle/config.json"
        local status=0
        urunc create --bundle "$T/bundle" "$ID" >"$T/stdout" 2>"$T/stderr" </dev/null || status=$?
        if ((status == 0)); then
            # runc, too, lets pass what it does not use; what matters is that nothing else happens.
            urunc delete --force "$ID"
            printf '# accepted: %s\n' "$filter" >&3
        else
            [[ $(wc -l <"$T/stderr") -eq 1 ]] || fail "$filter: $(cat "$T/stderr")"
        fi
    done
    rm "$T/bundle/config.json"
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'config\.json'
    expect_nothing_left
}
