#ifndef KSCAN_NET_IF_H
#define KSCAN_NET_IF_H
#include <sys/socket.h>
#define IF_NAMESIZE 16
#define IFNAMSIZ IF_NAMESIZE
#endif
