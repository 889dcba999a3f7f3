/* urunc-build bundle IMAGE DIR: an image becomes what `urunc run -b DIR ID` takes, without any container
 * engine. */
#include <getopt.h>
#include <stdio.h>
#include <sys/stat.h>

#include "builder/bundle/bundle.h"
#include "builder/commands/commands.h"

static const char usage[] =
    "Usage: urunc-build bundle [OPTIONS] IMAGE DIR\n"
    "\n"
    "Unpacks an image into the new bundle DIR: its filesystem in DIR/rootfs, and\n"
    "DIR/config.json with the annotations, for \"urunc run -b DIR ID\". As root with\n"
    "owners, devices and capabilities, else as files of the user.\n"
    "\n"
    "IMAGE is\n"
    "  DIR[:TAG]   or  oci:DIR[:TAG]           an OCI image layout\n"
    "  FILE[:TAG]  or  oci-archive:FILE[:TAG]  the same in a tar file\n"
    "  FILE[:REF]  or  docker-archive:FILE[:REF]  what \"docker save\" writes\n"
    "\n"
    "Options:\n"
    "      --platform OS/ARCH[/VARIANT]  which one of a multi-platform image\n"
    "                                    (default: this machine's)\n"
    "  -h, --help                        print this text\n";

static const struct option options[] = {
    {"platform", required_argument, NULL, 'p'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

int command_bundle(int argc, char **argv, struct error *error)
{
    const char *platform = NULL;
    int option;
    optind = 0; /* start anew; main has used none of getopt's state */
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
        switch (option) {
        case 'p':
            platform = optarg;
            break;
        case 'h':
            fputs(usage, stdout);
            return 0;
        case ':':
            return error_set(error, "bundle: %s needs a value", argv[optind - 1]);
        default:
            return error_set(error, "bundle: unknown option %s; see \"urunc-build bundle --help\"",
                             argv[optind - 1]);
        }
    }
    if (argc - optind != 2)
        return error_set(error, "bundle: needs IMAGE and DIR; see \"urunc-build bundle --help\"");
    umask(022); /* the modes of directories that no layer mentions */
    cleanup_source_image struct source_image image = SOURCE_IMAGE_NONE;
    if (source_image_open(&image, argv[optind], platform, error) < 0 ||
        bundle_make(&image, argv[optind + 1], error) < 0)
        return error_prefix(error, "bundle");
    return 0;
}
