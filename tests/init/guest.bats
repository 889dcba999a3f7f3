#!/usr/bin/env bats
# The Linux guest's init as the first process of namespaces: what it does around the program, and how it ends.
load ../e2e/helpers
load settings

INIT=$URUNC_BIN/tests/init/urunc-init-on-host

prepare() {
    need_root
    need_program busybox
    chmod 711 "$F" "$T"
    mkdir "$T/rootfs" "$T/dev"
    mkdir -p "$T/rootfs/etc" "$T/rootfs/programs"
    cp "$(command -v busybox)" "$T/rootfs/programs/sh"
    printf 'root:x:0:0::/root:/bin/sh\nguest:x:1000:1000::/home/guest:/bin/sh\n' >"$T/rootfs/etc/passwd"
    : >"$T/dev/console" >"$T/dev/port" >"$T/dev/null"
    mknod "$T/dev/vda" b 7 200
    chmod -R a+rw "$T/dev"
    chmod 777 "$T/dev"
    chmod 0 "$T/dev/vda"
}

# guest COMMAND_LINE [--network]: $ENDING is how it ended, $T/dev/console what it printed.
guest() {
    ENDING=$(timeout 60 "$URUNC_SOURCE/tests/init/guest.py" "$INIT" "$T/rootfs" "$T/dev" "$@" 2>"$T/stderr") ||
        fail "$(cat "$T/stderr" "$T/dev/console")"
}

# The byte that was written to an I/O port, in hexadecimal; nothing where none was.
port() {
    tail -c +$(($1 + 1)) "$T/dev/port" | head -c 1 | od -An -tx1 | tr -d ' \n'
}

@test "it is the first process or nothing" {
    local status=0
    "$INIT" >"$T/stdout" 2>"$T/stderr" || status=$?
    ((status != 0))
    expect_one_error 'first process of a Linux guest'
}

@test "it runs the program behind --, reports its status and powers off" {
    guest "console=ttyS0 urunc.exit rdinit=/urunc-init -- /programs/sh -c \"echo hello; exit 7\""
    expect_line hello "$T/dev/console"
    expect_equal "$ENDING" 'powered off'
    expect_equal "$(port 0x501)" 07
}

@test "where the machine has no power-off it ends with a reset" {
    guest 'urunc.reset rdinit=/urunc-init -- /programs/sh -c true'
    expect_equal "$ENDING" reset
}

# By /dev/port, one byte wide, because namespaces have no ports.
@test "a status of 0 is reported, as the byte that stands for it" {
    guest 'urunc.exit -- /programs/sh -c true'
    expect_equal "$ENDING" 'powered off'
    expect_equal "$(port 0x501)" ff
    guest 'urunc.exit -- /programs/sh -c "exit 255"'
    expect_equal "$(port 0x501)" fe
}

@test "a host that takes every report for a failure gets none for 0" {
    guest 'urunc.exit=failures -- /programs/sh -c true'
    [[ ! -s $T/dev/port ]]
    guest 'urunc.exit=failures -- /programs/sh -c "exit 3"'
    expect_equal "$(port 0x501)" 03
}

@test "without urunc.exit no port is written" {
    guest '-- /programs/sh -c "exit 3"'
    [[ ! -s $T/dev/port ]]
}

@test "a program that a signal ended has the status that a shell gives it" {
    guest 'urunc.exit -- /programs/sh -c "kill -9 $$"'
    expect_equal "$(port 0x501)" 89
}

@test "the program gets the user, groups, directory and environment of the host's file" {
    settings user=1000:1001:27,28 'cwd=/made/for it' 'env=A=b c' env=PATH=/programs 'env=LINES=1
2'
    guest '-- sh -c "id -u; id -g; id -G; pwd; echo $A; echo $HOME; env | grep -x 2"'
    printf '%s\n' 1000 1001 '1001 27 28' '/made/for it' 'b c' /home/guest 2 | diff - "$T/dev/console"
}

@test "without a home in /etc/passwd HOME is the root, and an environment's own wins" {
    settings user=5:5 env=A=1
    guest '-- /programs/sh -c "echo $HOME"'
    expect_line / "$T/dev/console"
    : >"$T/dev/console"
    settings env=HOME=/own
    guest '-- /programs/sh -c "echo $HOME"'
    expect_line /own "$T/dev/console"
}

@test "arguments can stand in the host's file, and are those then" {
    settings arg=/programs/sh arg=-c 'arg=echo "two  words"'
    guest '-- ignored'
    expect_line 'two  words' "$T/dev/console"
    settings "line=/programs/sh -c 'echo \"three  or four\"'"
    guest 'quiet'
    expect_line 'three  or four' "$T/dev/console"
}

@test "an environment of 200 KB and 4,000 variables reaches the program" {
    local variables
    mapfile -t variables < <(for i in {1..4000}; do printf 'env=SERVICE_%04d_PORT=tcp://10.96.128.200:8080/%s\n' "$i" 0123456789; done)
    settings env=PATH=/programs "${variables[@]}"
    guest '-- sh -c "env | grep -c ^SERVICE_; env | grep SERVICE_4000_PORT"'
    expect_line 4000 "$T/dev/console"
    expect_line 'SERVICE_4000_PORT=tcp://10.96.128.200:8080/0123456789' "$T/dev/console"
}

@test "the host's file is gone before the program runs" {
    settings env=PATH=/programs
    : >"$T/rootfs/.urunc/urunc-init"
    guest '-- sh -c "ls -A /.urunc; echo listed"'
    expect_equal "$(cat "$T/dev/console")" listed
}

@test "files and directories of the host are mounted, read-only where the host says so" {
    settings env=PATH=/programs mount=tree:0:r:/etc/app mount=tree:1:o:/etc/hosts mount=tree:1:r:/new/place/hosts
    mkdir -p "$T/rootfs/.urunc/trees/0/..2026" "$T/rootfs/etc/app"
    printf 'hidden\n' >"$T/rootfs/etc/app/hidden"
    printf 'value\n' >"$T/rootfs/.urunc/trees/0/..2026/key"
    ln -s ..2026 "$T/rootfs/.urunc/trees/0/..data"
    ln -s ..data/key "$T/rootfs/.urunc/trees/0/key"
    printf '10.0.0.1 box\n' >"$T/rootfs/.urunc/trees/1"
    guest '-- sh -c "cat /etc/app/key /etc/hosts /new/place/hosts; ls /etc/app; echo more >>/etc/hosts && echo written; echo x >/etc/app/x || echo refused; echo x >/new/place/hosts || echo refused too"'
    expect_line value "$T/dev/console"
    expect_equal "$(grep -c '^10.0.0.1 box$' "$T/dev/console")" 2
    ! grep hidden "$T/dev/console" || fail 'what is below the mount is still seen'
    expect_line written "$T/dev/console"
    expect_line refused "$T/dev/console"
    expect_line 'refused too' "$T/dev/console"
}

@test "a symlink to nowhere gives way to the file that is mounted there" {
    ln -s ../run/nowhere/resolv.conf "$T/rootfs/etc/resolv.conf"
    mkdir -p "$T/rootfs/.urunc/trees"
    printf 'nameserver 10.8.8.8\n' >"$T/rootfs/.urunc/trees/0"
    settings mount=tree:0::/etc/resolv.conf
    guest 'urunc.dns=10.1.2.1 -- /programs/sh -c "cat /etc/resolv.conf"'
    expect_line 'nameserver 10.8.8.8' "$T/dev/console"
}

@test "a tmpfs has the size that the host says" {
    settings env=PATH=/programs mount=tmpfs:size=256k,mode=1770:x:/scratch
    guest '-- sh -c "grep /scratch /proc/mounts; stat -c %a /scratch"'
    expect_match 'tmpfs /scratch tmpfs .*noexec.*size=256k' "$T/dev/console"
    expect_line 1770 "$T/dev/console"
}

@test "a mount that fails ends the guest, unless it is optional" {
    settings mount=tree:7:o:/etc/hosts
    guest 'urunc.exit -- /programs/sh -c "echo ran"'
    expect_match '/etc/hosts: cannot be mounted' "$T/dev/console"
    expect_line ran "$T/dev/console"
    : >"$T/dev/console"
    local record
    for record in mount=tree:7:r:/etc/hosts mount=tmpfs:size=x::/scratch mount=other:x::/scratch mount=tree:relative; do
        settings "$record"
        : >"$T/dev/console"
        guest 'urunc.exit -- /programs/sh -c "echo ran"'
        expect_equal "$(port 0x501)" 7d
        expect_match 'cannot be mounted|cannot mount a tmpfs|unknown kind of mount other|list of mounts is malformed' "$T/dev/console"
        ! grep ran "$T/dev/console" || fail 'ran'
    done
}

@test "a program that is not there, or cannot be run, has the status that a shell gives it" {
    guest 'urunc.exit -- /programs/nothing'
    expect_match 'urunc-init: /programs/nothing: not found' "$T/dev/console"
    expect_equal "$(port 0x501)" 7f
    guest 'urunc.exit -- nothing'
    expect_match 'urunc-init: nothing: not found' "$T/dev/console"
    printf 'no program\n' >"$T/rootfs/programs/text"
    guest 'urunc.exit -- /programs/text'
    expect_match 'urunc-init: /programs/text: Permission denied' "$T/dev/console"
    expect_equal "$(port 0x501)" 7e
    chmod +x "$T/rootfs/programs/text"
    settings env=PATH=/nowhere:/programs
    guest 'urunc.exit -- text'
    expect_match 'urunc-init: text: Exec format error' "$T/dev/console"
}

@test "no program, and a user that is none, are errors" {
    guest 'urunc.exit'
    expect_match 'behind "--" names a program' "$T/dev/console"
    settings user=everybody
    guest 'urunc.exit -- /programs/sh -c "echo ran"'
    expect_match '/.urunc/settings: user= names no user' "$T/dev/console"
    ! grep ran "$T/dev/console" || fail 'ran'
}

@test "a directory that cannot be entered, and a user outside of the namespace, are errors" {
    printf 'x' >"$T/rootfs/file"
    settings cwd=/file/below
    guest 'urunc.exit -- /programs/sh -c "echo ran"'
    expect_match 'cannot enter /file/below: Not a directory' "$T/dev/console"
    settings user=4000000000:1
    guest 'urunc.exit -- /programs/sh -c "echo ran"'
    expect_match 'cannot become user 4000000000:1' "$T/dev/console"
    ! grep ran "$T/dev/console" || fail 'ran'
}

@test "the network is set up as ip= says" {
    guest 'ip=10.1.2.3::10.1.2.1:255.255.255.0:box:eth0:off urunc.dns=10.1.2.1 -- /programs/sh -c "ip -4 addr show eth0; ip route; cat /etc/resolv.conf; hostname"' --network
    expect_match 'inet 10.1.2.3/24' "$T/dev/console"
    expect_match 'default via 10.1.2.1 dev eth0' "$T/dev/console"
    expect_line 'nameserver 10.1.2.1' "$T/dev/console"
    expect_line box "$T/dev/console"
}

@test "a gateway outside of the subnet gets a route of its own" {
    guest 'ip=10.1.2.3::169.254.1.1:255.255.255.255::eth0:off -- /programs/sh -c "ip route"' --network
    expect_match 'default via 169.254.1.1 dev eth0' "$T/dev/console"
    expect_match '^169.254.1.1 dev eth0' "$T/dev/console"
}

@test "addresses that are none are errors, and the program runs all the same" {
    guest 'ip=10.1.2::::box:eth0:off -- /programs/sh -c "echo ran"' --network
    expect_match 'eth0: cannot set the address 10.1.2' "$T/dev/console"
    expect_line ran "$T/dev/console"
    guest 'ip=10.1.2.3::nowhere:x::eth0:off -- /programs/sh -c true' --network
    expect_match 'eth0: the netmask x is none' "$T/dev/console"
    guest 'ip=10.1.2.3::nowhere:255.255.255.0::eth0:off -- /programs/sh -c true' --network
    expect_match 'cannot set the route to 0.0.0.0/0 by nowhere' "$T/dev/console"
}

@test "an interface that does not come is an error after three seconds" {
    guest 'ip=10.1.2.3::::::off -- /programs/sh -c true'
    expect_match 'eth0: the network interface did not come up within three seconds' "$T/dev/console"
}

@test "IPv6, routes and further addresses are set up as urunc's words say" {
    guest 'urunc.mtu=eth0/1400 urunc.address=eth0/10.1.2.3/24 urunc.address=eth0/fd00:5::2/64 urunc.route=eth0/::/0/fd00:5::1 urunc.route=eth0/10.9.0.0/16/10.1.2.9 urunc.route=eth0/10.8.0.0/16/10.7.7.7 urunc.route=eth0/fd09::/48 -- /programs/sh -c "ip addr show eth0; ip route; ip -6 route"' --network
    expect_match 'mtu 1400' "$T/dev/console"
    expect_match 'inet 10\.1\.2\.3/24' "$T/dev/console"
    expect_match 'inet6 fd00:5::2/64' "$T/dev/console"
    fails expect_match 'fd00:5::2/64.*tentative' "$T/dev/console"
    expect_match '^default via fd00:5::1' "$T/dev/console"
    expect_match '^10\.9\.0\.0/16 via 10\.1\.2\.9' "$T/dev/console"
    expect_match '^10\.8\.0\.0/16 via 10\.7\.7\.7' "$T/dev/console"
    expect_match '^fd09::/48 dev eth0' "$T/dev/console"
}

@test "a word for the network that makes no sense is complained about, and the program runs" {
    guest 'urunc.address=eth0 urunc.address=eth0/fd00::x/64 urunc.route=eth0/a/b/c/d urunc.mtu=eth0/0 -- /programs/sh -c "echo ran"' --network
    expect_match 'eth0 makes no sense' "$T/dev/console"
    expect_match 'cannot set the address fd00::x' "$T/dev/console"
    expect_match 'cannot set the MTU 0' "$T/dev/console"
    expect_line ran "$T/dev/console"
}

@test "resolv.conf has all nameservers, the search domains and the options" {
    guest 'urunc.dns=10.1.2.1,fd00::53 urunc.search=a.svc,b urunc.resolver=ndots:5,rotate -- /programs/sh -c "cat /etc/resolv.conf"'
    tr -d '\r' <"$T/dev/console" >"$T/text"
    printf '%s\n' 'nameserver 10.1.2.1' 'nameserver fd00::53' 'search a.svc b' 'options ndots:5 rotate' | diff - "$T/text"
}

@test "a resolv.conf of the image stays" {
    printf 'nameserver 10.9.9.9\n' >"$T/rootfs/etc/resolv.conf"
    guest 'urunc.dns=10.1.2.1 -- /programs/sh -c "cat /etc/resolv.conf"'
    expect_line 'nameserver 10.9.9.9' "$T/dev/console"
}

@test "the directories that programs expect are there" {
    guest '-- /programs/sh -c "ls -d /run /tmp /dev/shm /dev/pts /dev/fd /dev/stdin /dev/stdout /dev/stderr; grep -c /dev/shm /proc/mounts"'
    expect_line /dev/stderr "$T/dev/console"
    expect_line /tmp "$T/dev/console"
    expect_line 1 "$T/dev/console"
}

@test "a disk that cannot be mounted is an error, as the root and beside it" {
    guest 'urunc.exit root=/dev/vda rootfstype=ext4 ro -- /programs/sh -c "echo ran"'
    expect_match '/dev/vda: cannot mount it at /.urunc-root as ext4' "$T/dev/console"
    guest 'urunc.exit root=/dev/vda -- /programs/sh -c "echo ran"'
    expect_match '/dev/vda: cannot mount it at /.urunc-root: no file system that this kernel knows' "$T/dev/console"
    ! grep ran "$T/dev/console" || fail 'ran'
    : >"$T/dev/console"
    settings 'mount=disk:/dev/vda::/data base'
    guest 'urunc.exit -- /programs/sh -c "echo ran"'
    expect_match '/dev/vda: cannot mount it at /data base' "$T/dev/console"
    ! grep ran "$T/dev/console" || fail 'ran'
}

@test "modules that the kernel refuses are named" {
    mkdir -p "$T/rootfs/etc"
    printf 'no_such_module\n' >"$T/rootfs/etc/modules"
    guest '-- /programs/sh -c "echo ran"'
    expect_match 'no_such_module' "$T/dev/console"
    expect_line ran "$T/dev/console"
}

@test "orphans are reaped while the program runs" {
    cat >"$T/rootfs/programs/orphan" <<'SCRIPT'
#!/programs/sh
sh -c 'sleep 0.1 & exit'
sleep 0.5
grep -h '^State:' /proc/[0-9]*/status
SCRIPT
    chmod +x "$T/rootfs/programs/orphan"
    guest '-- /programs/orphan'
    expect_match '^State:' "$T/dev/console"
    ! grep 'zombie' "$T/dev/console" || fail 'not reaped'
}
