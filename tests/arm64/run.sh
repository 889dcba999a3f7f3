#!/bin/bash
# run.sh: everything for arm64 on a host of another architecture. Builds with Debian's cross compiler, then starts QEMU's
# arm64 machine with the command lines that urunc gives it: for a test guest of our own, whose output is compared byte for
# byte, and for Debian's arm64 kernel with urunc-init, in which all unit tests run. (QEMU's user emulation of Debian 12 has
# neither openat2(2) nor the mount calls that the code under test stands on, so it runs only the tool that makes the
# command lines.)
set -euo pipefail
cd "$(dirname "$0")/../.."
sysroot=$PWD/build/arm64-sysroot
build=$PWD/build/arm64

# tests/run.sh fetches it; a test itself downloads nothing.
[[ -f $sysroot/.complete ]] || {
    echo 'skip: tests/arm64/sysroot.sh build/arm64-sysroot has not been run'
    exit 77
}
for step in '--preset arm64' '--build --preset arm64'; do
    # shellcheck disable=SC2086
    cmake $step >build/arm64.log 2>&1 || {
        grep -A5 -E 'FAILED|error:|Error' build/arm64.log >&2
        exit 1
    }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# boot SECONDS FRAMEWORK KERNEL INITRD MEBIBYTES [ARGUMENT...]: the guest's output, without the serial line's CRs.
boot() {
    local seconds=$1 argv
    shift
    qemu-aarch64 -L "$sysroot" "$build/tests/arm64/boot_arguments" "$@" >"$work/argv"
    mapfile -d '' argv <"$work/argv"
    timeout -s KILL "$seconds" "${argv[@]}" </dev/null | tr -d '\r'
}

# ---- a guest of our own ----

printf 'hello\n' >"$work/motd"
(cd "$work" && echo motd | cpio -o -H newc --quiet >"$work/motd.cpio")
long=$(printf 'x%.0s' {1..1500})
boot 60 generic "$build/tests/guests/arm64.image" "$work/motd.cpio" 128 "it's" 'a  "b"' -- 'é\' "$long" >"$work/output"
cat >"$work/expected" <<END
cmdline: it's a  "b" -- é\\ $long
memory: 128 MiB
initrd: /motd 6: hello.
initrd: 1 entries, 512 bytes
off
END
diff -u "$work/expected" "$work/output"
printf 'arm64: the own guest printed its command line, memory and initrd\n'

# ---- Linux, with all unit tests ----

root=$work/root
modules=lib/modules/$(ls "$sysroot/lib/modules")
mkdir -p "$root"/{bin,sbin,tests,tmp,proc,sys,dev,run,etc,lib,new,usr/bin,usr/lib/locale,var/tmp} "$root/$modules/kernel"
cp "$build/runtime/urunc-init" "$root/urunc-init"
cp "$sysroot"/bin/{busybox,cpio,dash,tar} "$root/bin/"
cp "$sysroot/usr/bin/env" "$root/usr/bin/"
cp "$sysroot"/sbin/{debugfs,dumpe2fs,e2fsck} "$sysroot"/usr/bin/{xz,zstd} "$root/sbin/"
cp -a "$sysroot/lib/ld-linux-aarch64.so.1" "$root/lib/"
cp -a "$sysroot/usr/lib/locale/C.utf8" "$root/usr/lib/locale/"
cp -a "$sysroot"/lib/aarch64-linux-gnu "$root/lib/"
find "$root/lib/aarch64-linux-gnu" ! -name '*.so*' ! -type d -delete
cp -a "$sysroot"/usr/lib/aarch64-linux-gnu/*.so.* "$root/lib/aarch64-linux-gnu/"
for module in drivers/net/tun drivers/net/veth net/sched/sch_ingress net/sched/act_mirred net/sched/cls_u32; do
    (cd "$sysroot/$modules/kernel" && cp --parents "$module.ko" "$root/$modules/kernel/")
done
depmod -b "$root" "${modules##*/}"
for test in "$build"/tests/test_*; do
    aarch64-linux-gnu-strip -o "$root/tests/${test##*/}" "$test"
done
mkdir "$root/usr/lib/urunc" # for tests/tender/test_tender_arm64.c
cp "$build/runtime/urunc-spt" "$build/tests/guests/solo5-calls-0.elf" "$root/usr/lib/urunc/"
ln -s dash "$root/bin/sh"
printf 'ID=test\n' >"$root/etc/os-release"
printf 'root:x:0:0:root:/:/bin/sh\n' >"$root/etc/passwd"
# pivot_root(2) refuses the kernel's first root file system, so the tests run in one of their own.
cat >"$root/run-tests" <<'END'
#!/bin/sh
export PATH=/sbin:/bin
if [ -e /new ]; then
    /bin/busybox --install -s /bin
    mount -t tmpfs none /new
    cp -a /bin /sbin /lib /usr /var /tests /etc /run-tests /new/
    mkdir /new/proc /new/sys /new/dev /new/tmp /new/run
    for directory in proc sys dev; do
        mount --move "/$directory" "/new/$directory"
    done
    cd /new && mount --move . / && exec chroot . /run-tests
fi
for module in tun veth sch_ingress act_mirred cls_u32; do
    modprobe $module
done
failed=0 passed=0
for test in /tests/*; do
    if "$test" >/tmp/output 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $test"
        cat /tmp/output
    fi
    read -r uptime rest </proc/uptime
    echo "at $uptime s: $test"
done
echo "unit tests: $passed passed, $failed failed"
END
chmod +x "$root/run-tests"
(cd "$root" && find . | cpio -o -H newc --quiet >"$work/root.cpio")
kernel=$(echo "$sysroot"/boot/vmlinuz-*)
boot 900 linux "$kernel" "$work/root.cpio" 1024 /urunc-init /run-tests >"$work/output" || true
count=$(find "$root/tests" -type f | wc -l)
grep -E 'FAILED|\[  (ERROR|FAILED)|unit tests:|panic' "$work/output" || true
grep -q "^unit tests: $count passed, 0 failed$" "$work/output" || {
    cat "$work/output"
    printf 'tests/arm64/run.sh: not all of %s unit tests passed in the arm64 guest\n' "$count" >&2
    exit 1
}
printf 'arm64: %s unit test programs passed on Linux in QEMU\n' "$count"
