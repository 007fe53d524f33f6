/* Every comparison, of registers and with constants, in 32 and 64 bits. */
void yes(void);
void no(void);

#define COMPARED(kind, name)                                                                 \
	void name(kind a, kind b, kind c)                                                    \
	{                                                                                    \
		if (a == b) yes();                                                           \
		if (a != c) no();                                                            \
		if (a < b) yes();                                                            \
		if (b <= c) no();                                                            \
		if (a > c) yes();                                                            \
		if (b >= a) no();                                                            \
		if (a == 7) yes();                                                           \
		if (b != 90) no();                                                           \
		if (c < 1000) yes();                                                         \
		if (a <= 123456) no();                                                       \
		if (b > 17) yes();                                                           \
		if (c >= 33) no();                                                           \
		if (a & b) yes();                                                            \
		if (b & 0x40) no();                                                          \
	}

COMPARED(int, narrow)
COMPARED(unsigned int, narrow_unsigned)
COMPARED(long, wide)
COMPARED(unsigned long, wide_unsigned)
