/* Loads and stores of every size, offsets of both signs, constants and registers. */
struct mixed {
	unsigned char byte;
	unsigned short half;
	unsigned int word;
	unsigned long wide;
};

unsigned long loaded(const struct mixed *from)
{
	return from->byte + from->half * 3 + (from->word ^ 7) + from[-2].wide + from[-1].byte + from[9].half;
}

void stored(struct mixed *to, unsigned long value)
{
	to->byte = value;
	to->half = value >> 8;
	to->word = value >> 16;
	to->wide = value;
	to[-3].wide = value + 1;
}

void constants(volatile struct mixed *to)
{
	to->byte = 1;
	to->half = 0x1234;
	to->word = 0x7654321;
	to->wide = 5;
	to[1].wide = -1;
	to[1].word = 0xfffffffe;
}

void copied(struct mixed *to, const struct mixed *from)
{
	*to = *from;
	__builtin_memcpy(to + 4, from + 2, 13);
	__builtin_memset(to + 7, 0, sizeof(*to));
}

unsigned long far(const char *from) { return from[32767] + from[-32768] + from[32768]; }
