# The lifecycle as a library: one process makes several containers, and nothing of its own is changed.
load standin

LIBRARY=$URUNC_BIN/tests/sandbox/library-caller

@test "one process makes, starts, kills and removes several containers, and stays as it was" {
    orders wait
    local ids=("$ID-a" "$ID-b" "$ID-c")
    printf '%s\n' "${ids[@]}" >>"$T/containers"
    "$LIBRARY" "$T/root" "$T/urunc.json" "$T/bundle" "${ids[@]}" </dev/null >"$T/console" 2>"$T/stderr" ||
        fail "status $?: $(cat "$T/stderr")"
    expect_equal "$(cat "$T/stderr")" ''
}

@test "a create that fails leaves the process as it was, and the next one succeeds" {
    orders wait
    cp -r "$T/bundle" "$T/broken"
    edit "$T/broken" '.annotations["com.urunc.unikernel.binary"] = "/nothing"'
    STATUS=0
    "$LIBRARY" "$T/root" "$T/urunc.json" "$T/broken" "$ID" </dev/null >"$T/console" 2>"$T/stderr" || STATUS=$?
    expect_equal "$STATUS" 2
    expect_match "^create $ID: .*/nothing" "$T/stderr"
    "$LIBRARY" "$T/root" "$T/urunc.json" "$T/bundle" "$ID" </dev/null >"$T/console" 2>"$T/stderr" ||
        fail "status $?: $(cat "$T/stderr")"
}
