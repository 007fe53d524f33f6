/* Every operation in 32 and 64 bits, by a constant and by a register. */
typedef unsigned int u32;
typedef unsigned long u64;

#define BOTH(name, op)                                                                       \
	u64 name##_wide(u64 a, u64 b) { return (a op b) + ((b op 77) ^ (a op 1234567)); }    \
	u32 name##_narrow(u32 a, u32 b) { return (a op b) + ((b op 77) ^ (a op 1234567)); }
#define SHIFT(name, kind, op)                                                                \
	kind name(kind a, kind b) { return (a op(b & 15)) - ((b op 3) | (a op 13)); }

BOTH(add, +)
BOTH(sub, -)
BOTH(mul, *)
BOTH(div, /)
BOTH(mod, %)
BOTH(or, |)
BOTH(and, &)
BOTH(xor, ^)
SHIFT(left_wide, u64, <<)
SHIFT(right_wide, u64, >>)
SHIFT(signed_right_wide, long, >>)
SHIFT(left_narrow, u32, <<)
SHIFT(right_narrow, u32, >>)
SHIFT(signed_right_narrow, int, >>)

u64 negated(u64 a, u32 b) { return -a + (u32)-b; }
u64 inverted(u64 a, u32 b) { return ~a * (u32)~b; }
u64 large(u64 a) { return (a ^ 0x123456789abcdef0) + (a & 0xffffffff00000000) - 0x80000000; }
