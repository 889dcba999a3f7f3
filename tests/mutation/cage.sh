#!/bin/bash
# cage.sh NAME COMMAND...: runs a command that may do anything to the processes and cgroups that it sees, as root: with
# process, mount, network, IPC, host name and cgroup namespaces of its own. The cgroup file systems are mounted anew, so
# that of each hierarchy it sees nothing above a cgroup NAME, which is made below the caller's own and removed after.
set -euo pipefail

if [[ ${1-} == --inside ]]; then
    shift
    # In version 2, controllers can be given to cgroups beside the command's, but not to any below it.
    while read -r type directory options; do
        umount "$directory"
        mount -t "$type" -o "$options" cgroup "$directory"
        if [[ $type == cgroup2 ]]; then
            mkdir "$directory/command"
            echo 0 >"$directory/command/cgroup.procs"
            for controller in $(cat "$directory/cgroup.controllers"); do
                echo "+$controller" >"$directory/cgroup.subtree_control" 2>/dev/null || true
            done
        fi
    done
    exec "$@" </dev/null
fi

name=$1
shift
# The mounted hierarchies: type, mount point, and the options that mount the same one again.
hierarchies=$(awk '$3 == "cgroup2" { print $3, $2, "rw" }
    $3 == "cgroup" { n = split($4, words, ","); options = ""
        for (i = 1; i <= n; i++)
            if (words[i] !~ /^(rw|ro|relatime|noatime|nosuid|nodev|noexec|xattr|clone_children)$/)
                options = options (options == "" ? "" : ",") words[i]
        print $3, $2, options }' /proc/mounts)
cages=()

remove_cages() {
    local directory
    for directory in "${cages[@]}"; do
        find "$directory" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done
}
trap remove_cages EXIT

while read -r type directory options; do
    if [[ $type == cgroup2 ]]; then
        own=$(sed -n 's/^0:://p' /proc/self/cgroup)
    else
        own=$(awk -F: -v options="${options//name=/name=}" '$2 == options { print $3 }' /proc/self/cgroup)
    fi
    mkdir "$directory$own/$name"
    cages+=("$directory$own/$name")
    # A new cpuset has no processors; nothing can enter it before.
    for file in cpuset.cpus cpuset.mems; do
        [[ ! -e $directory$own/$name/$file || $type == cgroup2 ]] || cat "$directory$own/$file" >"$directory$own/$name/$file"
    done
done <<<"$hierarchies"

# The subshell moves itself, and nobody else.
(
    for directory in "${cages[@]}"; do
        echo 0 >"$directory/cgroup.procs"
    done
    exec unshare --pid --fork --kill-child --mount --mount-proc --net --ipc --uts --cgroup -- "$0" --inside "$@" <<<"$hierarchies"
)
