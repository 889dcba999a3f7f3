/* Solo5's two notes (note.h) for its target virtio, in a kernel that multiboot starts: the manifest declares the network
 * device `service` and, behind it, the block device `storage`. */
        .macro entry name, type
1:      .ascii "\name"
        .skip 68 - (. - 1b)
        .long \type
        .skip 104 - 72
        .endm

        .section .note.solo5.abi, "a", @note
        .balign 4
        .long 6, 16, 0x31494241 /* "ABI1" */
        .asciz "Solo5"
        .balign 4
        .long 3, 1, 0, 0 /* virtio; its version is always 1 */

        .section .note.solo5.manifest, "a", @note
        .balign 8
        .long 6, 3f - 2f, 0x3154464d /* "MFT1" */
        .asciz "Solo5"
        .balign 4
2:      .balign 8
        .long 1, 3 /* version, entries */
        entry "", 0x40000000
        entry "service", 2
        entry "storage", 1
3:
        .section .note.GNU-stack, "", @progbits
