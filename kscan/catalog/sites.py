"""Places where the kernel converts and runs BPF programs, through all their names, and what they serve.

Curated: what a place is, and for what. Measured: where it stands, release by release.
"""

from typing import NamedTuple

RUN, CONVERT, WRAP, TRY = "run", "convert", "wrap", "try"


class Site(NamedTuple):
    """A place in the kernel through all its names: `places` are "path function", whichever a release
    has; `hooks` the ids of the hook points it serves; `role` whether it runs programs for hook points,
    wraps a run for such places, runs them on trial, or converts them."""

    id: str
    title: str
    places: tuple[str, ...]
    hooks: tuple[str, ...] = ()
    role: str = RUN


_FILTER, _CGROUP, _TRACE = "net/core/filter.c ", "kernel/bpf/cgroup.c ", "kernel/trace/bpf_trace.c "
_PPP, _OLD_PPP, _ISDN = (
    "drivers/net/ppp/ppp_generic.c ",
    "drivers/net/ppp_generic.c ",
    "drivers/isdn/i4l/isdn_ppp.c ",
)
_SKMSG, _SOCKMAP, _INLINE = "net/core/skmsg.c ", "kernel/bpf/sockmap.c ", "include/linux/filter.h "
_TRIAL = "net/bpf/test_run.c "
_TEAM, _TUN = "drivers/net/team/team_mode_loadbalance.c ", "drivers/net/tun.c "

SITES = (
    Site("conversion", "classic programs become extended ones",
         (_FILTER + "sk_convert_filter", _FILTER + "bpf_convert_filter"), role=CONVERT),
    Site("socket", "packets a socket receives",
         ("include/net/sock.h sk_filter", "include/net/sock.h __sk_filter", _FILTER + "sk_filter",
          _FILTER + "sk_filter_trim_cap", _FILTER + "sk_filter_trim_cap_reason"),
         ("socket-cbpf", "socket-ebpf", "tun-cbpf")),
    Site("packet-socket", "packets a packet socket receives", ("net/packet/af_packet.c run_filter",),
         ("socket-cbpf", "socket-ebpf")),
    Site("fanout", "choice of a socket in a packet fanout group", ("net/packet/af_packet.c fanout_demux_bpf",),
         ("fanout-cbpf", "fanout-ebpf")),
    Site("reuseport", "choice of a socket in a reuseport group",
         ("net/core/sock_reuseport.c run_bpf", "net/core/sock_reuseport.c run_bpf_filter"),
         ("reuseport-cbpf", "reuseport-ebpf")),
    Site("sk-reuseport", "choice of a socket, by a program of its own type", (_FILTER + "bpf_run_sk_reuseport",),
         ("reuseport-ebpf", "sk-reuseport-select", "sk-reuseport-select-or-migrate")),
    Site("sk-lookup-v4", "choice of a listening socket, IPv4",
         (_INLINE + "bpf_sk_lookup_run_v4",), ("sk-lookup",)),
    Site("sk-lookup-v6", "choice of a listening socket, IPv6", (_INLINE + "bpf_sk_lookup_run_v6",), ("sk-lookup",)),
    Site("tun-filter", "packets a tap device sends", (_TUN + "run_ebpf_filter",), ("tun-ebpf",)),
    Site("tun-steering", "choice of a tap device's queue", (_TUN + "tun_ebpf_select_queue",), ("tun-steering",)),
    Site("tun-xdp", "packets written to a tap device", (_TUN + "tun_build_skb",), ("xdp", "xdp-link")),
    Site("tun-xdp-batch", "packets written to a tap device in batches", (_TUN + "tun_xdp_one",), ("xdp", "xdp-link")),
    Site("xdp-generic", "a device's receive path, for any driver",
         ("net/core/dev.c netif_receive_generic_xdp", "net/core/dev.c bpf_prog_run_generic_xdp"), ("xdp", "xdp-link")),
    Site("xdp-virtio", "a virtio device's receive path",
         ("drivers/net/virtio_net.c do_xdp_prog", "drivers/net/virtio_net.c receive_mergeable",
          "drivers/net/virtio_net.c receive_small", "drivers/net/virtio_net.c virtnet_xdp_handler"),
         ("xdp", "xdp-link")),
    Site("xdp-libeth", "the receive path of drivers built on libeth",
         ("include/net/libeth/xdp.h __libeth_xdp_run_prog",), ("xdp", "xdp-link")),
    Site("xdp-libeth-xsk", "the same, with AF_XDP buffers", ("include/net/libeth/xsk.h __libeth_xsk_run_prog",),
         ("xdp", "xdp-link")),
    Site("cpumap", "after redirection to a CPU", ("kernel/bpf/cpumap.c cpu_map_bpf_prog_run_xdp",), ("xdp-cpumap",)),
    Site("cpumap-skb", "after redirection to a CPU, from generic XDP",
         ("kernel/bpf/cpumap.c cpu_map_bpf_prog_run_skb",), ("xdp-cpumap",)),
    Site("devmap", "after redirection to a device",
         ("kernel/bpf/devmap.c dev_map_run_prog", "kernel/bpf/devmap.c dev_map_bpf_prog_run"), ("xdp-devmap",)),
    Site("devmap-skb", "after redirection to a device, from generic XDP",
         ("kernel/bpf/devmap.c dev_map_bpf_prog_run_skb",), ("xdp-devmap",)),
    Site("ppp-send", "packets a PPP link sends",
         (_OLD_PPP + "ppp_send_frame", _PPP + "ppp_send_frame", _PPP + "ppp_prepare_tx_skb"),
         ("ppp-pass", "ppp-active")),
    Site("ppp-receive", "packets a PPP link receives",
         (_OLD_PPP + "ppp_receive_nonmp_frame", _PPP + "ppp_receive_nonmp_frame"), ("ppp-pass", "ppp-active")),
    Site("isdn-autodial", "packets that make an ISDN link dial", (_ISDN + "isdn_ppp_autodial_filter",), ("isdn-ppp",)),
    Site("isdn-receive", "packets an ISDN link receives", (_ISDN + "isdn_ppp_push_higher",), ("isdn-ppp",)),
    Site("isdn-send", "packets an ISDN link sends", (_ISDN + "isdn_ppp_xmit",), ("isdn-ppp",)),
    Site("ptp", "recognition of PTP packets",
         ("net/core/timestamping.c classify", "net/core/ptp_classifier.c ptp_classify_raw"), ("ptp",)),
    Site("team", "choice of a team port", (_TEAM + "lb_transmit", _TEAM + "lb_get_skb_hash"), ("team-hash",)),
    Site("seccomp", "system calls", ("kernel/seccomp.c seccomp_run_filters",), ("seccomp",)),
    Site("io-uring", "requests of io_uring", ("io_uring/bpf_filter.c __io_uring_run_bpf_filters",),
         ("io-uring-filter",)),
    Site("xt-bpf", "iptables match", ("net/netfilter/xt_bpf.c bpf_mt",), ("xt-bpf-cbpf",)),
    Site("xt-bpf-v1", "iptables match, revision 1", ("net/netfilter/xt_bpf.c bpf_mt_v1",),
         ("xt-bpf-cbpf", "xt-bpf-ebpf")),
    Site("netfilter", "netfilter hook", ("net/netfilter/nf_bpf_link.c nf_hook_run_bpf",), ("netfilter",)),
    Site("cls", "traffic control classifier", ("net/sched/cls_bpf.c cls_bpf_classify",),
         ("cls-cbpf", "cls-ebpf", "clsact")),
    Site("act", "traffic control action", ("net/sched/act_bpf.c tcf_bpf", "net/sched/act_bpf.c tcf_bpf_act"),
         ("act-cbpf", "act-ebpf")),
    Site("tcx", "packets of a device, before its queues", ("net/core/dev.c tcx_run",), ("tcx-ingress", "tcx-egress")),
    Site("netkit", "packets of a netkit pair", ("drivers/net/netkit.c netkit_run",),
         ("netkit-primary", "netkit-peer")),
    Site("lwt", "lightweight tunnel", ("net/core/lwt_bpf.c run_lwt_bpf",), ("lwt-in", "lwt-out", "lwt-xmit")),
    Site("seg6local", "segment routing endpoint", ("net/ipv6/seg6_local.c input_action_end_bpf",), ("seg6local",)),
    Site("kcm", "where a message ends in a TCP stream",
         ("net/kcm/kcmsock.c kcm_tcp_recv", "net/kcm/kcmsock.c kcm_parse_func_strparser"), ("kcm",)),
    Site("sockmap-parser", "where a message ends, in a socket map",
         (_SOCKMAP + "smap_parse_func_strparser", _SKMSG + "sk_psock_bpf_run", _SKMSG + "sk_psock_strp_parse"),
         ("sk-skb-stream-parser",)),
    Site("sockmap-verdict", "where a message goes, in a socket map",
         (_SOCKMAP + "smap_verdict_func", _SKMSG + "sk_psock_bpf_run", _SKMSG + "sk_psock_strp_read",
          _SKMSG + "sk_psock_tls_strp_read", _SKMSG + "sk_psock_verdict_recv"), ("sk-skb-stream-verdict",)),
    Site("sockmap-skb-verdict", "where a packet goes, without a parser", (_SKMSG + "sk_psock_verdict_recv",),
         ("sk-skb-verdict",)),
    Site("sk-msg", "where a sent message goes", (_SOCKMAP + "smap_do_tx_msg", _SKMSG + "sk_psock_msg_verdict"),
         ("sk-msg-verdict",)),
    Site("flow-dissector", "dissection of a packet's flow",
         ("net/core/flow_dissector.c __skb_flow_dissect", "net/core/flow_dissector.c __skb_flow_bpf_dissect",
          "net/core/flow_dissector.c bpf_flow_dissect"), ("flow-dissector",)),
    Site("cgroup-skb", "packets of a cgroup's sockets",
         (_CGROUP + "__cgroup_bpf_run_filter", _CGROUP + "__cgroup_bpf_run_filter_skb"),
         ("cgroup-inet-ingress", "cgroup-inet-egress")),
    Site("cgroup-sock", "life of a cgroup's sockets", (_CGROUP + "__cgroup_bpf_run_filter_sk",),
         ("cgroup-inet-sock-create", "cgroup-inet-sock-release", "cgroup-inet4-post-bind",
          "cgroup-inet6-post-bind")),
    Site("cgroup-sock-addr", "addresses that a cgroup's sockets use", (_CGROUP + "__cgroup_bpf_run_filter_sock_addr",),
         ("cgroup-inet4-bind", "cgroup-inet6-bind", "cgroup-inet4-connect", "cgroup-inet6-connect",
          "cgroup-inet4-getpeername", "cgroup-inet6-getpeername", "cgroup-inet4-getsockname",
          "cgroup-inet6-getsockname", "cgroup-udp4-sendmsg", "cgroup-udp6-sendmsg", "cgroup-udp4-recvmsg",
          "cgroup-udp6-recvmsg", "cgroup-unix-connect", "cgroup-unix-sendmsg", "cgroup-unix-recvmsg",
          "cgroup-unix-getpeername", "cgroup-unix-getsockname")),
    Site("cgroup-sock-ops", "events of a TCP connection", (_CGROUP + "__cgroup_bpf_run_filter_sock_ops",),
         ("cgroup-sock-ops",)),
    Site("cgroup-device", "access to a device", (_CGROUP + "__cgroup_bpf_check_dev_permission",), ("cgroup-device",)),
    Site("cgroup-sysctl", "access to a sysctl", (_CGROUP + "__cgroup_bpf_run_filter_sysctl",), ("cgroup-sysctl",)),
    Site("cgroup-getsockopt", "getsockopt", (_CGROUP + "__cgroup_bpf_run_filter_getsockopt",), ("cgroup-getsockopt",)),
    Site("cgroup-getsockopt-kern", "getsockopt, answered inside the kernel",
         (_CGROUP + "__cgroup_bpf_run_filter_getsockopt_kern",), ("cgroup-getsockopt",)),
    Site("cgroup-setsockopt", "setsockopt", (_CGROUP + "__cgroup_bpf_run_filter_setsockopt",), ("cgroup-setsockopt",)),
    Site("cgroup-lsm-socket", "security hooks on sockets, of a cgroup", (_CGROUP + "__cgroup_bpf_run_lsm_socket",),
         ("lsm-cgroup",)),
    Site("cgroup-lsm-sock", "security hooks on network sockets, of a cgroup", (_CGROUP + "__cgroup_bpf_run_lsm_sock",),
         ("lsm-cgroup",)),
    Site("cgroup-lsm-current", "other security hooks, of a cgroup", (_CGROUP + "__cgroup_bpf_run_lsm_current",),
         ("lsm-cgroup",)),
    Site("trace-call", "programs of a tracing event", (_TRACE + "trace_call_bpf",),
         ("kprobe", "tracepoint", "perf-event-link")),
    Site("trace-call-faultable", "programs of a system call tracepoint that may sleep",
         (_TRACE + "trace_call_bpf_faultable",), ("tracepoint",)),
    Site("kprobe", "kprobe", ("kernel/trace/trace_kprobe.c kprobe_perf_func",), ("kprobe", "perf-event-link")),
    Site("kretprobe", "return of a probed function", ("kernel/trace/trace_kprobe.c kretprobe_perf_func",), ("kprobe", "perf-event-link")),
    Site("uprobe", "uprobe", ("kernel/trace/trace_uprobe.c __uprobe_perf_func",), ("kprobe", "perf-event-link")),
    Site("tracepoint", "tracepoint", ("kernel/events/core.c perf_trace_run_bpf_submit",), ("tracepoint", "perf-event-link")),
    Site("syscall-enter", "entry of a system call", ("kernel/trace/trace_syscalls.c perf_call_bpf_enter",),
         ("tracepoint", "perf-event-link")),
    Site("syscall-exit", "exit of a system call", ("kernel/trace/trace_syscalls.c perf_call_bpf_exit",),
         ("tracepoint", "perf-event-link")),
    Site("raw-tracepoint", "raw tracepoint", (_TRACE + "__bpf_trace_run",),
         ("raw-tracepoint", "raw-tracepoint-writable", "trace-raw-tp")),
    Site("kprobe-multi", "many kprobes", (_TRACE + "kprobe_multi_link_prog_run",),
         ("trace-kprobe-multi", "trace-kprobe-session")),
    Site("uprobe-multi", "many uprobes", (_TRACE + "uprobe_prog_run",),
         ("trace-uprobe-multi", "trace-uprobe-session")),
    Site("perf-event", "sample of a perf event", ("kernel/events/core.c bpf_overflow_handler",),
         ("perf-event", "perf-event-link")),
    Site("iterator", "iterator over kernel objects", ("kernel/bpf/bpf_iter.c bpf_iter_run_prog",), ("trace-iter",)),
    Site("lirc", "pulses of an infrared receiver", ("drivers/media/rc/bpf-lirc.c lirc_bpf_run",), ("lirc-mode2",)),
    Site("syscall-program", "run by user space, attached to nothing",
         ("net/bpf/test_run.c bpf_prog_test_run_syscall",), ("syscall",)),
    Site("syscall-program-kernel", "run by another program's or the kernel's own bpf(2)",
         ("kernel/bpf/syscall.c bpf_sys_bpf", "kernel/bpf/syscall.c kern_sys_bpf"), ("syscall",)),
    # What runs programs for other places, or for trial.
    Site("clear-cb", "with the packet's control block cleared", (_INLINE + "bpf_prog_run_clear_cb",), role=WRAP),
    Site("save-cb", "with the packet's control block kept",
         (_INLINE + "bpf_prog_run_save_cb", _INLINE + "__bpf_prog_run_save_cb"), role=WRAP),
    Site("xdp-wrapper", "for XDP", (_INLINE + "bpf_prog_run_xdp", "include/net/xdp.h bpf_prog_run_xdp"), role=WRAP),
    Site("plain", "as it is", (_INLINE + "bpf_prog_run",), role=WRAP),
    Site("pin-on-cpu", "without changing the CPU", (_INLINE + "bpf_prog_run_pin_on_cpu",), role=WRAP),
    Site("data-pointers", "with the packet's data pointers set", (_INLINE + "bpf_prog_run_data_pointers",), role=WRAP),
    Site("dispatcher", "by a direct call that is patched in",
         ("include/linux/bpf.h bpf_dispatcher_nopfunc", "include/linux/bpf.h bpf_dispatcher_nop_func"), role=WRAP),
    Site("trial", "a trial by bpf(2)", (_TRIAL + "bpf_test_run_one", _TRIAL + "bpf_test_run"), role=TRY),
    Site("trial-raw-tracepoint", "a trial of a raw tracepoint's program", (_TRIAL + "__bpf_prog_test_run_raw_tp",),
         role=TRY),
    Site("trial-xdp", "a trial with live packets", (_TRIAL + "xdp_test_run_batch",), role=TRY),
    Site("trial-sk-lookup", "a trial of socket lookup", (_TRIAL + "bpf_prog_test_run_sk_lookup",), role=TRY),
)  # fmt: skip

# A place may serve two sites: one function ran both programs of a socket map.
SITES_AT: dict[str, tuple[Site, ...]] = {}
for _site in SITES:
    for _place in _site.places:
        SITES_AT[_place] = (*SITES_AT.get(_place, ()), _site)
