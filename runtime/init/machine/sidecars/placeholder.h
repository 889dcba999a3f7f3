/* Where the programs of calls.c have words that are known when they are loaded: constants of 64 bits, this
 * and the number of the word. */
#ifndef RUNTIME_INIT_SIDECARS_PLACEHOLDER_H
#define RUNTIME_INIT_SIDECARS_PLACEHOLDER_H

#define SIDECARS_PLACEHOLDER_HIGH 0x75726e63
/* The pod's IPv4 address, and the four words of its IPv6 address; zeros where it has none. */
#define SIDECARS_WORDS 5

#endif
