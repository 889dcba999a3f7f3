#include <errno.h>
#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/sandbox/standin/json.h"
#include "tests/sandbox/standin/report.h"

enum { CAPABILITIES = 64, GROUPS = 256 };

static void report_ids(void)
{
    uid_t uid = 0, euid = 0, suid = 0;
    gid_t gid = 0, egid = 0, sgid = 0;
    getresuid(&uid, &euid, &suid);
    getresgid(&gid, &egid, &sgid);
    json_open("ids", '{');
    json_unsigned("uid", uid);
    json_unsigned("euid", euid);
    json_unsigned("suid", suid);
    json_unsigned("fsuid", (unsigned)setfsuid((uid_t)-1)); /* an impossible ID changes nothing */
    json_unsigned("gid", gid);
    json_unsigned("egid", egid);
    json_unsigned("sgid", sgid);
    json_unsigned("fsgid", (unsigned)setfsgid((gid_t)-1));
    json_close('}');
    gid_t groups[GROUPS];
    int count = getgroups(GROUPS, groups);
    json_open("groups", '[');
    for (int i = 0; i < count; i++)
        json_unsigned(NULL, groups[i]);
    json_close(']');
}

/* Sets of 64 bits, as hexadecimal text as in /proc/PID/status. */
static void report_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {0};
    uint64_t bounding = 0, ambient = 0;
    syscall(SYS_capget, &header, data);
    for (int number = 0; number < CAPABILITIES; number++) {
        if (prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1)
            bounding |= UINT64_C(1) << number;
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, number, 0, 0) == 1)
            ambient |= UINT64_C(1) << number;
    }
    json_open("capabilities", '{');
    json_format("effective", "%08x%08x", data[1].effective, data[0].effective);
    json_format("permitted", "%08x%08x", data[1].permitted, data[0].permitted);
    json_format("inheritable", "%08x%08x", data[1].inheritable, data[0].inheritable);
    json_format("bounding", "%016llx", (unsigned long long)bounding);
    json_format("ambient", "%016llx", (unsigned long long)ambient);
    json_close('}');
}

void report_identity(void)
{
    int death = 0;
    report_ids();
    report_capabilities();
    prctl(PR_GET_PDEATHSIG, &death);
    json_number("no_new_privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    json_number("seccomp", prctl(PR_GET_SECCOMP)); /* 0: none, 2: a filter */
    json_number("dumpable", prctl(PR_GET_DUMPABLE));
    json_number("securebits", prctl(PR_GET_SECUREBITS));
    json_number("parent_death_signal", death);
}
