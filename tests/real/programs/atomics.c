/* Atomics of every kind that a version has. */
typedef unsigned int u32;
typedef unsigned long u64;

void added(u32 *a, u64 *b, u32 value)
{
	__sync_fetch_and_add(a, value);
	__sync_fetch_and_add(b + 3, value);
	__sync_fetch_and_add(a - 5, 9);
}

#if __BPF_CPU_VERSION__ >= 3
#define ALL(kind, name)                                                                      \
	kind name(kind *at, kind value)                                                      \
	{                                                                                    \
		kind sum = __sync_fetch_and_add(at, value);                                  \
		sum += __sync_fetch_and_sub(at + 1, value);                                  \
		sum += __sync_fetch_and_or(at + 2, value);                                   \
		sum += __sync_fetch_and_and(at - 3, value);                                  \
		sum += __sync_fetch_and_xor(at + 4, value);                                  \
		sum += __sync_lock_test_and_set(at - 5, value);                              \
		sum += __sync_val_compare_and_swap(at + 6, value, sum);                      \
		return sum;                                                                  \
	}                                                                                    \
	void name##_unused(kind *at, kind value)                                             \
	{                                                                                    \
		__sync_fetch_and_or(at, value);                                              \
		__sync_fetch_and_and(at, value);                                             \
		__sync_fetch_and_xor(at, value);                                             \
	}
ALL(u32, narrow)
ALL(u64, wide)
_Bool replaced(u64 *at, u64 old, u64 with) { return __sync_bool_compare_and_swap(at, old, with); }
#endif
