#!/usr/bin/env bats
# Callers that do not know of each other: state, kill, start and delete at one container at the same time.
# URUNC_RACE_ROUNDS says how often.
load standin

@test "eight callers at one container: one winner each, no hang, nothing left" {
    orders quiet wait
    mkdir "$T/race"
    /usr/bin/python3 "$URUNC_SOURCE/tests/sandbox/races.py" "${URUNC_RACE_ROUNDS:-100}" "$T/race" "$T/bundle" "$ID" \
        "$URUNC" --root "$T/root" --config "$T/urunc.json" >"$T/won" 2>"$T/stderr" || fail "$(cat "$T/stderr" "$T/won")"
    printf '# %s\n' "$(cat "$T/won")" >&3
    [[ $(sed -E 's/.* ([0-9]+) start.*/\1/' "$T/won") -gt 0 ]] || fail 'nobody ever started it'
    expect_nothing_left
}
