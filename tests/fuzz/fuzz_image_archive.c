/* Image archives: any file is opened as docker-archive and as oci-archive, or refused with a message. */
#include "builder/image/source_image.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "tests/fuzz/directory.h"

static void open_as(const char *kind)
{
    struct error error = {0};
    cleanup_source_image struct source_image image = SOURCE_IMAGE_NONE;
    cleanup_free char *name = xasprintf("%s:%s/image.tar", kind, directory_path);
    CHECK((source_image_open(&image, name, NULL, &error) < 0) == (error.message != NULL));
    CHECK(error.message == NULL || strchr(error.message, '\n') == NULL);
    error_clear(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    directory_write(directory_open(), "image.tar", data, size);
    open_as("docker-archive");
    open_as("oci-archive");
    return 0;
}
