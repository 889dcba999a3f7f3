#include "runtime/sandbox/privileges/blocking_output.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stddef.h>

int blocking_output_install(struct error *error)
{
    const scmp_datum_t flags = O_APPEND | O_NONBLOCK;
    const struct scmp_arg_cmp arguments[] = {
        SCMP_A1(SCMP_CMP_EQ, F_SETFL, 0),
        SCMP_A2(SCMP_CMP_MASKED_EQ, flags, flags),
    };
    scmp_filter_ctx context = seccomp_init(SCMP_ACT_ALLOW);
    if (context == NULL)
        return error_errno(error, ENOMEM, "the filter of the guest's output");
    /* An error of number 0 is success. */
    int status = seccomp_attr_set(context, SCMP_FLTATR_CTL_NNP, 0);
    if (status == 0)
        status = seccomp_rule_add_array(context, SCMP_ACT_ERRNO(0), SCMP_SYS(fcntl), 2, arguments);
    if (status == 0)
        status = seccomp_load(context);
    seccomp_release(context);
    return status < 0 ? error_errno(error, -status, "the filter of the guest's output") : 0;
}
