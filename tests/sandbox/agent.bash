# Containers of a Linux guest whose agent is the stand-in's (standin/agent.c), for the tests of the channel.

prepare_more() {
    linux_bundle
}

# channel_orders WORD...: as `orders`, behind urunc's init.
channel_orders() {
    edit "$T/bundle" '.process.args = ["/urunc-init", "program"] + $words' \
        --argjson words "$(printf '%s\036' "${@/#/standin:}" | jq -Rs 'split("\u001e")[:-1]')"
}

# Creates and starts a container whose agent answers in the manner $1, and waits for it.
start_agent() {
    channel_orders quiet "agent=$1"
    urunc create --bundle "$T/bundle" --pid-file "$T/pid" "$ID" </dev/null >"$T/console" 2>"$T/stderr"
    urunc start "$ID"
    within 10 grep -q agent "$T/console"
    PID=$(cat "$T/pid")
}

ended() {
    status_is stopped
}
