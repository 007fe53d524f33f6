#ifndef KSCAN_SYS_TYPES_H
#define KSCAN_SYS_TYPES_H
#include <stddef.h>
#include <stdint.h>
typedef unsigned char u_char;
typedef unsigned short u_short;
typedef unsigned int u_int;
typedef unsigned long u_long;
typedef uint8_t u_int8_t;
typedef uint16_t u_int16_t;
typedef uint32_t u_int32_t;
typedef uint64_t u_int64_t;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef unsigned long ulong;
typedef char *caddr_t;
typedef int pid_t;
typedef unsigned int uid_t;
typedef unsigned int gid_t;
typedef unsigned int mode_t;
typedef unsigned int id_t;
typedef int key_t;
typedef int daddr_t;
typedef long time_t;
typedef long suseconds_t;
typedef int clockid_t;
typedef long clock_t;
typedef void *timer_t;
typedef long ssize_t;
typedef long off_t;
typedef int64_t loff_t;
typedef int64_t quad_t;
typedef uint64_t u_quad_t;
typedef unsigned long ino_t;
#ifdef __LP64__
typedef unsigned long dev_t;
typedef unsigned long nlink_t;
#else
typedef unsigned long long dev_t;
typedef unsigned int nlink_t;
#endif
#endif
