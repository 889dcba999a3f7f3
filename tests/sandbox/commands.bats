#!/usr/bin/env bats
# The command line: options, help, errors, the log, the configuration.
load standin

all_commands='check checkpoint create delete events features kill list pause ps restore resume run spec start state trace update'

@test "help lists the commands, and each command explains itself" {
    urunc --help >"$T/help"
    local command
    for command in $all_commands; do
        expect_match "^  $command " "$T/help"
        urunc "$command" --help >"$T/stdout"
        expect_match "^Usage: urunc \\[GLOBAL OPTIONS\\] $command" "$T/stdout"
        urunc "$command" -h >"$T/again"
        cmp "$T/stdout" "$T/again"
    done
    STATUS=0
    urunc >"$T/stdout" || STATUS=$?
    expect_equal "$STATUS" 1
    cmp "$T/help" "$T/stdout"
}

@test "the version" {
    urunc --version >"$T/stdout"
    expect_match '^urunc version [0-9.]+$' "$T/stdout"
    urunc -v | cmp - "$T/stdout"
}

@test "unknown commands and options are errors of one line" {
    fails urunc frobnicate
    expect_one_error 'frobnicate'
    fails urunc --frobnicate list
    expect_one_error 'frobnicate'
    local command
    for command in $all_commands; do
        fails urunc "$command" --frobnicate
        expect_one_error "$command.*frobnicate"
    done
}

@test "missing and surplus words are errors of one line" {
    local command
    for command in create delete kill run start state; do
        fails urunc "$command"
        expect_one_error "usage is: urunc $command"
        fails urunc "$command" one two three
        expect_one_error "usage is: urunc $command"
    done
    for command in check features list spec; do
        fails urunc "$command" word
        expect_one_error "usage is: urunc $command"
    done
    fails urunc create --bundle
    expect_one_error 'bundle'
}

@test "names that no container can have" {
    local command name
    for name in '' . .. a/b ../x "$(printf 'a\nb')" "$(printf 'x%.0s' {1..2000})"; do
        for command in state start kill delete; do
            fails urunc "$command" "$name"
            expect_one_error 'ID'
        done
        fails urunc create --bundle "$T/bundle" "$name"
        expect_one_error 'ID'
    done
    expect_nothing_left
}

@test "features are JSON that names frameworks, monitors and hooks" {
    urunc features >"$T/features"
    expect_equal "$(jq -r '.annotations["com.urunc.features.monitors"]' "$T/features" | tr , '\n' | grep -c '^qemu$')" 1
    expect_equal "$(jq -r '.annotations["com.urunc.features.frameworks"]' "$T/features" | tr , '\n' |
        grep -cE '^(generic|linux|unikraft)$')" 3
    expect_equal "$(jq -r '.annotations["com.urunc.features.pairs"]' "$T/features" | tr , '\n' |
        grep -cE '^linux/qemu/initrd[+]block([+][a-z0-9-]+)*/network/amd64[+]arm64$')" 1
    expect_equal "$(jq -c '.hooks | length' "$T/features")" 6
    jq -e '.linux.namespaces | index("pid") and index("user")' "$T/features"
    jq -e '.linux.capabilities | index("CAP_SYS_ADMIN")' "$T/features"
    jq -e '.linux.seccomp.actions | index("SCMP_ACT_ERRNO")' "$T/features"
}

@test "spec writes a configuration that boots, and never over another" {
    mkdir "$T/new"
    (cd "$T/new" && urunc spec)
    fails urunc spec --bundle "$T/new"
    expect_one_error 'config.json exists'
    fails urunc spec --bundle "$T/nowhere"
    expect_one_error 'nowhere/config.json'
    cp -r "$T/bundle/rootfs" "$T/new/"
    mv "$T/new" "$T/bundle.new" && rm -r "$T/bundle" && mv "$T/bundle.new" "$T/bundle"
    run_standin
    expect_equal "$STATUS" 0
}

@test "the bundle is the working directory where none is named" {
    cd "$T/bundle"
    urunc create "$ID" </dev/null >"$T/console" 2>&1
    expect_equal "$(urunc state "$ID" | jq -r .bundle)" "$T/bundle"
}

@test "errors are in the log as well, as text and as JSON" {
    rm "$T/bundle/rootfs/boot/kernel"
    fails urunc --log "$T/log" create --bundle "$T/bundle" "$ID"
    expect_match '^time="[0-9T:Z-]+" level=error msg=".*/boot/kernel' "$T/log"
    fails urunc --log "$T/log.json" --log-format json create --bundle "$T/bundle" "$ID"
    jq -e '.level == "error" and (.msg | contains("/boot/kernel")) and (.time | length > 0)' "$T/log.json"
    fails urunc --log-format xml list
    expect_one_error 'xml'
    fails urunc --log "$T/nowhere/log" list
    expect_one_error 'nowhere/log'
}

@test "with --debug the choice of driver and monitor is said" {
    urunc --debug --log "$T/log" create --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>&1
    expect_match "level=debug msg=\"$ID: framework generic .* on .*/standin\"" "$T/log"
    urunc --debug list --quiet >"$T/stdout" 2>"$T/stderr"
}

@test "options can be written with = and in any order, and -- ends them" {
    urunc create --pid-file="$T/pid" "$ID" --bundle="$T/bundle" </dev/null >"$T/console" 2>&1
    urunc state -- "$ID" >/dev/null
    urunc delete --force -- "$ID"
}

@test "options of engines that mean nothing here are taken" {
    urunc --rootless auto --debug create --no-pivot --no-new-keyring --preserve-fds 0 \
        --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>&1
    status_is created
}

@test "a configuration that is wrong is an error that names file, key and value" {
    # wrong TEXT MESSAGE
    wrong() {
        printf '%s' "$1" >"$T/wrong.json"
        fails "$URUNC" --root "$T/root" --config "$T/wrong.json" create --bundle "$T/bundle" "$ID"
        expect_one_error "$T/wrong.json.*$2"
    }
    wrong '[]' 'not a JSON object'
    wrong '{"x": 1}' 'x: unknown key'
    wrong '{"monitors": {"vmware": {}}}' 'monitors.*vmware'
    wrong '{"monitors": {"qemu": {"memory_mib": 0}}}' 'memory_mib: 0'
    wrong '{"monitors": {"qemu": {"path": "standin"}}}' 'path.*"standin"'
    wrong '{"monitors": {"qemu": {"acceleration": "warp"}}}' '"warp"'
    wrong '{"monitors": {"qemu": {"machine": "a,b"}}}' '"a,b"'
    wrong '{"monitors": {"hvt": {"machine": "q35"}}}' 'hvt.machine: unknown key'
    wrong '{"monitors": {}, "monitors": {}}' 'monitors'
    fails "$URUNC" --root "$T/root" --config "$T/nowhere.json" create --bundle "$T/bundle" "$ID"
    expect_one_error 'nowhere.json'
    expect_nothing_left
}

@test "the configuration's memory, processors and machine reach the monitor" {
    jq '.monitors.qemu += {memory_mib: 77, vcpus: 3, machine: "q35"}' "$T/urunc.json" >"$T/new.json"
    mv "$T/new.json" "$T/urunc.json"
    run_standin
    expect_reported '.argv | .[index("-m") + 1]' size=77M
    expect_reported '.argv | .[index("-smp") + 1]' cpus=3
    expect_reported '.argv | .[index("-machine") + 1]' q35
}

@test "the bundle's memory limit is the guest's memory" {
    edit "$T/bundle" '.linux.resources = {memory: {limit: 134217728}}'
    run_standin
    expect_reported '.argv | .[index("-m") + 1]' size=128M
}

@test "a framework whose kernels need more memory gets it, and a limit below it is refused" {
    annotate unikernelType mewz
    run_standin
    expect_reported '.argv | .[index("-m") + 1]' size=512M
    jq '.monitors.qemu += {memory_mib: 600}' "$T/urunc.json" >"$T/new.json"
    mv "$T/new.json" "$T/urunc.json"
    run_standin
    expect_reported '.argv | .[index("-m") + 1]' size=600M
    edit "$T/bundle" '.linux.resources = {memory: {limit: 134217728}}'
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error '134217728 bytes, but a guest of mewz needs 512 MiB'
    expect_nothing_left
}

@test "a state that is broken" {
    mkdir -p "$T/root/$ID"
    printf '{"half' >"$T/root/$ID/state.json"
    fails urunc state "$ID"
    expect_one_error "$ID.*state.json"
    fails urunc delete "$ID"
    urunc delete --force "$ID"
    [[ ! -e $T/root/$ID ]]
}

@test "the state is below /run/urunc where --root does not say otherwise" {
    "$URUNC" --config "$T/urunc.json" create --bundle "$T/bundle" "$ID" </dev/null >"$T/console" 2>&1
    [[ -d /run/urunc/$ID ]]
    "$URUNC" delete --force "$ID"
    [[ ! -e /run/urunc/$ID ]]
}
