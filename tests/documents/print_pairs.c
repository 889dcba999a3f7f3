/* Prints the table of docs/pairs.md, as Markdown, from the contract's lists. */
#include <stdio.h>

#include "formats/base/cleanup.h"
#include "formats/contract/pairs.h"

static void print_pair(struct pair pair)
{
    cleanup_free char *storage = storage_names(pair_storage(pair), ", ");
    cleanup_free char *architectures = architecture_names(pair_architectures(pair), ", ");
    printf("| %s | %s | %s | %s | %s | %s |\n", framework_name(pair.framework),
           hypervisor_name(pair.hypervisor), *storage != '\0' ? storage : "none",
           pair_has_network(pair) ? "yes" : "no", architectures,
           framework_is_booted(pair.framework) && hypervisor_is_driven(pair.hypervisor) ? "yes" : "no");
}

int main(void)
{
    printf("| framework | monitor | storage | network | machines | booted |\n");
    printf("| --- | --- | --- | --- | --- | --- |\n");
    FOR_EACH_PAIR(pair)
    print_pair(pair);
    return 0;
}
