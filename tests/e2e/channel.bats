#!/usr/bin/env bats
# A Linux guest's standard streams, signals and terminal, with a real guest.
load helpers

prepare() {
    need_root
    need_kernel
    need_program busybox qemu-system-x86_64
    new_id
    busybox_bundle "$T/bundle" initrd
}

# guest_run: `urunc run` of the bundle.
guest_run() {
    urunc run --bundle "$T/bundle" "$ID"
}

@test "input arrives to its end, output and error apart, and nothing else is in them" {
    arguments "$T/bundle" sh -c 'echo "to standard error" >&2; cat; exit 3'
    local status=0
    head -c 20000001 /dev/urandom >"$T/input"
    guest_run <"$T/input" >"$T/output" 2>"$T/stderr" || status=$?
    expect_equal "$status" 3
    cmp "$T/input" "$T/output"
    expect_equal "$(cat "$T/stderr")" 'to standard error'
}

@test "what a slow reader has not read at the guest's end is not lost" {
    arguments "$T/bundle" sh -c 'busybox head -c 1048576 /dev/urandom >/data; busybox sha256sum </data >&2; cat /data'
    guest_run </dev/null 2>"$T/stderr" | (sleep 20; sha256sum) >"$T/sum"
    diff "$T/sum" "$T/stderr"
}

@test "a reader that leaves ends the container as SIGPIPE ends a program" {
    arguments "$T/bundle" sh -c 'while :; do echo line; done'
    { timeout 60 "$URUNC" --root "$T/root" --config "$T/urunc.json" run --bundle "$T/bundle" "$ID" </dev/null 2>"$T/stderr" ||
        printf '%s\n' $? >"$T/status"; } | head -n 1 >"$T/output"
    expect_equal "$(cat "$T/output")" line
    expect_equal "$(cat "$T/status")" 141
}

@test "kill reaches the program, whose status is the container's" {
    arguments "$T/bundle" sh -c 'trap "echo usr" USR1; trap "echo term; exit 9" TERM; echo ready; while :; do sleep 1; done'
    start "$T/bundle"
    within "$BOOT_TIMEOUT" console_has ready
    urunc kill "$ID" USR1
    within 10 console_has usr
    urunc kill "$ID"
    within 20 status_is stopped
    expect_match '^term$' "$T/console"
}

@test "a guest that still boots is ended by a signal to its monitor" {
    arguments "$T/bundle" sh -c 'sleep 1000'
    start "$T/bundle"
    urunc kill "$ID" TERM
    within 10 status_is stopped
}

@test "redis ends in order at TERM, with its last write on the disk" {
    need_program redis-server
    local context=$T/redis file
    mkdir -p "$context/rootfs/bin" "$context/rootfs/data"
    cp "$(command -v redis-server)" "$(command -v busybox)" "$context/rootfs/bin/"
    ln -s busybox "$context/rootfs/bin/sh"
    ldd "$(command -v redis-server)" | grep -o '/[^ ]*' | while read -r file; do
        mkdir -p "$context/rootfs${file%/*}"
        cp -L "$file" "$context/rootfs$file"
    done
    cp "$SAMPLES/linux/debian/vmlinuz" "$context/"
    cp -r "$SAMPLES/linux/debian/modules" "$context/modules"
    cp "$SAMPLES/linux/modules" "$context/modules.list"
    cat >"$context/Containerfile" <<'SPEC'
FROM scratch AS modules
COPY modules /
COPY modules.list /etc/modules
FROM modules AS rootfs
COPY rootfs /
FROM scratch
UNIKERNEL linux
MONITOR qemu
KERNEL vmlinuz
INITRD --from=modules /
BLOCK --from=rootfs --size=+16M /
ENV PATH=/bin
CMD ["sh", "-c", "(sleep 3; printf 'SET key of-the-last-write\r\n' | busybox nc 127.0.0.1 6379 -w 2 >/dev/null; echo written) & exec redis-server --dir /data --save '3600 1' --logfile ''"]
SPEC
    build -t redis -o "type=oci,dest=$context/image" "$context"
    unpack "$context/image" "$T/redis-bundle"
    start "$T/redis-bundle"
    within "$BOOT_TIMEOUT" console_has '^written'
    urunc kill "$ID" TERM
    within 30 status_is stopped
    expect_match 'User requested shutdown' "$T/console"
    local disk=$T/redis-bundle/rootfs/boot/rootfs.ext2
    e2fsck -fn "$disk"
    debugfs -R 'cat /data/dump.rdb' "$disk" 2>/dev/null | grep -q of-the-last-write
}

@test "a terminal has its size, now and later, and ^C and ^D do what they do" {
    edit "$T/bundle" '.process.terminal = true'
    arguments "$T/bundle" sh -c 'stty size; trap "echo interrupted" INT; echo ready; cat; stty size; cat; echo end; exit 6'
    python3 - "$BOOT_TIMEOUT" "$URUNC" --root "$T/root" --config "$T/urunc.json" run --bundle "$T/bundle" "$ID" <<'PYTHON'
import fcntl, os, pty, select, struct, sys, termios, time
def resize(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
pid, master = pty.fork()
if pid == 0:
    resize(0, 33, 77)
    os.execv(sys.argv[2], sys.argv[2:])
seen = b""
def until(text):
    global seen
    end = time.time() + int(sys.argv[1])
    while text not in seen:
        assert select.select([master], [], [], max(0, end - time.time()))[0], seen
        seen += os.read(master, 4096)
    seen = seen[seen.index(text) + len(text):]
until(b"33 77\r\n")
until(b"ready\r\n")
resize(master, 44, 99)
time.sleep(3)
os.write(master, b"typed\r")
until(b"typed\r\ntyped\r\n")  # echoed once, by the guest's terminal, and printed by cat
os.write(master, b"\x03")
until(b"interrupted\r\n44 99\r\n")
os.write(master, b"last\r\x04")
until(b"last\r\nlast\r\nend\r\n")
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 6
PYTHON
}

@test "a kernel that panics while the program runs ends the container with a failure" {
    arguments "$T/bundle" sh -c 'echo c >/proc/sysrq-trigger; sleep 100'
    local status=0
    guest_run </dev/null >"$T/output" 2>"$T/stderr" || status=$?
    expect_equal "$status" 1
    expect_match 'Kernel panic' "$T/stderr"
}
