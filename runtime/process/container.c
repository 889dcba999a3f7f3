#include "runtime/process/container.h"

#include <stdlib.h>
#include <unistd.h>

void container_free(struct container *container)
{
    const struct kept *kept = &container->kept;
    const int fds[] = {container->listener,    container->control, container->manage, container->create_end,
                       container->process_end, kept->rootfs_tree,  kept->generated};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    for (size_t i = 0; i < kept->tun_count; i++)
        if (kept->tuns[i] >= 0)
            close(kept->tuns[i]);
    for (size_t i = 0; i < kept->queue_count; i++)
        close(kept->queues[i]);
    for (size_t i = 0; i < kept->vhost_count; i++)
        close(kept->vhosts[i]);
    streams_close(&container->kept.streams);
    sharing_close(&container->sharing);
    free(container->kept.resolv_conf);
    exec_label_free(&container->kept.label);
    monitor_user_free(&container->kept.user);
    trace_close(&container->trace);
    console_close(&container->console);
    seccomp_filter_free(&container->seccomp);
    guest_setup_free(&container->guest);
    saved_machine_free(&container->saved);
    config_free(&container->config);
    bundle_free(&container->bundle);
    *container = CONTAINER_NONE;
}

bool container_has_network(const struct container *container)
{
    return namespace_is_new(&container->bundle.namespaces, NAMESPACE_NETWORK) || container->foreign_network;
}
