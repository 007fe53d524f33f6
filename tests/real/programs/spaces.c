/* Pointers of another address space. */
#define arena __attribute__((address_space(1)))

int read(int arena *at) { return *(int *)at; }
int arena *shared(int *at) { return (int arena *)at; }

long walked(long arena *row, int count)
{
	long sum = 0;
	for (int i = 0; i < count; i++)
		sum += row[i] * 3;
	return sum;
}
