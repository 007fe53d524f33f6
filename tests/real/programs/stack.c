/* What lies on the stack, at the frame's register and negative offsets. */
void fill(void *at, unsigned long size);

unsigned long buffer(unsigned long seed)
{
	volatile unsigned char small[32];
	volatile unsigned long row[8] = { seed, 2, 3 };
	small[seed & 31] = 7;
	row[seed & 7] += small[5];
	return row[6] + small[31];
}

#define KEPT(n) ((unsigned long (*)(unsigned long))n)
unsigned long spilled(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	unsigned long f = KEPT(5)(a), g = KEPT(5)(b), h = KEPT(5)(c), i = KEPT(5)(d), j = KEPT(5)(e);
	return (f ^ a) + (g ^ b) * (h ^ c) - (i ^ d) / (j ^ e);
}

unsigned long addressed(void)
{
	unsigned long text[2] = { 0x6c6c65682c796568, 0x21 };
	((void (*)(void *, unsigned long))6)(text, sizeof(text));
	return text[0];
}
