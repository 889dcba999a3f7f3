/* Options of docker build, buildx, podman build and buildah that people type and urunc-build does not have.
 */
#ifndef BUILDER_COMMANDS_OTHER_BUILDERS_H
#define BUILDER_COMMANDS_OTHER_BUILDERS_H

#include "formats/base/options.h"

#define NOTHING_RUNS "nothing is executed in a build; leave it out"
#define NO_CACHE     "every build is from the beginning; leave it out"
#define NO_BASE      "no base image is taken from a registry; leave it out"
#define ONE_PLATFORM "write --platform OS/ARCH"
#define NOT_ATTESTED "no attestation is made; leave it out"

/* Refused by name, for as unknown options they would take the context for their value, or say nothing of what
 * to do. */
#define OPTIONS_OF_OTHER_BUILDERS                                                                            \
    OPTION_REFUSED("add-host", NOTHING_RUNS), OPTION_REFUSED("all-platforms", ONE_PLATFORM),                 \
        OPTION_REFUSED("allow", NOTHING_RUNS), OPTION_REFUSED("arch", ONE_PLATFORM),                         \
        OPTION_REFUSED("attest", NOT_ATTESTED), OPTION_REFUSED("authfile", NO_BASE),                         \
        OPTION_REFUSED("build-context", "write a stage, and COPY --from=STAGE"),                             \
        OPTION_REFUSED("builder", "there is no daemon; leave it out"),                                       \
        OPTION_REFUSED("cache-from", NO_CACHE), OPTION_REFUSED("cache-to", NO_CACHE),                        \
        OPTION_REFUSED("cgroup-parent", NOTHING_RUNS),                                                       \
        OPTION_REFUSED("compress",                                                                           \
                       "nothing is sent to a daemon; --compression says how layers are compressed"),         \
        OPTION_REFUSED("cpu-period", NOTHING_RUNS), OPTION_REFUSED("cpu-quota", NOTHING_RUNS),               \
        OPTION_REFUSED("cpu-shares", NOTHING_RUNS), OPTION_REFUSED("cpuset-cpus", NOTHING_RUNS),             \
        OPTION_REFUSED("cpuset-mems", NOTHING_RUNS), OPTION_REFUSED("creds", NO_BASE),                       \
        OPTION_REFUSED("device", NOTHING_RUNS), OPTION_REFUSED("disable-content-trust", NO_BASE),            \
        OPTION_REFUSED("env", "write ENV into the spec"), OPTION_REFUSED("force-rm", NOTHING_RUNS),          \
        OPTION_REFUSED("format", "write -o type=oci,dest=PATH or -o type=docker-archive,dest=PATH"),         \
        OPTION_REFUSED("ignorefile", "put it beside the spec, as NAME.dockerignore"),                        \
        OPTION_REFUSED("isolation", NOTHING_RUNS), OPTION_REFUSED("jobs", NOTHING_RUNS),                     \
        OPTION_REFUSED("layers", NO_CACHE),                                                                  \
        OPTION_REFUSED("load", "write -o type=docker-archive,dest=- and pipe it to `docker load`"),          \
        OPTION_REFUSED("manifest", "one image is built; write -t NAME"),                                     \
        OPTION_REFUSED("memory", NOTHING_RUNS), OPTION_REFUSED("memory-swap", NOTHING_RUNS),                 \
        OPTION_REFUSED("metadata-file", "--iidfile FILE writes the image's ID"),                             \
        OPTION_REFUSED("network", NOTHING_RUNS), OPTION_REFUSED("no-cache-filter", NO_CACHE),                \
        OPTION_REFUSED("os", ONE_PLATFORM), OPTION_REFUSED("progress", "progress is plain; -q prints none"), \
        OPTION_REFUSED("provenance", NOT_ATTESTED), OPTION_REFUSED("pull", NO_BASE),                         \
        OPTION_REFUSED("push", "write -o type=oci,dest=DIR and copy it with `skopeo copy`"),                 \
        OPTION_REFUSED("rewrite-timestamp", "--timestamp sets the time of all files"),                       \
        OPTION_REFUSED("rm", NOTHING_RUNS), OPTION_REFUSED("sbom", NOT_ATTESTED),                            \
        OPTION_REFUSED("secret", NOTHING_RUNS), OPTION_REFUSED("security-opt", NOTHING_RUNS),                \
        OPTION_REFUSED("shm-size", NOTHING_RUNS),                                                            \
        OPTION_REFUSED("source-date-epoch", "write --timestamp SECONDS"),                                    \
        OPTION_REFUSED("squash", "a stage makes few layers; leave it out"),                                  \
        OPTION_REFUSED("ssh", NOTHING_RUNS), OPTION_REFUSED("tls-verify", NO_BASE),                          \
        OPTION_REFUSED("ulimit", NOTHING_RUNS), OPTION_REFUSED("variant", ONE_PLATFORM),                     \
        OPTION_REFUSED("volume", NOTHING_RUNS)

#endif
