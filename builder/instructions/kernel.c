/* KERNEL: a COPY of one file that is also the annotation `binary`. */
#include "builder/instructions/guest_file.h"
#include "builder/instructions/handlers.h"
#include "builder/stage/facts.h"
#include "formats/base/cleanup.h"

int execute_kernel(struct build *build, struct stage *stage, const struct instruction *instruction,
                   struct error *error)
{
    cleanup_free char *source = NULL;
    cleanup_inode struct inode *kernel = guest_file_load(build, stage, instruction, &source, error);
    if (kernel == NULL)
        return -1;
    if (!S_ISREG(kernel->mode))
        return error_set(error, "KERNEL: %s: not a file", source);
    return guest_file_add(build, stage, instruction, "/boot/kernel", KEY_BINARY, kernel, error);
}
