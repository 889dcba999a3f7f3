#!/usr/bin/python3
"""cri.py SOCKET SERVICE METHOD: one call of Kubernetes' container runtime interface.

The request is JSON on standard input, the answer JSON on standard output (protobuf's mapping, names as in the
specification). A call that fails prints its gRPC code and message and ends with 1. The messages are described by
MESSAGES below: of k8s.io/cri-api, pkg/apis/runtime/v1/api.proto, the fields that the tests use with their numbers.
"""
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

PACKAGE = "runtime.v1"

# name=number:type; a type of two words is "repeated TYPE", or "map" from string to string.
MESSAGES = """
PodSandboxMetadata        name=1:string uid=2:string namespace=3:string attempt=4:uint32
DNSConfig                 servers=1:repeated,string searches=2:repeated,string options=3:repeated,string
Int64Value                value=1:int64
UInt64Value               value=1:uint64
NamespaceOption           network=1:int32 pid=2:int32 ipc=3:int32
LinuxSandboxSecurityContext  namespace_options=1:NamespaceOption run_as_user=3:Int64Value
LinuxContainerResources   cpu_period=1:int64 cpu_quota=2:int64 cpu_shares=3:int64 memory_limit_in_bytes=4:int64
                          oom_score_adj=5:int64 cpuset_cpus=6:string
LinuxPodSandboxConfig     cgroup_parent=1:string security_context=2:LinuxSandboxSecurityContext
PodSandboxConfig          metadata=1:PodSandboxMetadata hostname=2:string log_directory=3:string
                          dns_config=4:DNSConfig labels=6:map annotations=7:map linux=8:LinuxPodSandboxConfig
PodSandboxNetworkStatus   ip=1:string
PodSandboxStatus          id=1:string metadata=2:PodSandboxMetadata state=3:int32 network=5:PodSandboxNetworkStatus
                          runtime_handler=9:string
ContainerMetadata         name=1:string attempt=2:uint32
ImageSpec                 image=1:string
KeyValue                  key=1:string value=2:string
Mount                     container_path=1:string host_path=2:string readonly=3:bool propagation=5:int32
LinuxContainerSecurityContext  privileged=2:bool namespace_options=3:NamespaceOption run_as_user=5:Int64Value
                          readonly_rootfs=7:bool
LinuxContainerConfig      resources=1:LinuxContainerResources security_context=2:LinuxContainerSecurityContext
ContainerConfig           metadata=1:ContainerMetadata image=2:ImageSpec command=3:repeated,string
                          args=4:repeated,string working_dir=5:string envs=6:repeated,KeyValue mounts=7:repeated,Mount
                          labels=9:map annotations=10:map log_path=11:string stdin=12:bool tty=14:bool
                          linux=15:LinuxContainerConfig
ContainerStatus           id=1:string metadata=2:ContainerMetadata state=3:int32 exit_code=7:int32 reason=10:string
                          message=11:string log_path=15:string
ContainerAttributes       id=1:string metadata=2:ContainerMetadata
CpuUsage                  timestamp=1:int64 usage_core_nano_seconds=2:UInt64Value
MemoryUsage               timestamp=1:int64 working_set_bytes=2:UInt64Value
ContainerStats            attributes=1:ContainerAttributes cpu=2:CpuUsage memory=3:MemoryUsage
RuntimeCondition          type=1:string status=2:bool reason=3:string message=4:string
RuntimeStatus             conditions=1:repeated,RuntimeCondition
StatusRequest
StatusResponse            status=1:RuntimeStatus
RunPodSandboxRequest      config=1:PodSandboxConfig runtime_handler=2:string
RunPodSandboxResponse     pod_sandbox_id=1:string
StopPodSandboxRequest     pod_sandbox_id=1:string
StopPodSandboxResponse
RemovePodSandboxRequest   pod_sandbox_id=1:string
RemovePodSandboxResponse
PodSandboxStatusRequest   pod_sandbox_id=1:string
PodSandboxStatusResponse  status=1:PodSandboxStatus
CreateContainerRequest    pod_sandbox_id=1:string config=2:ContainerConfig sandbox_config=3:PodSandboxConfig
CreateContainerResponse   container_id=1:string
StartContainerRequest     container_id=1:string
StartContainerResponse
StopContainerRequest      container_id=1:string timeout=2:int64
StopContainerResponse
RemoveContainerRequest    container_id=1:string
RemoveContainerResponse
ContainerStatusRequest    container_id=1:string
ContainerStatusResponse   status=1:ContainerStatus
ContainerStatsRequest     container_id=1:string
ContainerStatsResponse    stats=1:ContainerStats
UpdateContainerResourcesRequest   container_id=1:string linux=2:LinuxContainerResources
UpdateContainerResourcesResponse
ExecSyncRequest           container_id=1:string cmd=2:repeated,string timeout=3:int64
ExecSyncResponse          stdout=1:bytes stderr=2:bytes exit_code=3:int32
"""


def add_field(message, text):
    name, rest = text.split("=")
    number, kind = rest.split(":")
    repeated = kind.startswith("repeated,")
    kind = kind.removeprefix("repeated,")
    field = message.field.add(name=name, number=int(number))
    field.label = field.LABEL_REPEATED if repeated else field.LABEL_OPTIONAL
    if kind == "map":
        entry_name = "".join(part.capitalize() for part in name.split("_")) + "Entry"
        entry = message.nested_type.add(name=entry_name)
        entry.options.map_entry = True
        add_field(entry, "key=1:string")
        add_field(entry, "value=2:string")
        field.label = field.LABEL_REPEATED
        field.type_name = f".{PACKAGE}.{message.name}.{entry_name}"
    elif kind[0].isupper():
        field.type_name = f".{PACKAGE}.{kind}"
    if field.type_name:
        field.type = field.TYPE_MESSAGE
    else:
        field.type = getattr(field, "TYPE_" + kind.upper())


def describe():
    file = descriptor_pb2.FileDescriptorProto(name="cri.proto", package=PACKAGE, syntax="proto3")
    for line in MESSAGES.strip("\n").split("\n"):
        words = line.split()
        if not line[0].isspace():
            message = file.message_type.add(name=words.pop(0))
        for word in words:
            add_field(message, word)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return lambda name: message_factory.MessageFactory(pool).GetPrototype(
        pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))


def main():
    socket, service, method = sys.argv[1:]
    message = describe()
    request = json_format.Parse(sys.stdin.read() or "{}", message(method + "Request")())
    with grpc.insecure_channel(f"unix:{socket}") as channel:
        call = channel.unary_unary(f"/{PACKAGE}.{service}/{method}",
                                   request_serializer=lambda value: value.SerializeToString(),
                                   response_deserializer=message(method + "Response").FromString)
        try:
            answer = call(request, timeout=120)
        except grpc.RpcError as error:
            sys.exit(f"{error.code().name}: {error.details()}")
    print(json_format.MessageToJson(answer, preserving_proto_field_name=True, including_default_value_fields=True))


main()
