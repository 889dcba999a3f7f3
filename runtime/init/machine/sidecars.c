#include "runtime/init/machine/sidecars.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/init/console.h"
#include "runtime/init/machine/sidecars/placeholder.h"

/* ---- bpf(2): of the kernel's interface what is needed here, because not every C library has its header ----
 */

struct instruction {
    uint8_t code;
    uint8_t registers;
    int16_t offset;
    uint32_t immediate;
};

enum {
    PROG_LOAD = 5,
    LINK_CREATE = 28,
    TYPE_SOCK_ADDR = 18,
    LOAD_64 = 0x18, /* one immediate of 64 bits in two instructions */
    LONGEST = 512,  /* instructions of one program */
};

struct load {
    uint32_t type;
    uint32_t count;
    uint64_t instructions;
    uint64_t license;
    uint32_t log[6];
    char name[16];
    uint32_t interface;
    uint32_t attach_type;
};

struct link {
    uint32_t program;
    uint32_t target;
    uint32_t attach_type;
    uint32_t flags;
};

static int call_bpf(int command, void *attributes, size_t size)
{
    return (int)syscall(SYS_bpf, command, attributes, size);
}

/* ---- the programs: sidecars/programs.S.in ---- */

extern const char choose4_start[], choose4_end[], choose6_start[], choose6_end[];
extern const char know4_start[], know4_end[], know6_start[], know6_end[];

/* enum bpf_attach_type */
enum {
    INET4_CONNECT = 10,
    INET6_CONNECT = 11,
    UDP4_SENDMSG = 14,
    UDP6_SENDMSG = 15,
    UDP4_RECVMSG = 19,
    UDP6_RECVMSG = 20,
    INET4_GETPEERNAME = 29,
    INET6_GETPEERNAME = 30,
};

static const struct program {
    const char *start;
    const char *end;
    uint32_t attach_type;
} programs[] = {
    /* Last comes what must not be without the others: a call that is sent elsewhere. */
    {know4_start, know4_end, INET4_GETPEERNAME}, {know6_start, know6_end, INET6_GETPEERNAME},
    {know4_start, know4_end, UDP4_RECVMSG},      {know6_start, know6_end, UDP6_RECVMSG},
    {choose4_start, choose4_end, UDP4_SENDMSG},  {choose6_start, choose6_end, UDP6_SENDMSG},
    {choose4_start, choose4_end, INET4_CONNECT}, {choose6_start, choose6_end, INET6_CONNECT},
};

static void put_words(struct instruction *code, size_t count, const uint32_t *words)
{
    for (size_t i = 0; i + 1 < count; i++) {
        if (code[i].code != LOAD_64 || code[i + 1].immediate != SIDECARS_PLACEHOLDER_HIGH ||
            code[i].immediate >= SIDECARS_WORDS)
            continue;
        code[i].immediate = words[code[i].immediate];
        code[i + 1].immediate = 0;
    }
}

/* The link and the program stay open: with this process they go. */
static bool attach(const struct program *program, int cgroup, const uint32_t *words)
{
    static struct instruction code[LONGEST];
    size_t size = (size_t)(program->end - program->start);
    if (size > sizeof code)
        return false;
    memcpy(code, program->start, size);
    put_words(code, size / sizeof *code, words);
    struct load load = {.type = TYPE_SOCK_ADDR,
                        .count = (uint32_t)(size / sizeof *code),
                        .instructions = (uintptr_t)code,
                        .license = (uintptr_t) "Apache-2.0",
                        .name = "urunc_sidecars",
                        .attach_type = program->attach_type};
    int fd = call_bpf(PROG_LOAD, &load, sizeof load);
    struct link link = {
        .program = (uint32_t)fd, .target = (uint32_t)cgroup, .attach_type = program->attach_type};
    return fd >= 0 && call_bpf(LINK_CREATE, &link, sizeof link) >= 0;
}

static bool read_addresses(const char *addresses, uint32_t *words)
{
    char text[INET_ADDRSTRLEN + INET6_ADDRSTRLEN];
    if ((size_t)snprintf(text, sizeof text, "%s", addresses) >= sizeof text)
        return false;
    char *six = strchr(text, '/');
    if (six != NULL)
        *six++ = '\0';
    return (*text == '\0' || inet_pton(AF_INET, text, words) == 1) &&
           (six == NULL || *six == '\0' || inet_pton(AF_INET6, six, words + 1) == 1);
}

bool sidecars_attach(int cgroup, const char *addresses)
{
    uint32_t words[SIDECARS_WORDS] = {0};
    if (!read_addresses(addresses, words)) {
        errno = EINVAL;
        return false;
    }
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        if (!attach(&programs[i], cgroup, words))
            return false;
    return true;
}

/* Without a place in the tree: it is the image's. (fsopen(2); the numbers are the kernel's interface.) */
static int open_cgroups(void)
{
    enum { CREATE = 6 }; /* FSCONFIG_CMD_CREATE */
    int context = (int)syscall(SYS_fsopen, "cgroup2", 1);
    if (context < 0 || syscall(SYS_fsconfig, context, CREATE, NULL, NULL, 0) < 0)
        return -1;
    int cgroups = (int)syscall(SYS_fsmount, context, 1, 0);
    close(context);
    return cgroups;
}

void sidecars_serve(const char *addresses)
{
    int cgroups = open_cgroups();
    if (cgroups < 0)
        return;
    if (!sidecars_attach(cgroups, addresses) && errno == EINVAL)
        complain("urunc.pod=%s:", addresses);
    close(cgroups);
}
