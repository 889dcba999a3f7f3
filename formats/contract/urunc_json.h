/* /urunc.json: the annotations inside of the image, for engines that drop the manifest's
 * (docs/architecture.md, "The contract"). */
#ifndef FORMATS_CONTRACT_URUNC_JSON_H
#define FORMATS_CONTRACT_URUNC_JSON_H

#include "formats/contract/unikernel.h"

#define URUNC_JSON_PATH "/urunc.json"

enum { URUNC_JSON_MAX = 1 << 20 }; /* bytes; larger is an error */

/* The text of the file (base64 values, one key a line, a newline at its end); owned by the caller. */
char *urunc_json_write(const struct unikernel *unikernel);

/* Reads /urunc.json beneath a rootfs. UNIKERNEL_ABSENT where the file does not exist; a file that exists and
 * is not valid is an error. */
enum unikernel_found urunc_json_read(int rootfd, struct unikernel *unikernel, struct error *error);

#endif
