"""What the flags of linux/bpf.h are for: groups that its comments tell, but no name does.

A name that FLAG_PATTERNS match and that has no row here is taken for one of a helper's or kfunc's call.
"""

COMMAND, PROGRAM, ATTACH, MAP, UPDATE, LINK, QUERY, TEST, CALL = (
    "command", "program load", "attach", "map create", "map update", "link create", "query", "test run", "call",
)  # fmt: skip

_GROUPS = {
    PROGRAM: "STRICT_ALIGNMENT ANY_ALIGNMENT TEST_RND_HI32 TEST_STATE_FREQ SLEEPABLE XDP_HAS_FRAGS"
    " XDP_DEV_BOUND_ONLY TEST_REG_INVARIANTS",
    ATTACH: "ALLOW_OVERRIDE ALLOW_MULTI REPLACE BEFORE AFTER ID PREORDER",
    MAP: "NO_PREALLOC NO_COMMON_LRU NUMA_NODE RDONLY WRONLY STACK_BUILD_ID ZERO_SEED RDONLY_PROG WRONLY_PROG"
    " CLONE MMAPABLE PRESERVE_ELEMS INNER_MAP LINK PATH_FD VTYPE_BTF_OBJ_FD TOKEN_FD SEGV_ON_FAULT"
    " NO_USER_CONV RB_OVERWRITE",
    UPDATE: "LOCK CPU ALL_CPUS",
    LINK: "KPROBE_MULTI_RETURN UPROBE_MULTI_RETURN UPROBE_MULTI_PATH_FD NETFILTER_IP_DEFRAG",
    QUERY: "QUERY_EFFECTIVE",
    TEST: "TEST_RUN_ON_CPU TEST_XDP_LIVE_FRAMES TEST_SKB_CHECKSUM_COMPLETE",
}

# BPF_F_LINK, PATH_FD and TOKEN_FD serve more than map creation; they are listed with the enum they stand in.
FLAGS = {
    # A bit beside the command's number, in its enum.
    "BPF_COMMON_ATTRS": COMMAND,
    **{f"BPF_F_{word}": group for group, words in _GROUPS.items() for word in words.split()},
    **dict.fromkeys(("BPF_ANY", "BPF_NOEXIST", "BPF_EXIST"), UPDATE),
}
FLAG_PATTERNS = (
    "BPF_F_*", "BPF_RB_NO_WAKEUP", "BPF_RB_FORCE_WAKEUP", "BPF_FIB_LOOKUP_*", "BPF_*_STORAGE_GET_F_*",
    "BPF_SK_LOOKUP_F_*", "BPF_LOAD_HDR_OPT_TCP_SYN", "BPF_MTU_CHK_SEGS", "BPF_SOCK_OPS_*_CB_FLAG*",
)  # fmt: skip
