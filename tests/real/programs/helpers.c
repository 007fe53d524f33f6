/* Helpers: calls of small constant addresses. */
static void *(*lookup)(void *map, const void *key) = (void *)1;
static long (*update)(void *map, const void *key, const void *value, unsigned long flags) = (void *)2;
static unsigned long (*now)(void) = (void *)5;
static long (*print)(const char *text, unsigned int size, ...) = (void *)6;
static unsigned int (*random)(void) = (void *)7;
static long (*last)(void *) = (void *)211;

struct { int type, size; } map __attribute__((section("maps")));

__attribute__((section("socket"))) int counted(void *context)
{
	char said[] = "%d seen";
	unsigned int key = random() % 16;
	unsigned long first = now(), *value = lookup(&map, &key);
	if (!value) {
		update(&map, &key, &first, 1);
		return 0;
	}
	*value += now() - first;
	print(said, sizeof(said), key);
	return last(context) < 0 ? -1 : 65535;
}
