/* struct boot: releasing one. */
#include "runtime/boot.h"

#include <stdlib.h>

void boot_free(struct boot *boot)
{
    free(boot->command_line);
    boot->command_line = NULL;
}
