# Pods by containerd's CRI plugin, as Kubernetes' kubelet makes them. A test file says: load pod. A pod's containers are
# all given to urunc; its pause container and its sidecars are the other runtime's.
# shellcheck shell=bash
load engine

ENGINE_NAMESPACE=k8s.io
CRI=$URUNC_SOURCE/tests/engines/cri.py

containerd_configuration() {
    [[ -x /usr/lib/cni/bridge ]] || skip 'the CNI plugins are not installed (containernetworking-plugins)'
    /usr/bin/python3 -c 'import grpc, google.protobuf' 2>/dev/null || skip 'python3-grpcio and python3-protobuf are not installed'
    mkdir -p "$T/cni"
    cat >"$T/cni/10-pods.conflist" <<JSON
{"cniVersion": "0.4.0", "name": "pods", "plugins": [{"type": "bridge", "bridge": "pods", "isGateway": true,
  "ipam": {"type": "host-local", "dataDir": "$T/addresses", "ranges": [[{"subnet": "10.88.0.0/24"}]],
           "routes": [{"dst": "0.0.0.0/0"}]}}]}
JSON
    cat <<TOML
version = 2
root = "$T/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt"]
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/library/pause:v1"
  # This host may not let oom scores be lowered.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$T/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
    default_runtime_name = "urunc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.urunc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.urunc.options]
        BinaryName = "$T/runc"
TOML
}

import_pause() {
    import_files pause 'FROM scratch' 'COPY pod-pause /pause' 'ENTRYPOINT ["/pause"]'
}

# cri METHOD [REQUEST]: prints the answer, or fails with the error.
cri() {
    printf '%s' "${2-}" | timeout 150 "$CRI" /run/containerd/containerd.sock RuntimeService "$1" 3>&-
}

# run_pod: $POD is the pod, its configuration is in $T/pod.json.
run_pod() {
    import_pause
    within "$PATIENCE" is_ready
    jq -n --arg name "$ID" --arg logs "$T/logs" '{
        metadata: {name: $name, uid: $name, namespace: "tests"}, hostname: "pod", log_directory: $logs,
        dns_config: {servers: ["10.88.0.1"], searches: ["tests.svc.cluster.local"]},
        linux: {cgroup_parent: ("/" + $name)}}' >"$T/pod.json"
    POD=$(cri RunPodSandbox "$(jq '{config: .}' "$T/pod.json")" | jq -r .pod_sandbox_id)
    [[ -n $POD ]] || fail 'no pod'
    POD_ADDRESS=$(cri PodSandboxStatus "{\"pod_sandbox_id\": \"$POD\"}" | jq -r .status.network.ip)
}

is_ready() {
    [[ $(cri Status | jq '[.status.conditions[] | select(.type | IN("RuntimeReady", "NetworkReady")) | .status] | all') == true ]]
}

# create_container NAME IMAGE [FILTER [ARGUMENT]...]: its ID is in $T/NAME.id; the filter changes its configuration.
create_container() {
    local name=$1 image=$2 filter=${3-.}
    shift 2
    jq --arg name "$name" --arg image "docker.io/library/$image:v1" --arg pod "$POD" "${@:2}" '{
        pod_sandbox_id: $pod, sandbox_config: .,
        config: ({metadata: {name: $name}, image: {image: $image}, log_path: ($name + ".log")} | '"$filter"')}' \
        "$T/pod.json" >"$T/$name.json"
    cri CreateContainer "$(cat "$T/$name.json")" >"$T/$name.created" || fail 'not created'
    jq -r .container_id "$T/$name.created" >"$T/$name.id"
}

# of_container METHOD NAME [FILTER]: a call about a container, with more in the request.
of_container() {
    cri "$1" "$(jq -nR --arg id "$(cat "$T/$2.id")" '{container_id: $id} | '"${3-.}")"
}

run_container() {
    create_container "$@"
    of_container StartContainer "$1" >"$T/started"
}

# The states of the specification: 0 created, 1 running, 2 exited.
container_is() {
    [[ $(of_container ContainerStatus "$1" | jq .status.state) == "$2" ]]
}

# ended NAME: prints its exit code and reason when it has ended.
ended() {
    within "$PATIENCE" container_is "$1" 2
    of_container ContainerStatus "$1" | jq -r '.status | "\(.exit_code) \(.reason)"'
}

# The lines that a container wrote, without what the log puts in front.
log_of() {
    sed -E 's/^[^ ]+ (stdout|stderr) [FP] //' "$T/logs/$1.log"
}

log_has() {
    log_of "$1" | tr -d '\r' | grep -qE -e "$2"
}

# in_container NAME WORD...: what the command printed; fails where it did.
in_container() {
    local name=$1
    shift
    jq -n --arg id "$(cat "$T/$name.id")" '{container_id: $id, cmd: $ARGS.positional, timeout: 60}' --args -- "$@" >"$T/exec.json"
    cri ExecSync "$(cat "$T/exec.json")" >"$T/exec.answer"
    jq -r '.stdout, .stderr' "$T/exec.answer" | base64 -d
    [[ $(jq .exit_code "$T/exec.answer") == 0 ]]
}

remove_pods() {
    [[ -n ${POD-} ]] || return 0
    cri StopPodSandbox "{\"pod_sandbox_id\": \"$POD\"}" >"$T/removed"
    cri RemovePodSandbox "{\"pod_sandbox_id\": \"$POD\"}" >"$T/removed"
    POD=
}
