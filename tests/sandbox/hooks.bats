#!/usr/bin/env bats
# Hooks: their order, their surroundings, and what their failing does.
load standin

prepare_more() {
    cat >"$T/hook" <<SCRIPT
#!/bin/sh
cat >"$T/state.\$1"
env | grep -v -E '^(PWD|SHLVL|_)=' >"$T/env.\$1"
readlink /proc/self/ns/net >"$T/net.\$1"
ls /proc/self/fd | sort -n | tr '\n' ' ' >"$T/fds.\$1"
echo "\$0 \$*" >>"$T/hooks"
SCRIPT
    chmod +x "$T/hook"
}

# hook POINT...: the hook of these points writes down what it got.
hook() {
    local point
    for point; do
        edit "$T/bundle" '.hooks[$point] = [{path: $hook, args: ["name", $point], env: ["PATH=/usr/bin:/bin", "OF=hook"]}]' \
            --arg point "$point" --arg hook "$T/hook"
    done
}

@test "they run in the order that the specification gives, with the state of the moment" {
    hook prestart createRuntime createContainer poststart poststop
    orders wait
    create_standin
    expect_equal "$(awk '{ print $2 }' "$T/hooks" | paste -sd' ')" 'prestart createRuntime createContainer'
    urunc start "$ID"
    within 10 has_report
    expect_equal "$(awk '{ print $2 }' "$T/hooks" | tail -n 1)" poststart
    urunc delete --force "$ID"
    expect_equal "$(awk '{ print $2 }' "$T/hooks" | tail -n 1)" poststop
    local point
    for point in prestart:creating createRuntime:creating createContainer:creating poststart:running poststop:stopped; do
        expect_equal "$(jq -r '.status + " " + .id + " " + .bundle' "$T/state.${point%:*}")" \
            "${point#*:} $ID $T/bundle"
    done
    expect_equal "$(jq .pid "$T/state.createRuntime")" "$PID"
    expect_equal "$(jq .pid "$T/state.createContainer")" "$PID"
    expect_equal "$(jq .pid "$T/state.poststop")" 0
}

@test "a hook's environment is its own, and its descriptors standard input, output and error" {
    export LEAKED='of the caller'
    exec 8</etc/passwd
    hook createRuntime createContainer
    create_standin
    exec 8<&-
    local point
    for point in createRuntime createContainer; do
        expect_equal "$(sort "$T/env.$point" | paste -sd' ')" 'OF=hook PATH=/usr/bin:/bin'
        expect_equal "$(tr -d '\n' <"$T/fds.$point")" '0 1 2 3 ' # 3 is ls's own
    done
}

@test "createRuntime hooks run in the caller's namespaces, createContainer hooks in the container's" {
    hook prestart createRuntime createContainer poststart poststop
    orders wait
    create_standin
    urunc start "$ID"
    local own
    own=$(namespace "$PID" net)
    urunc delete --force "$ID"
    expect_equal "$(cat "$T/net.createContainer")" "$own"
    local point
    for point in prestart createRuntime poststart poststop; do
        expect_equal "$(cat "$T/net.$point")" "$(namespace self net)"
    done
}

@test "a hook that fails ends the creation; its output is in the message, and poststop hooks run" {
    hook poststop
    local point
    for point in prestart createRuntime createContainer; do
        rm -f "$T/hooks"
        edit "$T/bundle" '.hooks |= {poststop, ($point): [{path: "/bin/sh", args: ["sh", "-c", "echo the reason; exit 3"]}]}' \
            --arg point "$point"
        fails urunc create --bundle "$T/bundle" "$ID"
        expect_one_error "$point.*/bin/sh.*3.*the reason"
        expect_match 'poststop' "$T/hooks"
        expect_nothing_left
    done
}

@test "a hook that is not there, or hangs, ends the creation" {
    edit "$T/bundle" '.hooks.createRuntime = [{path: "/nowhere/hook"}]'
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error '/nowhere/hook'
    edit "$T/bundle" '.hooks.createRuntime = [{path: "/bin/sleep", args: ["sleep", "1000"], timeout: 1}]'
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error '/bin/sleep.*1 s'
    edit "$T/bundle" '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", "kill -9 $$"]}]'
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error '/bin/sh.*signal 9'
    expect_nothing_left
}

@test "a poststart hook that fails ends the start, the hooks after it do not run, and the container is stopped" {
    edit "$T/bundle" '.hooks.poststart = [{path: "/bin/false"}, {path: "/bin/touch", args: ["touch", $file]}]' \
        --arg file "$T/second"
    orders wait
    create_standin
    fails urunc start "$ID"
    expect_one_error 'poststart hook: /bin/false: exit status 1'
    [[ ! -e $T/second ]]
    within 60 status_is stopped
    urunc delete "$ID"
    expect_nothing_left
}

@test "a poststart hook that fails ends run, too, and nothing is left" {
    edit "$T/bundle" '.hooks.poststart = [{path: "/bin/false"}]'
    orders wait
    fails urunc run --bundle "$T/bundle" "$ID" </dev/null
    expect_match 'poststart hook: /bin/false: exit status 1' "$T/stderr"
    expect_nothing_left
}

@test "a poststop hook that fails is a warning, and those after it run" {
    edit "$T/bundle" '.hooks.poststop = [{path: "/bin/false"}, {path: "/bin/touch", args: ["touch", $file]}]' --arg file "$T/second"
    orders wait
    create_standin
    urunc delete --force "$ID" 2>"$T/stderr"
    expect_one_error 'warning: .*poststop hook: /bin/false: exit status 1'
    [[ -e $T/second ]]
}

@test "hooks that are not such are errors that name their place" {
    local filter
    for filter in '{createRuntime: [{}]}' '{createRuntime: [{path: "relative"}]}' '{createRuntime: "x"}' \
        '{createRuntime: [{path: "/x", timeout: 0}]}' '{createRuntime: [{path: "/x", args: "y"}]}'; do
        edit "$T/bundle" ".hooks = $filter"
        fails urunc create --bundle "$T/bundle" "$ID"
        expect_one_error 'config.json: hooks.createRuntime'
    done
    expect_nothing_left
}
