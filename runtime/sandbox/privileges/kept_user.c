#include "runtime/sandbox/privileges/kept_user.h"

#include <errno.h>
#include <seccomp.h>
#include <stddef.h>

int kept_user_install(struct error *error)
{
    static const int calls[] = {SCMP_SYS(setresuid), SCMP_SYS(setresgid), SCMP_SYS(setgroups)};
    scmp_filter_ctx context = seccomp_init(SCMP_ACT_ALLOW);
    if (context == NULL)
        return error_errno(error, ENOMEM, "the filter that keeps the user");
    /* An error of number 0 is success. */
    int status = seccomp_attr_set(context, SCMP_FLTATR_CTL_NNP, 0);
    for (size_t i = 0; i < sizeof calls / sizeof *calls && status == 0; i++)
        status = seccomp_rule_add(context, SCMP_ACT_ERRNO(0), calls[i], 0);
    if (status == 0)
        status = seccomp_load(context);
    seccomp_release(context);
    return status < 0 ? error_errno(error, -status, "the filter that keeps the user") : 0;
}
