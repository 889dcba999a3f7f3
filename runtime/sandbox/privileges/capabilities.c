#include "runtime/sandbox/privileges/capabilities.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

enum { CAPABILITY_MAX = 64 };

int capability_from_name(const char *name)
{
    cap_value_t number = 0;
    /* libcap also takes numbers, and names without the prefix; the specification does not. */
    if (strncasecmp(name, "CAP_", 4) != 0 || cap_from_name(name, &number) != 0 || number >= CAPABILITY_MAX)
        return -1;
    return number;
}

char *capability_name(int number)
{
    if (number < 0 || number > CAP_LAST_CAP)
        return NULL;
    char *lower = cap_to_name(number);
    if (lower == NULL)
        return NULL;
    char *name = xstrdup(lower);
    cap_free(lower);
    for (char *c = name; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    return name;
}

int capabilities_limit(capability_set bounding, struct error *error)
{
    for (int number = 0; number < CAPABILITY_MAX; number++) {
        if ((bounding >> number) & 1)
            continue;
        int held = prctl(PR_CAPBSET_READ, number, 0, 0, 0);
        if (held < 0) /* past the kernel's last capability */
            break;
        if (held == 1 && prctl(PR_CAPBSET_DROP, number, 0, 0, 0) < 0)
            return error_errno(error, errno, "cannot take capability %d out of the bounding set", number);
    }
    return 0;
}

static int raise_ambient(capability_set ambient, struct error *error)
{
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return error_errno(error, errno, "cannot clear the ambient capabilities");
    for (int number = 0; number < CAPABILITY_MAX; number++)
        if (((ambient >> number) & 1) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) < 0)
            return error_errno(error, errno, "cannot make capability %d ambient", number);
    return 0;
}

int capabilities_apply(const struct capabilities *wanted, struct error *error)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    if (capget(&header, data) < 0)
        return error_errno(error, errno, "cannot read the capabilities");
    capability_set held = data[0].permitted | (capability_set)data[1].permitted << 32;
    capability_set permitted = wanted->permitted & held;
    capability_set effective = wanted->effective & permitted;
    capability_set inheritable = wanted->inheritable & held;
    for (int half = 0; half < 2; half++) {
        data[half].permitted = (uint32_t)(permitted >> (32 * half));
        data[half].effective = (uint32_t)(effective >> (32 * half));
        data[half].inheritable = (uint32_t)(inheritable >> (32 * half));
    }
    if (capset(&header, data) < 0)
        return error_errno(error, errno, "cannot set the capabilities");
    /* The kernel keeps ambient within permitted and inheritable. */
    return raise_ambient(wanted->ambient & permitted & inheritable, error);
}
