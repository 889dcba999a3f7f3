#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "runtime/commands/command.h"

/* A container of its own namespaces that boots rootfs/boot/kernel. */
static const char template[] = "{\n"
                               "    \"ociVersion\": \"1.1.0\",\n"
                               "    \"process\": {\n"
                               "        \"terminal\": false,\n"
                               "        \"user\": {\"uid\": 0, \"gid\": 0},\n"
                               "        \"args\": [\"unikernel\"],\n"
                               "        \"env\": [],\n"
                               "        \"cwd\": \"/\",\n"
                               "        \"noNewPrivileges\": true\n"
                               "    },\n"
                               "    \"root\": {\"path\": \"rootfs\", \"readonly\": false},\n"
                               "    \"hostname\": \"urunc\",\n"
                               "    \"annotations\": {\n"
                               "        \"com.urunc.unikernel.unikernelType\": \"generic\",\n"
                               "        \"com.urunc.unikernel.hypervisor\": \"qemu\",\n"
                               "        \"com.urunc.unikernel.binary\": \"/boot/kernel\"\n"
                               "    },\n"
                               "    \"linux\": {\n"
                               "        \"namespaces\": [\n"
                               "            {\"type\": \"pid\"},\n"
                               "            {\"type\": \"network\"},\n"
                               "            {\"type\": \"ipc\"},\n"
                               "            {\"type\": \"uts\"},\n"
                               "            {\"type\": \"mount\"}\n"
                               "        ]\n"
                               "    }\n"
                               "}\n";

int command_spec(const struct command *command, const struct invocation *invocation, struct error *error)
{
    const char *bundle = ".";
    const struct option_spec specs[] = {
        OPTION_VALUE("bundle", 'b', "DIR", "where to write config.json (default: .)", &bundle),
        OPTIONS_END,
    };
    cleanup_operands struct operands operands = {0};
    int parsed = command_parse(command, invocation, specs, 0, 0, &operands, error);
    if (parsed <= 0)
        return parsed;
    cleanup_free char *path = xasprintf("%s/config.json", bundle);
    cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 && errno == EEXIST)
        return error_set(error, "spec: %s exists; remove it first", path);
    if (fd < 0)
        return error_errno(error, errno, "spec: %s", path);
    return write_all(fd, template, strlen(template), path, error);
}
