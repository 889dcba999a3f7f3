/* Loaded into urunc by LD_PRELOAD: the table of mounts is the file $URUNC_TEST_MOUNTS, so that an ordinary
 * directory stands for resctrl, which needs a processor of its own. */
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>

FILE *setmntent(const char *file, const char *mode)
{
    (void)file;
    return fopen(getenv("URUNC_TEST_MOUNTS"), mode);
}
