/* Loops that stay loops, forwards and backwards, within each other. */
unsigned long summed(const unsigned int *from, unsigned long count)
{
	unsigned long sum = 0;
#pragma clang loop unroll(disable)
	for (unsigned long i = 0; i < count; i++)
		sum += from[i] * i;
	return sum;
}

int searched(const char *text, char wanted, int limit)
{
#pragma clang loop unroll(disable)
	for (int i = limit - 1; i >= 0; i--)
		if (text[i] == wanted)
			return i;
	return -1;
}

unsigned int greatest_divisor(unsigned int a, unsigned int b)
{
	while (b) {
		unsigned int rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

void sorted(short *row, int count)
{
#pragma clang loop unroll(disable)
	for (int i = 1; i < count; i++)
#pragma clang loop unroll(disable)
		for (int j = i; j > 0 && row[j - 1] > row[j]; j--) {
			short kept = row[j];
			row[j] = row[j - 1];
			row[j - 1] = kept;
		}
}
