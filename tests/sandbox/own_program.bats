#!/usr/bin/env bats
# The host's urunc cannot be overwritten by way of a container's process (CVE-2019-5736).
load standin

# The program under test is a copy: should the attack succeed, it hits that one.
prepare_more() {
    cp "$URUNC" "$T/urunc"
    URUNC=$T/urunc
}

# The attacker finds the program while a container waits, and writes to it when it is not running any more.
attack() {
    python3 - "$1" <<'END'
import errno, os, signal, sys, time
pid = int(sys.argv[1])
program = os.open(f"/proc/{pid}/exe", os.O_PATH)
os.kill(pid, signal.SIGKILL)
deadline, answer = time.monotonic() + 10, "busy"
while answer == "busy" and time.monotonic() < deadline:
    try:
        os.write(os.open(f"/proc/self/fd/{program}", os.O_WRONLY), b"owned")
        answer = "overwritten"
    except OSError as error:  # busy: the killed process is still going away
        answer = "busy" if error.errno == errno.ETXTBSY else error.strerror
print(answer)
END
}

@test "a waiting container's /proc/PID/exe is no way to write to the host's urunc" {
    create_standin
    expect_equal "$(attack "$PID")" 'Read-only file system'
    cmp "$T/urunc" "$URUNC_BIN/runtime/urunc"
}

@test "a process that holds a waiting container's program sees urunc's name" {
    create_standin
    expect_equal "$(cat "/proc/$PID/comm")" urunc
}

@test "without CAP_SYS_ADMIN the error says what is missing, as it did before" {
    fails setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$URUNC" --root "$T/root" \
        --config "$T/urunc.json" create --bundle "$T/bundle" "$ID" </dev/null
    expect_one_error 'CAP_SYS_ADMIN'
}

@test "the fallback runtime is found to be urunc itself, whatever its path" {
    ln "$T/urunc" "$T/runc"
    jq --arg path "$T/runc" '.fallback_runtime = $path' "$T/urunc.json" >"$T/new.json"
    mv "$T/new.json" "$T/urunc.json"
    edit "$T/bundle" 'del(.annotations)'
    fails urunc create --bundle "$T/bundle" "$ID" </dev/null
    expect_one_error 'fallback_runtime: .* is urunc itself'
}
