/* Branches on many values. */
int dense(int which, int a)
{
	switch (which) {
	case 0: return a + 3;
	case 1: return a * a;
	case 2: return a ^ 0x55;
	case 3: return a << 4;
	case 4: return -a;
	case 5: return a | 1;
	default: return which;
	}
}

unsigned long sparse(unsigned long which)
{
	switch (which) {
	case 7: return 1;
	case 1000: return 20;
	case 70000: return 300;
	case 0x100000000: return 4000;
	case 0xffffffffffffffff: return 50000;
	}
	return which & 3 ? 8 : 9;
}

int bits(unsigned long flags, unsigned int more)
{
	int found = 0;
	if (flags & 0x10)
		found += more & 0x8000 ? 3 : 100;
	if (flags & more)
		found ^= 0x70;
	if (!(more & 4))
		found *= flags > 99;
	return found;
}
