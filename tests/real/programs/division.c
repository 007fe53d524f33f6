/* Division and remainder; signed ones where the machine has them. */
#define DIVIDED(kind, name)                                                                  \
	kind name(kind a, kind b, kind c) { return a / b + b % c + a / 10 - c % 1000003; }

DIVIDED(unsigned int, narrow)
DIVIDED(unsigned long, wide)
#if defined(__BPF_FEATURE_SDIV_SMOD)
DIVIDED(int, signed_narrow)
DIVIDED(long, signed_wide)
long by_register(long a, int b) { return a / (b | 1) - b % 7 + a % -9; }
#endif
