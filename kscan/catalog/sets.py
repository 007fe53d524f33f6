"""Header sets: what `kscan fetch` reads. Adding a file to a set is adding it to a row."""

from fnmatch import fnmatchcase
from typing import NamedTuple

_WILD = frozenset("*?[")


class HeaderSet(NamedTuple):
    """`uapi`: logical names or patterns of exported headers; `internal`: paths in the kernel tree
    that are read alone; `support`: headers that those include in most releases, brought in the same
    batch."""

    name: str
    uapi: tuple[str, ...]
    internal: tuple[str, ...] = ()
    support: tuple[str, ...] = ()

    def covers(self, header: str) -> bool:
        """Whether the set asks for a header (UAPI by logical name, internal by path)."""
        return header in self.internal or any(fnmatchcase(header, pattern) for pattern in self.uapi)

    @property
    def anywhere(self) -> tuple[str, ...]:
        """What may be a path in the kernel tree as well as a logical name: all that --headers gives."""
        return () if self.internal else self.uapi


_BPF_UAPI = [
    "linux/bpf.h",
    "linux/bpf_common.h",
    "linux/bpf_perf_event.h",
    "linux/btf.h",
    "linux/filter.h",
    "linux/if_packet.h",
    "linux/if_tun.h",
    "linux/if_link.h",
    "linux/if_xdp.h",
    "linux/kcm.h",
    "linux/lirc.h",
    "linux/lwtunnel.h",
    "linux/netdev.h",
    "linux/perf_event.h",
    "linux/pkt_cls.h",
    "linux/pkt_sched.h",
    "linux/ppp-ioctl.h",
    "linux/if_ppp.h",
    # IFLA_ and TCA_ACT_ names lay there before they moved to if_link.h and pkt_cls.h.
    "linux/rtnetlink.h",
    "linux/tc_act/tc_connmark.h",
    "linux/tc_act/tc_csum.h",
    "linux/tc_act/tc_defact.h",
    "linux/tc_act/tc_gact.h",
    "linux/tc_act/tc_ipt.h",
    "linux/tc_act/tc_mirred.h",
    "linux/tc_act/tc_nat.h",
    "linux/tc_act/tc_pedit.h",
    "linux/tc_act/tc_skbedit.h",
    "linux/tc_act/tc_vlan.h",
    "linux/tc_act/tc_xt.h",
    "linux/seccomp.h",
    "linux/seg6_local.h",
    "linux/socket.h",
    "linux/netfilter.h",
    "linux/netfilter/xt_bpf.h",
    "linux/tc_act/tc_bpf.h",
    "asm/socket.h",
    "asm-generic/socket.h",
]

_BPF_INTERNAL = [
    "include/linux/filter.h",
    "include/linux/bpf.h",
    "include/linux/bpf_types.h",
    "net/packet/af_packet.c",
    "net/core/filter.c",
    "kernel/bpf/core.c",
    "kernel/bpf/cgroup.c",
    "kernel/seccomp.c",
    "kernel/trace/bpf_trace.c",
    "net/core/ptp_classifier.c",
    "drivers/net/tun.c",
    "tools/lib/bpf/libbpf.c",
    "samples/bpf/bpf_load.c",
    "drivers/isdn/i4l/isdn_ppp.c",
    "drivers/media/rc/bpf-lirc.c",
    "drivers/net/netkit.c",
    "drivers/net/ppp_generic.c",
    "drivers/net/ppp/ppp_generic.c",
    "drivers/net/team/team_mode_loadbalance.c",
    "drivers/net/virtio_net.c",
    "include/linux/bpf-cgroup.h",
    "include/net/libeth/xdp.h",
    "include/net/libeth/xsk.h",
    "include/net/sock.h",
    "include/net/tcp.h",
    "include/net/xdp.h",
    "io_uring/bpf_filter.c",
    "kernel/bpf/bpf_iter.c",
    "kernel/bpf/cpumap.c",
    "kernel/bpf/devmap.c",
    "kernel/bpf/sockmap.c",
    "kernel/bpf/syscall.c",
    "kernel/events/core.c",
    "kernel/trace/trace_kprobe.c",
    "kernel/trace/trace_syscalls.c",
    "kernel/trace/trace_uprobe.c",
    "net/bpf/test_run.c",
    "net/core/dev.c",
    "net/core/flow_dissector.c",
    "net/core/lwt_bpf.c",
    "net/core/skmsg.c",
    "net/core/sock_reuseport.c",
    "net/core/timestamping.c",
    "net/ipv6/seg6_local.c",
    "net/kcm/kcmsock.c",
    "net/netfilter/nf_bpf_link.c",
    "net/netfilter/xt_bpf.c",
    "net/sched/act_bpf.c",
    "net/sched/cls_bpf.c",
    # Programs as sources and texts spell them.
    "Documentation/networking/cdc_mbim.rst",
    "Documentation/networking/cdc_mbim.txt",
    "tools/testing/selftests/bpf/verifier/sock.c",
    "tools/testing/selftests/net/psock_fanout.c",
]

_SUPPORT = [
    "asm-generic/bitsperlong.h",
    "asm-generic/bpf_perf_event.h",
    "asm-generic/int-l64.h",
    "asm-generic/int-ll64.h",
    "asm-generic/ioctl.h",
    "asm-generic/posix_types.h",
    "asm-generic/sockios.h",
    "asm-generic/types.h",
    "asm/bitsperlong.h",
    "asm/bpf_perf_event.h",
    "asm/byteorder.h",
    "asm/ioctl.h",
    "asm/ioctls.h",
    "asm/posix_types.h",
    "asm/posix_types_32.h",
    "asm/posix_types_64.h",
    "asm/processor-flags.h",
    "asm/ptrace-abi.h",
    "asm/ptrace.h",
    "asm/sockios.h",
    "asm/swab.h",
    "asm/types.h",
    "linux/byteorder/little_endian.h",
    "linux/const.h",
    "linux/if_ether.h",
    "linux/in.h",
    "linux/in6.h",
    "linux/ioctl.h",
    "linux/kernel.h",
    "linux/libc-compat.h",
    "linux/limits.h",
    "linux/netlink.h",
    "linux/posix_types.h",
    "linux/ppp_defs.h",
    "linux/ptrace.h",
    "linux/seg6.h",
    "linux/sockios.h",
    "linux/stddef.h",
    "linux/swab.h",
    "linux/sysctl.h",
    "linux/sysinfo.h",
    "linux/types.h",
]

# Made by the kernel's own build since x86's system calls became tables (v3.3): user space has them, a tree
# does not, and what they say is not known.
GENERATED = ("asm/unistd_*.h",)
NEVER_IN_A_TREE = "linux/version.h"

SETS = {
    row.name: row
    for row in (
        HeaderSet("bpf", tuple(_BPF_UAPI), tuple(_BPF_INTERNAL), tuple(_SUPPORT)),
        HeaderSet("uapi", ("*.h",), tuple(_BPF_INTERNAL)),
    )
}


def set_of(word: str) -> HeaderSet:
    """The set a store remembers by `word`: a set's name, or a pattern given with --headers."""
    return SETS[word] if word in SETS else HeaderSet(word, (word,))


def is_pattern(name: str) -> bool:
    """Whether a word stands for any name that matches it."""
    return not _WILD.isdisjoint(name)
