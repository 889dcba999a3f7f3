/* XEN_ELFNOTE_PHYS32_ENTRY: where a loader enters by PVH. */
        .section .note.pvh, "a", @note
        .balign 4
        .long 2f - 1f
        .long 4f - 3f
        .long 18
1:      .asciz "Xen"
2:      .balign 4
3:      .long pvh_start
4:
        .section .note.GNU-stack, "", @progbits
