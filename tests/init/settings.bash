# shellcheck shell=bash
# settings RECORD...: what the host's file says, of the next guests.
settings() {
    mkdir -p "$T/rootfs/.urunc"
    printf '%s\0' "$@" >"$T/rootfs/.urunc/settings"
}
