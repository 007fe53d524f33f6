#ifndef KSCAN_SYS_IOCTL_H
#define KSCAN_SYS_IOCTL_H
#include <asm/ioctl.h>
#include <asm/ioctls.h>
#endif
