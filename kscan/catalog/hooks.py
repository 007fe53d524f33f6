"""Hook points: places in the kernel to which a BPF program can be attached.

A row says what no kernel text says: a title, what belongs together, the twin in the other flavour. When a
hook appeared is measured: it is the history of its `symbol`.
"""

from typing import NamedTuple

CBPF, EBPF = "cBPF", "eBPF"


class Hook(NamedTuple):
    """One hook point. `symbol` is the name whose presence proves it, `attach` the name a program is
    attached with, `twin` the id of the same place for the other flavour, `program_type` what it takes
    (None for classic BPF), `since` an earliest release known from `source` where history begins before
    the scanned kernels, `beside` the names that detach, lock or read back a program."""

    id: str
    title: str
    subsystem: str
    flavour: str
    symbol: str
    attach: str
    twin: str | None = None
    program_type: str | None = None
    since: str | None = None
    source: str | None = None
    beside: tuple[str, ...] = ()


_SOCKET_FILTER = "BPF_PROG_TYPE_SOCKET_FILTER"
_CLS, _ACT = "BPF_PROG_TYPE_SCHED_CLS", "BPF_PROG_TYPE_SCHED_ACT"
_XDP, _TRACING = "BPF_PROG_TYPE_XDP", "BPF_PROG_TYPE_TRACING"
_SKB, _SOCK = "BPF_PROG_TYPE_CGROUP_SKB", "BPF_PROG_TYPE_CGROUP_SOCK"
_ADDR, _OPT = "BPF_PROG_TYPE_CGROUP_SOCK_ADDR", "BPF_PROG_TYPE_CGROUP_SOCKOPT"
_KPROBE = "BPF_PROG_TYPE_KPROBE"

HOOKS = (
    # Places with a classic side.
    Hook("socket-cbpf", "filter on a socket", "socket", CBPF, "SO_ATTACH_FILTER", "SO_ATTACH_FILTER",
         "socket-ebpf", None, "v2.2", "socket(7)", ("SO_DETACH_FILTER", "SO_LOCK_FILTER", "SO_GET_FILTER")),
    Hook("socket-ebpf", "filter on a socket", "socket", EBPF, "SO_ATTACH_BPF", "SO_ATTACH_BPF", "socket-cbpf",
         _SOCKET_FILTER, beside=("SO_DETACH_BPF", "SO_LOCK_FILTER")),
    Hook("reuseport-cbpf", "choice of a socket in a reuseport group", "socket", CBPF,
         "SO_ATTACH_REUSEPORT_CBPF", "SO_ATTACH_REUSEPORT_CBPF", "reuseport-ebpf",
         beside=("SO_DETACH_REUSEPORT_BPF",)),
    Hook("reuseport-ebpf", "choice of a socket in a reuseport group", "socket", EBPF,
         "SO_ATTACH_REUSEPORT_EBPF", "SO_ATTACH_REUSEPORT_EBPF", "reuseport-cbpf", _SOCKET_FILTER,
         beside=("SO_DETACH_REUSEPORT_BPF",)),
    Hook("fanout-cbpf", "choice of a socket in a packet fanout group", "packet", CBPF, "PACKET_FANOUT_CBPF",
         "PACKET_FANOUT_DATA", "fanout-ebpf"),
    Hook("fanout-ebpf", "choice of a socket in a packet fanout group", "packet", EBPF, "PACKET_FANOUT_EBPF",
         "PACKET_FANOUT_DATA", "fanout-cbpf", _SOCKET_FILTER),
    Hook("tun-cbpf", "filter on a tap device", "tun", CBPF, "TUNATTACHFILTER", "TUNATTACHFILTER", "tun-ebpf",
         beside=("TUNDETACHFILTER", "TUNGETFILTER")),
    Hook("tun-ebpf", "filter on a tun or tap device", "tun", EBPF, "TUNSETFILTEREBPF", "TUNSETFILTEREBPF",
         "tun-cbpf",
         _SOCKET_FILTER),
    Hook("tun-steering", "choice of a tun or tap device's queue", "tun", EBPF,
         "TUNSETSTEERINGEBPF", "TUNSETSTEERINGEBPF", None, _SOCKET_FILTER),
    Hook("ppp-pass", "which packets a PPP link passes", "ppp", CBPF, "PPPIOCSPASS", "PPPIOCSPASS"),
    Hook("ppp-active", "which packets keep a PPP link up", "ppp", CBPF, "PPPIOCSACTIVE", "PPPIOCSACTIVE"),
    Hook("isdn-ppp", "which packets an ISDN PPP link passes, and which keep it up", "isdn", CBPF,
         "isdn_ppp_ioctl", "PPPIOCSPASS", beside=("PPPIOCSACTIVE",)),
    Hook("ptp", "recognition of PTP packets (the kernel's own program)", "ptp", CBPF, "ptp_classify_raw",
         "ptp_classifier_init", None, None, "v2.6.36", "classify() in net/core/timestamping.c, new with it"),
    Hook("team-hash", "choice of a team port by hash", "team", CBPF, "lb_bpf_func_set", "bpf_hash_func"),
    Hook("seccomp", "filter on system calls", "seccomp", CBPF, "SECCOMP_MODE_FILTER", "SECCOMP_MODE_FILTER"),
    Hook("io-uring-filter", "filter on requests of io_uring", "io_uring", CBPF,
         "IORING_REGISTER_BPF_FILTER", "IORING_REGISTER_BPF_FILTER"),
    Hook("xt-bpf-cbpf", "iptables match", "netfilter", CBPF, "xt_bpf_info", "xt_bpf_info.bpf_program",
         "xt-bpf-ebpf"),
    Hook("xt-bpf-ebpf", "iptables match", "netfilter", EBPF, "XT_BPF_MODE_FD_PINNED", "xt_bpf_info_v1.fd",
         "xt-bpf-cbpf", _SOCKET_FILTER),
    Hook("cls-cbpf", "traffic control classifier", "tc", CBPF, "TCA_BPF_OPS", "TCA_BPF_OPS", "cls-ebpf"),
    Hook("cls-ebpf", "traffic control classifier", "tc", EBPF, "TCA_BPF_FD", "TCA_BPF_FD", "cls-cbpf", _CLS),
    Hook("act-cbpf", "traffic control action", "tc", CBPF, "TCA_ACT_BPF_OPS", "TCA_ACT_BPF_OPS", "act-ebpf"),
    Hook("act-ebpf", "traffic control action", "tc", EBPF, "TCA_ACT_BPF_FD", "TCA_ACT_BPF_FD", "act-cbpf",
         _ACT),
    # Places for eBPF alone that have a name of their own beside the attach types.
    Hook("clsact", "both directions of a device, without a queue", "tc", EBPF, "TC_H_CLSACT", "TCA_BPF_FD",
         None, _CLS),
    Hook("xdp", "a device's receive path", "xdp", EBPF, "IFLA_XDP_FD", "IFLA_XDP_FD", None, _XDP,
         beside=("IFLA_XDP_EXPECTED_FD",)),
    Hook("lwt-in", "lightweight tunnel, input", "lwt", EBPF, "LWT_BPF_IN", "LWT_BPF_IN", None,
         "BPF_PROG_TYPE_LWT_IN"),
    Hook("lwt-out", "lightweight tunnel, output", "lwt", EBPF, "LWT_BPF_OUT", "LWT_BPF_OUT", None,
         "BPF_PROG_TYPE_LWT_OUT"),
    Hook("lwt-xmit", "lightweight tunnel, transmit", "lwt", EBPF, "LWT_BPF_XMIT", "LWT_BPF_XMIT", None,
         "BPF_PROG_TYPE_LWT_XMIT"),
    Hook("seg6local", "segment routing endpoint", "lwt", EBPF, "SEG6_LOCAL_ACTION_END_BPF", "SEG6_LOCAL_BPF",
         None, "BPF_PROG_TYPE_LWT_SEG6LOCAL"),
    Hook("kcm", "where a message ends in a TCP stream", "kcm", EBPF, "SIOCKCMATTACH", "kcm_attach.bpf_fd", None,
         _SOCKET_FILTER),
    Hook("perf-event", "sample of a perf event", "perf", EBPF, "BPF_PROG_TYPE_PERF_EVENT",
         "PERF_EVENT_IOC_SET_BPF", None, "BPF_PROG_TYPE_PERF_EVENT"),
    Hook("kprobe", "kprobe and uprobe", "tracing", EBPF, _KPROBE, "PERF_EVENT_IOC_SET_BPF", None, _KPROBE,
         beside=("PERF_EVENT_IOC_QUERY_BPF",)),
    Hook("tracepoint", "tracepoint", "tracing", EBPF, "BPF_PROG_TYPE_TRACEPOINT", "PERF_EVENT_IOC_SET_BPF",
         None,
         "BPF_PROG_TYPE_TRACEPOINT", beside=("PERF_EVENT_IOC_QUERY_BPF",)),
    Hook("struct-ops-map", "functions of a kernel structure, by a map", "struct_ops", EBPF,
         "BPF_PROG_TYPE_STRUCT_OPS", "BPF_MAP_UPDATE_ELEM", None, "BPF_PROG_TYPE_STRUCT_OPS"),
    Hook("raw-tracepoint", "raw tracepoint", "tracing", EBPF, "BPF_RAW_TRACEPOINT_OPEN",
         "BPF_RAW_TRACEPOINT_OPEN", None, "BPF_PROG_TYPE_RAW_TRACEPOINT"),
    Hook("raw-tracepoint-writable", "raw tracepoint whose context can be written", "tracing", EBPF,
         "BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE", "BPF_RAW_TRACEPOINT_OPEN", None,
         "BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE"),
    Hook("extension", "a function of another program", "bpf", EBPF, "BPF_PROG_TYPE_EXT",
         "BPF_RAW_TRACEPOINT_OPEN", None, "BPF_PROG_TYPE_EXT"),
    Hook("syscall", "run by user space with BPF_PROG_RUN, attached to nothing", "bpf", EBPF,
         "BPF_PROG_TYPE_SYSCALL", "BPF_PROG_TEST_RUN", None, "BPF_PROG_TYPE_SYSCALL"),
)  # fmt: skip


class AttachType(NamedTuple):
    """What is known of an attach type beyond its name."""

    name: str
    title: str
    subsystem: str
    program_type: str


ATTACH_TYPES = {
    row.name: row
    for row in (
        AttachType("BPF_CGROUP_INET_INGRESS", "packets a cgroup's sockets receive", "cgroup", _SKB),
        AttachType("BPF_CGROUP_INET_EGRESS", "packets a cgroup's sockets send", "cgroup", _SKB),
        AttachType("BPF_CGROUP_INET_SOCK_CREATE", "creation of a socket", "cgroup", _SOCK),
        AttachType("BPF_CGROUP_INET_SOCK_RELEASE", "release of a socket", "cgroup", _SOCK),
        AttachType("BPF_CGROUP_INET4_POST_BIND", "after bind, IPv4", "cgroup", _SOCK),
        AttachType("BPF_CGROUP_INET6_POST_BIND", "after bind, IPv6", "cgroup", _SOCK),
        AttachType("BPF_CGROUP_SOCK_OPS", "events of a TCP connection", "cgroup", "BPF_PROG_TYPE_SOCK_OPS"),
        AttachType("BPF_CGROUP_DEVICE", "access to a device", "cgroup", "BPF_PROG_TYPE_CGROUP_DEVICE"),
        AttachType("BPF_CGROUP_SYSCTL", "access to a sysctl", "cgroup", "BPF_PROG_TYPE_CGROUP_SYSCTL"),
        AttachType("BPF_CGROUP_GETSOCKOPT", "getsockopt", "cgroup", _OPT),
        AttachType("BPF_CGROUP_SETSOCKOPT", "setsockopt", "cgroup", _OPT),
        *(
            AttachType(f"BPF_CGROUP_{family}_{call}", f"{call.lower()}, {said}", "cgroup", _ADDR)
            for family, said, calls in (
                ("INET4", "IPv4", "BIND CONNECT GETPEERNAME GETSOCKNAME"),
                ("INET6", "IPv6", "BIND CONNECT GETPEERNAME GETSOCKNAME"),
                ("UDP4", "UDP over IPv4", "SENDMSG RECVMSG"),
                ("UDP6", "UDP over IPv6", "SENDMSG RECVMSG"),
                ("UNIX", "Unix sockets", "CONNECT SENDMSG RECVMSG GETPEERNAME GETSOCKNAME"),
            )
            for call in calls.split()
        ),
        AttachType("BPF_SK_SKB_STREAM_PARSER", "where a message ends, in a socket map", "sockmap",
                   "BPF_PROG_TYPE_SK_SKB"),
        AttachType("BPF_SK_SKB_STREAM_VERDICT", "where a message goes, in a socket map", "sockmap",
                   "BPF_PROG_TYPE_SK_SKB"),
        AttachType("BPF_SK_SKB_VERDICT", "where a packet goes, without a parser", "sockmap",
                   "BPF_PROG_TYPE_SK_SKB"),
        AttachType("BPF_SK_MSG_VERDICT", "where a sent message goes", "sockmap", "BPF_PROG_TYPE_SK_MSG"),
        AttachType("BPF_SK_LOOKUP", "choice of a listening socket", "netns", "BPF_PROG_TYPE_SK_LOOKUP"),
        AttachType("BPF_FLOW_DISSECTOR", "dissection of a packet's flow", "netns",
                   "BPF_PROG_TYPE_FLOW_DISSECTOR"),
        AttachType("BPF_SK_REUSEPORT_SELECT", "choice of a socket in a reuseport group", "socket",
                   "BPF_PROG_TYPE_SK_REUSEPORT"),
        AttachType("BPF_SK_REUSEPORT_SELECT_OR_MIGRATE", "choice or migration in a reuseport group", "socket",
                   "BPF_PROG_TYPE_SK_REUSEPORT"),
        AttachType("BPF_LIRC_MODE2", "pulses of an infrared receiver", "lirc", "BPF_PROG_TYPE_LIRC_MODE2"),
        AttachType("BPF_XDP", "a device's receive path, by link", "xdp", _XDP),
        AttachType("BPF_XDP_DEVMAP", "after redirection to a device", "xdp", _XDP),
        AttachType("BPF_XDP_CPUMAP", "after redirection to a CPU", "xdp", _XDP),
        AttachType("BPF_TRACE_RAW_TP", "raw tracepoint with BTF", "tracing", _TRACING),
        AttachType("BPF_TRACE_FENTRY", "entry of a kernel function", "tracing", _TRACING),
        AttachType("BPF_TRACE_FEXIT", "exit of a kernel function", "tracing", _TRACING),
        AttachType("BPF_TRACE_FSESSION", "entry and exit of a kernel function", "tracing", _TRACING),
        AttachType("BPF_TRACE_FENTRY_MULTI", "entry of many kernel functions", "tracing", _TRACING),
        AttachType("BPF_TRACE_FEXIT_MULTI", "exit of many kernel functions", "tracing", _TRACING),
        AttachType("BPF_TRACE_FSESSION_MULTI", "entry and exit of many kernel functions", "tracing", _TRACING),
        AttachType("BPF_MODIFY_RETURN", "return value of a kernel function", "tracing", _TRACING),
        AttachType("BPF_TRACE_ITER", "iterator over kernel objects", "tracing", _TRACING),
        AttachType("BPF_LSM_MAC", "security hook", "lsm", "BPF_PROG_TYPE_LSM"),
        AttachType("BPF_LSM_CGROUP", "security hook of a cgroup", "lsm", "BPF_PROG_TYPE_LSM"),
        AttachType("BPF_PERF_EVENT", "perf event, kprobe or tracepoint, by link", "perf",
                   "BPF_PROG_TYPE_PERF_EVENT"),
        AttachType("BPF_TRACE_KPROBE_MULTI", "many kprobes", "tracing", _KPROBE),
        AttachType("BPF_TRACE_UPROBE_MULTI", "many uprobes", "tracing", _KPROBE),
        AttachType("BPF_TRACE_KPROBE_SESSION", "entry and exit of many kprobes", "tracing", _KPROBE),
        AttachType("BPF_TRACE_UPROBE_SESSION", "entry and exit of many uprobes", "tracing", _KPROBE),
        AttachType("BPF_STRUCT_OPS", "functions of a kernel structure, by link", "struct_ops",
                   "BPF_PROG_TYPE_STRUCT_OPS"),
        AttachType("BPF_NETFILTER", "netfilter hook", "netfilter", "BPF_PROG_TYPE_NETFILTER"),
        AttachType("BPF_TCX_INGRESS", "packets a device receives, before its queues", "tc", _CLS),
        AttachType("BPF_TCX_EGRESS", "packets a device sends, before its queues", "tc", _CLS),
        AttachType("BPF_NETKIT_PRIMARY", "packets of a netkit pair's primary device", "netkit", _CLS),
        AttachType("BPF_NETKIT_PEER", "packets of a netkit pair's peer", "netkit", _CLS),
    )
}  # fmt: skip

# Enumerators of bpf_prog_type, bpf_attach_type and bpf_link_type that are no hook point of their own.
REMARKS = {
    "BPF_PROG_TYPE_UNSPEC": "no program type",
    "BPF_LINK_TYPE_UNSPEC": "no link type",
    "BPF_LINK_TYPE_RAW_TRACEPOINT": "a link to raw tracepoints",
    "BPF_LINK_TYPE_TRACING": "a link to functions and iterators of tracing",
    "BPF_LINK_TYPE_CGROUP": "a link to cgroup hooks",
    "BPF_LINK_TYPE_ITER": "a link to iterators",
    "BPF_LINK_TYPE_NETNS": "a link to flow dissector and socket lookup",
    "BPF_LINK_TYPE_XDP": "a link to XDP",
    "BPF_LINK_TYPE_PERF_EVENT": "a link to perf events",
    "BPF_LINK_TYPE_KPROBE_MULTI": "a link to many kprobes",
    "BPF_LINK_TYPE_STRUCT_OPS": "a link to struct_ops",
    "BPF_LINK_TYPE_NETFILTER": "a link to netfilter hooks",
    "BPF_LINK_TYPE_TCX": "a link to tcx",
    "BPF_LINK_TYPE_UPROBE_MULTI": "a link to many uprobes",
    "BPF_LINK_TYPE_NETKIT": "a link to netkit",
    "BPF_LINK_TYPE_SOCKMAP": "a link to socket maps",
    "BPF_LINK_TYPE_TRACING_MULTI": "a link to many functions",
}


_SYMBOLS = {hook.id: hook.symbol for hook in HOOKS}


def symbol_of(hook: str) -> str:
    """The symbol that proves the hook point with this id; an attach type's id is its name."""
    return _SYMBOLS.get(hook) or "BPF_" + hook.removesuffix("-link").upper().replace("-", "_")
