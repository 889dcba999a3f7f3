#!/usr/bin/env bats
# The programs that serve a guest's directories by virtiofs: what they may do, and how long they live.
load standin

prepare_more() {
    [[ -x /usr/lib/qemu/virtiofsd || -x /usr/libexec/virtiofsd ]] || skip "virtiofsd is not installed"
    mkdir -m 777 "$T/directory"
    printf 'of the host\n' >"$T/directory/file"
    linux_bundle
    printf '070701' >"$T/bundle/rootfs/boot/initrd"
    annotate initrd /boot/initrd
}

# share DESTINATION [OPTION]: the directory as a bind mount of the bundle.
share() {
    edit "$T/bundle" '.mounts += [{destination: $destination, type: "bind", source: $source, options: ["bind", $option]}]' \
        --arg destination "$1" --arg source "$T/directory" --arg option "${2:-rw}"
}

configure() {
    jq "$@" "$T/urunc.json" >"$T/urunc.json.new"
    mv "$T/urunc.json.new" "$T/urunc.json"
}

# The container's processes besides its first; $SERVER is the one of the first share, once it has given up its rights.
find_server() {
    SERVER=$(pgrep -P "$PID" -o)
    [[ -n $SERVER && $(status_line "$SERVER" CapBnd) == 0000000000000000 ]]
}

has_ended() {
    ! kill -0 "$1" 2>/dev/null || [[ $(status_line "$1" State) == Z* ]]
}

@test "the server is the monitor's user without a capability, with two filters, the directory, the socket, and nothing else" {
    share /data
    start_standin
    within 60 find_server
    local set
    for set in CapInh CapPrm CapEff CapBnd CapAmb; do
        expect_equal "$(status_line "$SERVER" "$set")" 0000000000000000
    done
    expect_equal "$(status_line "$SERVER" Uid | tr '\t' ' ')" '65534 65534 65534 65534'
    expect_equal "$(status_line "$SERVER" NoNewPrivs)" 1
    within 60 has_two_filters
    sees_the_directory_alone
    has_no_other_descriptor
}

has_two_filters() {
    [[ $(status_line "$SERVER" Seccomp_filters) -ge 2 ]]
}

sees_the_directory_alone() {
    expect_equal "$(ls "/proc/$SERVER/root")" file
    expect_equal "$(cat "/proc/$SERVER/root/file")" 'of the host'
    expect_equal "$(wc -l <"/proc/$SERVER/mountinfo")" 1
    expect_match ' / rw,nosuid,nodev,noexec,' "/proc/$SERVER/mountinfo"
    local kind
    for kind in pid mnt net ipc; do
        [[ $(namespace "$SERVER" $kind) != "$(namespace "$PID" $kind)" ]] || fail "the monitor's $kind namespace"
        [[ $(namespace "$SERVER" $kind) != "$(namespace self $kind)" ]] || fail "the host's $kind namespace"
    done
    expect_equal "$(cat "/proc/$SERVER/cgroup")" "$(cat "/proc/$PID/cgroup")"
}

has_no_other_descriptor() {
    local fd target
    for fd in "/proc/$SERVER/fd"/*; do
        target=$(readlink "$fd")
        case $target in
        /dev/null | socket:* | anon_inode:* | "$T/stderr" | /proc/* | / | /share | /*/fd | /*/task) ;;
        *) fail "$fd is $target" ;;
        esac
    done
}

@test "a read-only directory is read-only for the server, too" {
    share /data ro
    configure '.files_mib = 0'
    start_standin
    within 60 find_server
    expect_match ' / ro,nosuid,nodev,noexec,' "/proc/$SERVER/mountinfo"
}

@test "the monitor gets the connection, and a memory that the server can read" {
    share /data
    share /more
    start_standin
    expect_reported '[.argv[] | select(test("^socket,id=share")) | sub("[0-9]+$"; "N")]' \
        '["socket,id=share0,fd=N","socket,id=share1,fd=N"]'
    expect_reported '[.argv[] | select(startswith("vhost-user-fs-pci"))]' \
        '["vhost-user-fs-pci,chardev=share0,tag=fs0","vhost-user-fs-pci,chardev=share1,tag=fs1"]'
    expect_reported '[.argv[] | select(startswith("memory-backend"))]' '["memory-backend-memfd,id=memory,share=on,size=256M"]'
    expect_reported '[.argv[] | select(endswith(",memory-backend=memory"))] | length' 1
    expect_root 'select(.path | startswith("/guest/share")) | .path' ''
    expect_equal "$(pgrep -P "$PID" | wc -l)" 2
    [[ ! -e $T/root/$ID/share.sock ]]
}

@test "the servers end with the monitor, and with a process that was never started; one that was killed leaves nothing" {
    share /data
    start_standin
    within 60 find_server
    kill -KILL "$PID"
    within 60 has_ended "$SERVER"
    urunc delete "$ID"
    new_id
    create_standin
    within 60 find_server
    kill -KILL "$PID"
    within 60 has_ended "$SERVER"
    urunc delete "$ID"
    new_id
    create_standin
    within 60 find_server
    kill -KILL "$SERVER"
    within 60 has_ended "$SERVER"
    urunc delete --force "$ID"
}

@test "the memory of the servers is counted beside the monitor's" {
    create_standin
    local before after
    before=$(urunc state "$ID" | jq .memory.monitor)
    urunc delete --force "$ID"
    new_id
    share /data
    share /more
    create_standin
    after=$(urunc state "$ID" | jq .memory.monitor)
    expect_equal $((after - before)) $((16 << 20))
}

@test "without virtiofsd, as configured, and for a guest that cannot mount it, a directory goes by 9p" {
    share /data
    configure '.virtiofsd = false'
    start_standin
    expect_equal "$(pgrep -P "$PID" | wc -l)" 0
    expect_reported '[.argv[] | select(startswith("virtio-9p"))]' '["virtio-9p-pci,fsdev=share0,mount_tag=fs0"]'
    urunc delete --force "$ID"
    new_id
    configure 'del(.virtiofsd)'
    cp "$URUNC_BIN/tests/guests/multiboot.elf" "$T/bundle/rootfs/boot/kernel"
    annotate unikernelType unikraft
    annotate unikernelVersion 0.17.0
    edit "$T/bundle" 'del(.annotations["com.urunc.unikernel.initrd"])'
    start_standin
    expect_equal "$(pgrep -P "$PID" | wc -l)" 0
    expect_reported '[.argv[] | select(startswith("virtio-9p"))]' '["virtio-9p-pci,fsdev=share0,mount_tag=fs0"]'
}

@test "a server that is not there, or cannot be run, is an error by its name" {
    share /data
    configure '.virtiofsd = "/no/such/virtiofsd"'
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error 'virtiofsd: /no/such/virtiofsd: No such file'
    printf 'no program\n' >"$T/text"
    chmod 755 "$T/text"
    configure --arg t "$T" '.virtiofsd = $t + "/text"'
    fails urunc create --bundle "$T/bundle" "$ID"
    expect_one_error "$T/text \\(for /data\\): cannot run it: Exec format error"
}

@test "a configuration that names neither a program nor none is refused" {
    local value
    for value in true 1 '"relative"' '{}'; do
        configure ".virtiofsd = $value"
        fails urunc create --bundle "$T/bundle" "$ID"
        expect_one_error 'virtiofsd: '
    done
}
