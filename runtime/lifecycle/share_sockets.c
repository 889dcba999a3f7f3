#include "runtime/lifecycle/share_sockets.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/lifecycle/state.h"

int share_sockets_make(int directory, struct guest_setup *setup, struct error *error)
{
    for (size_t i = 0; setup->virtiofsd != NULL && i < setup->share_count; i++) {
        struct guest_share *share = &setup->shares[i];
        share->listener = state_listen(directory, SHARE_SOCKET, SOCK_STREAM, error);
        if (share->listener < 0)
            return -1;
        share->connection = state_connect(directory, SHARE_SOCKET, SOCK_STREAM, error);
        if (share->connection < 0)
            return -1;
        if (unlinkat(directory, SHARE_SOCKET, 0) < 0)
            return error_errno(error, errno, SHARE_SOCKET);
    }
    return 0;
}
