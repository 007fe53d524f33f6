/* Byte order: of values, and of what is in memory. */
unsigned short half(unsigned short a) { return __builtin_bswap16(a); }
unsigned int word(unsigned int a) { return __builtin_bswap32(a); }
unsigned long wide(unsigned long a) { return __builtin_bswap64(a); }

unsigned long read(const unsigned char *packet)
{
	unsigned short kind = __builtin_bswap16(*(unsigned short *)(packet + 12));
	unsigned int address = __builtin_bswap32(*(unsigned int *)(packet + 26));
	return kind == 0x800 ? address : __builtin_bswap64(*(unsigned long *)packet);
}
