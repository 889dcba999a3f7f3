/*
 * The configuration in the form and with the keys of the other urunc, the one in Go
 * (https://urunc.io/configuration/): hosts move over with the file that they have. Keys of our own
 * (docs/urunc-config.5) are taken in this form, too.
 */
#ifndef RUNTIME_CONFIG_CONFIG_TOML_H
#define RUNTIME_CONFIG_CONFIG_TOML_H

#include "formats/base/buffer.h"
#include "formats/base/error.h"
#include "runtime/config/config.h"

/* Sets what the text says. `path` is the file's. An error is "PATH:LINE: ...". */
int config_apply_toml(const struct buffer *text, const char *path, struct config *config,
                      struct error *error);

#endif
