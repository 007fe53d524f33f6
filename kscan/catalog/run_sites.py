"""How the kernel's sources call a BPF program to run.

Curated: which words run a program. Measured: where they stand, release by release.
"""

# Families by prefix would take in helpers that only prepare a run. `bpf_func` is a program's own
# pointer, called without a word around it.
RUN_WORDS = frozenset(
    (
        "sk_run_filter",
        "SK_RUN_FILTER",
        "sk_run_filter_int_seccomp",
        "sk_run_filter_int_skb",
        "bpf_func",
        "KCM_RUN_FILTER",
        "BPF_PROG_RUN",
        "__BPF_PROG_RUN",
        "__bpf_prog_run",
        "BPF_PROG_RUN_ARRAY",
        "BPF_PROG_RUN_ARRAY_CHECK",
        "BPF_PROG_RUN_ARRAY_FLAGS",
        "BPF_PROG_RUN_ARRAY_CG",
        "BPF_PROG_RUN_ARRAY_CG_FLAGS",
        "BPF_PROG_CGROUP_INET_EGRESS_RUN_ARRAY",
        "BPF_PROG_SK_LOOKUP_RUN_ARRAY",
        "bpf_prog_run",
        "bpf_prog_run_clear_cb",
        "bpf_prog_run_save_cb",
        "bpf_prog_run_xdp",
        "bpf_prog_run_pin_on_cpu",
        "bpf_prog_run_data_pointers",
        "bpf_prog_run_generic_xdp",
        "bpf_prog_run_array",
        "bpf_prog_run_array_cg",
        "bpf_prog_run_array_cg_flags",
        "bpf_prog_run_array_uprobe",
        "bpf_prog_run_array_sleepable",
        "bpf_iter_run_prog",
        "trace_call_bpf",
        "trace_call_bpf_faultable",
    )
)
