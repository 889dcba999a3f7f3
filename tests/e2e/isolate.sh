#!/bin/bash
# Runs a command with process, mount, network, IPC and host name namespaces of its own and an empty /run, as root. Then
# whatever a test leaves behind can be seen (there is nothing else in there), does not reach the host, and ends with it.
# An ordinary user gets the command as it is; tests that need root say so and are skipped.
set -euo pipefail

if [[ $(id -u) -ne 0 ]]; then
    exec "$@"
fi
# shellcheck disable=SC2016 # expands in the inner shell
exec unshare --pid --fork --kill-child --mount --mount-proc --net --ipc --uts -- /bin/bash -c '
    set -e
    mount -t tmpfs -o mode=755 run /run
    ip link set lo up
    "$@"' isolate "$@"
