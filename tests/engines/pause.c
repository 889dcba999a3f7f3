/* The first process of a pod in the tests: it waits for a signal that ends it, and collects the pod's
 * orphans. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void end(int number)
{
    (void)number;
    _exit(0);
}

int main(void)
{
    /* The first process of a PID namespace gets only the signals that it has a handler for. */
    signal(SIGTERM, end);
    signal(SIGINT, end);
    for (;;)
        if (wait(NULL) < 0)
            pause();
}
