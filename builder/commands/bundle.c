/* urunc-build bundle IMAGE DIR: an image becomes what `urunc run -b DIR ID` takes, without any container
 * engine. */
#include <sys/stat.h>

#include "builder/bundle/bundle.h"
#include "builder/commands/command.h"

static const char description[] =
    "\n"
    "The filesystem goes to DIR/rootfs, and DIR/config.json gets the annotations, for\n"
    "`urunc run -b DIR ID`. As root with owners, devices and capabilities, else as\n"
    "files of the user. IMAGE is\n"
    "  DIR[:TAG]   or  oci:DIR[:TAG]              an OCI image layout\n"
    "  FILE[:TAG]  or  oci-archive:FILE[:TAG]     the same in a tar file\n"
    "  FILE[:REF]  or  docker-archive:FILE[:REF]  what `docker save` writes\n";

int command_bundle(const struct command *command, char *const *argv, struct error *error)
{
    const char *platform = NULL;
    const struct option_spec specs[] = {
        OPTION_VALUE("platform", 0, "OS/ARCH",
                     "which one of a multi-platform image (default: this machine's)", &platform),
        OPTIONS_END,
    };
    cleanup_operands struct operands operands = {0};
    int parsed = command_parse(command, argv, specs, description, &operands, error);
    if (parsed <= 0)
        return parsed;
    if (operands.count != 2)
        return command_wrong_usage(command, error);
    umask(022); /* the modes of directories that no layer mentions */
    cleanup_source_image struct source_image image = SOURCE_IMAGE_NONE;
    if (source_image_open(&image, operands.items[0], platform, error) < 0 ||
        bundle_make(&image, operands.items[1], error) < 0)
        return error_prefix(error, "bundle");
    return 0;
}
