# The init with FIFOs and terminals in place of the ports (guest.py, host.py). A test file says: load guest.
# shellcheck shell=bash
load ../e2e/helpers

INIT=$URUNC_BIN/tests/init/urunc-init-on-host

prepare() {
    need_root
    need_program busybox
    chmod 711 "$F" "$T"
    mkdir -p "$T/rootfs/etc" "$T/rootfs/programs" "$T/dev"
    cp "$(command -v busybox)" "$T/rootfs/programs/sh"
    printf 'root:x:0:0::/root:/bin/sh\nguest:x:1000:1000::/home/guest:/bin/sh\n' >"$T/rootfs/etc/passwd"
    : >"$T/dev/console" >"$T/dev/port" >"$T/dev/null"
    ln -s pts/ptmx "$T/dev/ptmx"
    mknod "$T/dev/tty" c 5 0
    chmod -R a+rw "$T/dev"
    chmod 777 "$T/dev"
}

# guest COMMAND_LINE WORD...: the words lead the host's side (host.py). Its answers are in $T/answers, the program's
# output in $T/stdout and $T/stderr.
guest() {
    local line=$1
    shift
    # Appended to: two processes of guest.py write here, and neither may write over the other's line.
    : >"$T/answers"
    timeout 300 "$URUNC_SOURCE/tests/init/guest.py" "$INIT" "$T/rootfs" "$T/dev" "urunc.channel urunc.exit $line" \
        --channel "$@" >>"$T/answers" 2>"$T/guest.log" ||
        fail "$(cat "$T/guest.log" "$T/answers" "$T/dev/console" "$T/stdout" "$T/stderr")"
    rm "$T/dev"/vport*
}
