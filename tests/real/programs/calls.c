/* Calls between functions, within a section and between two, and of what a register holds. */
static __attribute__((noinline)) int inner(int a, int b) { return a * b + 3; }
static __attribute__((noinline)) long outer(long a) { return inner(a, 5) + inner(7, a); }

int elsewhere(int a);

__attribute__((section("our/entry"))) int entry(int *context)
{
	return outer(*context) + inner(1, 2);
}

__attribute__((section("our/entry"))) int recursive(int a) { return a < 2 ? a : recursive(a - 1) + recursive(a - 2); }

__attribute__((section("our/other"))) int other(int *context)
{
	return elsewhere(entry(context)) - inner(*context, 9);
}

int chosen(int (*function)(int, int), int a) { return function(a, a + 1) + 1; }
