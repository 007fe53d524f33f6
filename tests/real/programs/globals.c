/* Data of sections: addresses and large constants are 64-bit loads. */
int initialised = 5;
static volatile unsigned long counter;
const volatile unsigned short limit = 0x1234;
static const unsigned int table[] = { 3, 1, 4, 1, 5, 9, 2, 6 };
extern int outside;

int counted(unsigned int at)
{
	counter += table[at & 7];
	initialised = limit - initialised;
	return outside + counter;
}

unsigned long constants(unsigned int which)
{
	static volatile unsigned long kept;
	kept = 0x8000000000000000;
	kept = 0x7fffffff80000000;
	kept = 0xffffffff;
	kept = 0x80000000;
	kept = -0x80000000l;
	kept = -0x80000001l;
	return kept + which;
}

const char *text(void) { return "a text of our own"; }
